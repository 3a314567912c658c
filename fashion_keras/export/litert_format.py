"""LiteRT files (TensorFlow Lite), written by TensorFlow's own converter."""

import contextlib
import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fashion_keras._tensorflow import import_tensorflow
from fashion_keras.errors import UserError
from fashion_keras.export.conversion import unsupported
from fashion_keras.export.parity import Outputs, Predictor
from fashion_keras.export.signature import Serve, input_spec, make_serve, without_single_channel
from fashion_keras.export.trained import Trained

__all__ = ["litert_predictor", "write_litert"]


def write_litert(trained: Trained) -> bytes:
    """Return a LiteRT model whose signature `serving_default` takes `images`, uint8 [N, H, W] or [N, H, W, C].

    It gives `probabilities`, float32 [N, K], and `class_id`, int64 [N]; its operators are LiteRT's own.

    Raises:
        ExportError: A layer has an operation that LiteRT has not.
    """
    tf = import_tensorflow()
    import keras

    archive = keras.export.ExportArchive()
    with tempfile.TemporaryDirectory() as folder, _unrolled(trained) as serve:
        archive.add_endpoint("serve", serve, [input_spec(trained.image_shape)])
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["serving_default"])
        try:
            return converter.convert()
        except Exception as error:
            raise _explain(error) or error from error


def litert_predictor(content: bytes) -> Predictor:
    """Return a LiteRT model, run by ai-edge-litert, as one that predicts from pixels."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    runner = interpreter.get_signature_runner("serving_default")

    def predict(images: NDArray[np.uint8]) -> Outputs:
        outputs = runner(images=without_single_channel(images))
        return outputs["probabilities"], outputs["class_id"]

    return predict


@contextlib.contextmanager
def _unrolled(trained: Trained) -> Iterator[Serve]:
    """Yield the signature with recurrent layers as one step after another: LiteRT has no loop over any number N."""
    try:
        model = trained.build()
    except UserError:  # the SavedModel's own graph, then, where it has no such layers
        yield trained.serve
        return
    recurrent = [layer for layer in model._flatten_layers() if getattr(layer, "unroll", None) is False]
    for layer in recurrent:
        layer.unroll = True
    try:
        yield make_serve(model)
    finally:
        for layer in recurrent:
            layer.unroll = False


def _explain(error: Any) -> Exception | None:
    """Return the error that names the layer of the first operation that the converter names, if it names any."""
    for part in getattr(error, "errors", ()):
        if node := next((call.name for call in part.location.call if call.name), None):
            return unsupported("LiteRT", node, part.operator.name.removeprefix("tf."))
    return None
