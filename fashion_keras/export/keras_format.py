"""`.keras` files that Keras alone reads, `safe_mode` and all."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fashion_keras._tensorflow import import_tensorflow
from fashion_keras.export.parity import Answer, Ask, without_single_channel
from fashion_keras.export.saved_model import pixels_shape

if TYPE_CHECKING:
    import keras


def write_keras(model: "keras.Model", image_shape: Sequence[int]) -> bytes:
    """Return a `.keras` file whose model takes pixels, uint8 [N, H, W] or [N, H, W, C], to probabilities [N, K]."""
    import_tensorflow()
    import keras

    images = keras.Input(pixels_shape(image_shape)[1:], dtype="uint8", name="images")
    pixels = keras.layers.Reshape(tuple(image_shape), name="pixels")(images)
    # As `pipelines.normalise`, in layers that Keras alone knows.
    normalised = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="normalise")(pixels)
    logits = _plain_copy(model)(normalised)
    whole = keras.Model(images, keras.layers.Softmax(name="probabilities")(logits), name=model.name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.keras")
        whole.save(path)
        return path.read_bytes()


def ask_keras_file(content: bytes) -> Ask:
    """Return the model of a `.keras` file as one that answers pixels."""
    import_tensorflow()
    import keras

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.keras")
        path.write_bytes(content)
        model = keras.saving.load_model(path, compile=False, safe_mode=True)

    def answer(images: NDArray[np.uint8]) -> Answer:
        probabilities = model.predict_on_batch(without_single_channel(images))
        return probabilities, probabilities.argmax(axis=-1)

    return answer


def _plain_copy(model: "keras.Model") -> "keras.Model":
    """Copy a model with Keras's own initialisers: ours would have to be imported before the file is read."""
    import keras

    def copy(layer: keras.Layer) -> keras.Layer:
        settings = layer.get_config()
        plain = {"kernel_initializer": "glorot_uniform", "bias_initializer": "zeros"}
        return type(layer).from_config(settings | {name: plain[name] for name in plain if name in settings})

    twin = keras.models.clone_model(model, clone_function=copy)
    twin.set_weights(model.get_weights())
    return twin
