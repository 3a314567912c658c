"""Losses: cross-entropy on logits, smoothed or not, those of Keras by their names, and custom ones."""

import inspect
from typing import Any

import keras
import tensorflow as tf

from fashion_keras.config.components import Component, load_custom, option_values
from fashion_keras.config.custom_code import is_custom_name
from fashion_keras.config.keras_classes import is_keras_name
from fashion_keras.errors import ConfigError

__all__ = ["build_loss"]

# Keras's losses tell by their names which labels they take, but for this one.
_OF_CLASS_IDS = ("Sparse", "CategoricalGeneralizedCrossEntropy")
# Without `from_logits`, and meaningless for anything but probabilities.
_OF_PROBABILITIES = ("CategoricalGeneralizedCrossEntropy", "Dice", "KLDivergence", "Poisson", "Tversky")


def build_loss(
    component: Component, *, may_differ: bool = False, mixes_labels: bool = False
) -> tuple[keras.losses.Loss, list[Any]]:
    """Return the loss that a configuration names, from class ids and logits, and the metrics that are logged beside it.

    Args:
        component: A component of the catalogue `loss`, a class of Keras, or a custom function.
        may_differ: What is trained on may be another loss: the network adds terms, or examples are weighted. The plain
            cross-entropy is then logged beside it, as for other losses.
        mixes_labels: Training batches have shares of the classes instead of ids, see `build_augmentation`; right is
            who names the class of the largest.

    Raises:
        ConfigError: The loss takes ids alone.
    """
    if mixes_labels:
        accuracy: Any = keras.metrics.MeanMetricWrapper(_accuracy_of_shares, name="accuracy")
        plain: Any = keras.metrics.MeanMetricWrapper(_cross_entropy, name="cross_entropy")
    else:
        accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
        plain = keras.metrics.SparseCategoricalCrossentropy(from_logits=True, name="cross_entropy")
    loss = _build(component, mixes_labels)
    is_plain = isinstance(loss, keras.losses.SparseCategoricalCrossentropy) and not may_differ
    return loss, [accuracy] if is_plain else [accuracy, plain]


def _build(component: Component, mixes_labels: bool) -> keras.losses.Loss:
    if is_custom_name(component.name) or is_keras_name(component.name):
        loss = _CustomLoss(component) if is_custom_name(component.name) else _KerasLoss(component)
        if mixes_labels and loss.takes_ids:
            raise ConfigError(f"mixup mixes labels, and {component.name} takes ids alone; take CategoricalCrossentropy")
        return loss
    smoothing = option_values("loss", component)["label_smoothing"]
    if smoothing or mixes_labels:
        return _SmoothedCrossEntropy(smoothing)
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def _shares(y_true: Any, y_pred: Any) -> Any:
    """Labels as shares of the classes [N, classes], in the logits' dtype: of ids, which evaluations have, one is 1."""
    if len(y_true.shape) == len(y_pred.shape):
        return keras.ops.cast(y_true, y_pred.dtype)
    return keras.ops.one_hot(keras.ops.cast(y_true, "int32"), y_pred.shape[-1], dtype=y_pred.dtype)


def _accuracy_of_shares(y_true: Any, y_pred: Any) -> Any:
    return keras.metrics.categorical_accuracy(_shares(y_true, y_pred), y_pred)


def _cross_entropy(y_true: Any, y_pred: Any) -> Any:
    return keras.losses.categorical_crossentropy(_shares(y_true, y_pred), y_pred, from_logits=True)


class _SmoothedCrossEntropy(keras.losses.Loss):
    """Cross-entropy on logits against labels of which `smoothing` is spread over all classes (Szegedy et al. 2016)."""

    def __init__(self, smoothing: float):
        super().__init__(name="smoothed_cross_entropy")
        self.smoothing = smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        targets = _shares(y_true, y_pred)
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
        targets = keras.ops.cast(y_true, "int32") if self.takes_ids else _shares(y_true, y_pred)
        scores = keras.ops.softmax(y_pred) if self.takes_probabilities else y_pred
        return self.loss.call(targets, scores)


class _CustomLoss(keras.losses.Loss):
    """A user's function of class ids, int32 [batch], and logits [batch, classes]: a loss for each example."""

    takes_ids = True

    def __init__(self, component: Component):
        super().__init__(name="custom_loss")
        self.title = component.name
        self.function = load_custom("loss", component)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        self._check_shape(y_pred)
        return self.function(keras.ops.cast(y_true, "int32"), y_pred)

    def _check_shape(self, logits: Any) -> None:
        """Trace the function once more, of a known number of examples: Keras takes the mean of whatever it returns."""
        specs = tf.TensorSpec([7], tf.int32), tf.TensorSpec([7, logits.shape[-1]], logits.dtype)
        made = tf.function(self.function, autograph=False).get_concrete_function(*specs).structured_outputs
        shape = getattr(made, "shape", None)
        if shape is None or not shape.is_compatible_with([7]):
            got = type(made).__name__ if shape is None else f"the shape {tuple(shape)}"
            raise ConfigError(f"{self.title} must return a loss for each example: of 7 examples 7 numbers, got {got}")
