"""Losses: cross-entropy on logits, smoothed or not, and those of Keras by their names."""

import inspect
from typing import Any

import keras

from fashion_keras.config.components import Component, option_values
from fashion_keras.config.keras_classes import is_keras_name

__all__ = ["build_loss"]

# Keras's losses tell by their names which labels they take, but for this one.
_OF_CLASS_IDS = ("Sparse", "CategoricalGeneralizedCrossEntropy")
# Without `from_logits`, and meaningless for anything but probabilities.
_OF_PROBABILITIES = ("CategoricalGeneralizedCrossEntropy", "Dice", "KLDivergence", "Poisson", "Tversky")


def build_loss(component: Component, may_regularise: bool = False) -> tuple[keras.losses.Loss, list[Any]]:
    """Return the loss that a configuration names, from class ids and logits, and the metrics that are logged beside it.

    Args:
        component: A component of the catalogue `loss`, or a class of Keras.
        may_regularise: The network may add terms to the loss; the plain cross-entropy is then logged beside it.
    """
    accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    if is_keras_name(component.name):
        return _KerasLoss(component), [accuracy, _plain_metric()]
    smoothing = option_values("loss", component)["label_smoothing"]
    if smoothing:
        return _SmoothedCrossEntropy(smoothing), [accuracy, _plain_metric()]
    metrics = [accuracy, _plain_metric()] if may_regularise else [accuracy]
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics


def _plain_metric() -> keras.metrics.Metric:
    return keras.metrics.SparseCategoricalCrossentropy(from_logits=True, name="cross_entropy")


class _SmoothedCrossEntropy(keras.losses.Loss):
    """Cross-entropy on logits against labels of which `smoothing` is spread over all classes (Szegedy et al. 2016)."""

    def __init__(self, smoothing: float):
        super().__init__(name="smoothed_cross_entropy")
        self.smoothing = smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        targets = keras.ops.one_hot(y_true, y_pred.shape[-1])
        return keras.losses.categorical_crossentropy(targets, y_pred, from_logits=True, label_smoothing=self.smoothing)


class _KerasLoss(keras.losses.Loss):
    """A loss of Keras, given the labels as it takes them, ids or one-hot, and logits or probabilities likewise."""

    def __init__(self, component: Component):
        super().__init__(name=component.name)
        loss = getattr(keras.losses, component.name)
        options = component.plain_options(list)
        if "from_logits" in inspect.signature(loss).parameters:
            options["from_logits"] = True
        self.loss = loss(**options)
        self.takes_ids = component.name.startswith(_OF_CLASS_IDS)
        self.takes_probabilities = component.name in _OF_PROBABILITIES

    def call(self, y_true: Any, y_pred: Any) -> Any:
        classes = keras.ops.cast(y_true, "int32")
        targets = classes if self.takes_ids else keras.ops.one_hot(classes, y_pred.shape[-1], dtype=y_pred.dtype)
        scores = keras.ops.softmax(y_pred) if self.takes_probabilities else y_pred
        return self.loss.call(targets, scores)
