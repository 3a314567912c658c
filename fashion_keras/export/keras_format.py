"""`.keras` files that Keras alone reads, `safe_mode` and all."""

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fashion_keras._tensorflow import import_tensorflow
from fashion_keras.export.network import build_network, describe_network, plain_model
from fashion_keras.export.parity import Outputs, Predictor
from fashion_keras.export.signature import pixels_shape, without_single_channel
from fashion_keras.export.trained import Trained

__all__ = ["keras_file_predictor", "write_keras"]


def write_keras(trained: Trained) -> bytes:
    """Return a `.keras` file whose model takes pixels, uint8 [N, H, W] or [N, H, W, C], to probabilities [N, K].

    Raises:
        ExportError: A layer is none of Keras's own: the file would need its code.
    """
    import_tensorflow()
    import keras

    plain = plain_model(trained.build())
    twin = build_network(describe_network(plain))
    twin.set_weights(plain.get_weights())
    images = keras.Input(pixels_shape(trained.image_shape)[1:], dtype="uint8", name="images")
    pixels = keras.layers.Reshape(trained.image_shape, name="pixels")(images)
    # As `pipelines.normalise`, in layers that Keras alone knows.
    normalised = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="normalise")(pixels)
    whole = keras.Model(images, keras.layers.Softmax(name="probabilities")(twin(normalised)), name=plain.name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.keras")
        whole.save(path)
        return path.read_bytes()


def keras_file_predictor(content: bytes) -> Predictor:
    """Return the model of a `.keras` file as one that predicts from pixels."""
    import_tensorflow()
    import keras

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.keras")
        path.write_bytes(content)
        model = keras.saving.load_model(path, compile=False, safe_mode=True)

    def predict(images: NDArray[np.uint8]) -> Outputs:
        probabilities = model.predict_on_batch(without_single_channel(images))
        return probabilities, probabilities.argmax(axis=-1)

    return predict
