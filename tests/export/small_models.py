"""Untrained models of every kind, small, for tests of what is written out of them."""

import keras
import numpy as np
from numpy.typing import NDArray

from fashion_keras.data import pipelines
from fashion_keras.models.networks import build_cnn, build_fcn

TOLERANCE = 1e-5  # what a probability may differ by between two runtimes
CLASS_NAMES = ("T-shirt/top", "Hose", "Füße")

MODELS = {
    "fcn": lambda: build_fcn(num_classes=3, hidden_units=(8,)),
    "fcn with dropout and batch norm": lambda: build_fcn(
        num_classes=3, hidden_units=(8, 8), dropout_rate=0.5, batch_norm=True
    ),
    "cnn with dropout and batch norm": lambda: build_cnn(
        num_classes=3, filters=(2, 3), dense_units=(8,), dropout_rate=0.5, batch_norm=True
    ),
    "cnn in colour": lambda: build_cnn((12, 10, 3), 3, filters=(2, 3), dense_units=(8,)),
}


def randomised(model: keras.Model) -> keras.Model:
    """Give batch norm statistics that training could have left, and centre the logits so that every class occurs."""
    random = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            # Scale, shift, mean and variance, near those of the layer before: no unit is dead, and answers differ.
            limits = ((0.5, 2), (-0.5, 0.5), (-0.2, 0.2), (0.1, 0.5))
            layer.set_weights([random.uniform(*each, layer.gamma.shape) for each in limits])
    logits = model(pipelines.normalise(random_images(100, model.input_shape[1:])), training=False)
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel, bias - np.median(logits, axis=0)])
    return model


def random_images(count: int, image_shape: tuple[int, ...] = (28, 28, 1)) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (count, *image_shape), np.uint8)


def clear_images(model: keras.Model, count: int) -> NDArray[np.uint8]:
    """Random images whose class rounding cannot change: any two answers within the tolerance agree on it."""
    images = random_images(count + 50, model.input_shape[1:])
    probabilities = keras.ops.softmax(model(pipelines.normalise(images), training=False))
    second, first = np.sort(probabilities, axis=1)[:, -2:].T
    clear = images[first - second > 2 * TOLERANCE]
    assert len(clear) >= count
    return clear[:count]
