"""LiteRT files (TensorFlow Lite), written by TensorFlow's own converter."""

import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fashion_keras._tensorflow import _hidden_stderr, import_tensorflow
from fashion_keras.export.parity import Answer, Ask, without_single_channel
from fashion_keras.export.saved_model import numeric_answers, pixels_shape

if TYPE_CHECKING:
    import keras


def write_litert(model: "keras.Model", image_shape: Sequence[int]) -> bytes:
    """Return a LiteRT model whose signature `serving_default` takes `images`, uint8 [N, H, W] or [N, H, W, C].

    It gives `probabilities`, float32 [N, K], and `class_id`, int64 [N]; its operators are LiteRT's own.
    """
    tf = import_tensorflow()
    import keras

    archive = keras.export.ExportArchive()
    spec = tf.TensorSpec(pixels_shape(image_shape), tf.uint8, "images")
    archive.add_endpoint("serve", lambda images: numeric_answers(model, images), [spec])
    with tempfile.TemporaryDirectory() as folder, _hidden_stderr():
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["serving_default"])
        return converter.convert()


def ask_litert(content: bytes) -> Ask:
    """Return a LiteRT model, run by ai-edge-litert, as one that answers pixels."""
    from ai_edge_litert.interpreter import Interpreter

    with _hidden_stderr():
        interpreter = Interpreter(model_content=content, num_threads=1)
        interpreter.allocate_tensors()  # says which delegate it made
    runner = interpreter.get_signature_runner("serving_default")

    def answer(images: NDArray[np.uint8]) -> Answer:
        outputs = runner(images=np.ascontiguousarray(without_single_channel(images)))
        return outputs["probabilities"], outputs["class_id"]

    return answer
