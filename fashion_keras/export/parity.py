"""Parity of a written model with the model in float32: both predict the same images, batch by batch."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from fashion_keras._tensorflow import import_tensorflow
from fashion_keras.export.signature import without_single_channel
from fashion_keras.inference.record import ParityReport

if TYPE_CHECKING:
    import keras

__all__ = ["Outputs", "Predictor", "keras_predictor", "measure_parity", "saved_model_predictor"]

_BATCH_SIZE = 250

Outputs = tuple[NDArray[Any], NDArray[np.int64]]
"""Probabilities [N, K] and class ids [N]."""

Predictor = Callable[[NDArray[np.uint8]], Outputs]
"""Predicts images, uint8 [N, H, W, C]."""


def measure_parity(
    expected: Predictor, written: Predictor, images: NDArray[np.uint8], run_class_id: NDArray[np.uint8] | None = None
) -> ParityReport:
    """Compare two models on images, uint8 [M, H, W, C], a batch at a time so that memory stays small.

    Args:
        expected: The model in float32.
        written: What was read back.
        images: M at least 1.
        run_class_id: What the run itself said of the images, [M].
    """
    differences, class_ids, expected_ids = [], [], []
    for start in range(0, len(images), _BATCH_SIZE):
        batch = images[start : start + _BATCH_SIZE]
        probabilities, class_id = written(batch)
        expected_probabilities, expected_id = expected(batch)
        differences.append(np.abs(probabilities - expected_probabilities).max())
        class_ids.append(class_id)
        expected_ids.append(expected_id)
    found = np.concatenate(class_ids)
    return ParityReport(
        num_images=len(images),
        num_class_differences=int(np.sum(found != np.concatenate(expected_ids))),
        max_probability_difference=float(np.max(differences)),
        num_differences_to_run=None if run_class_id is None else int(np.sum(found != run_class_id)),
    )


def keras_predictor(model: "keras.Model", image_shape: tuple[int, ...]) -> Predictor:
    """Return a Keras model from images [N, H, W, C] in [-1, 1] to logits as one that predicts from pixels."""
    tf = import_tensorflow()
    from fashion_keras.data.pipelines import normalise

    # A graph, as in training and in the export: of batch norm, it takes half the time.
    # Traced once: a worker that exports many models would otherwise be warned of as many tracings.
    pixels = tf.TensorSpec((None, *image_shape), tf.uint8)
    traced = tf.function(lambda pixels: model(normalise(pixels), training=False), autograph=False)
    logits = traced.get_concrete_function(pixels)

    def predict(images: NDArray[np.uint8]) -> Outputs:
        probabilities = softmax(logits(tf.constant(images)).numpy().astype(np.float64), axis=-1)
        return probabilities, probabilities.argmax(axis=-1)

    return predict


def saved_model_predictor(folder: Path) -> Predictor:
    """Return a SavedModel of this package's making, read from its folder, as one that predicts from pixels."""
    tf = import_tensorflow()
    loaded = tf.saved_model.load(str(folder))

    def predict(images: NDArray[np.uint8]) -> Outputs:
        # Through the loaded object: its functions do not keep their variables alive.
        outputs = loaded.signatures["serving_default"](tf.constant(without_single_channel(images)))
        return outputs["probabilities"].numpy(), outputs["class_id"].numpy()

    return predict
