"""ONNX files, written by tf2onnx."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fashion_keras._tensorflow import import_tensorflow
from fashion_keras.export.conversion import unsupported
from fashion_keras.export.parity import Outputs, Predictor
from fashion_keras.export.signature import input_spec, without_single_channel
from fashion_keras.export.trained import Trained

__all__ = ["OPSET", "onnx_predictor", "write_onnx"]

OPSET = 17
"""Of 2022, so that older runtimes read the file too."""

_OUTPUTS = ("probabilities", "class_id")


def write_onnx(trained: Trained) -> bytes:
    """Return an ONNX model that takes `images`, uint8 [N, H, W] or [N, H, W, C].

    It gives `probabilities`, float32 [N, K], and `class_id`, int64 [N].

    Raises:
        ExportError: A layer has an operation that ONNX has not.
    """
    tf = import_tensorflow()
    import tf2onnx

    handlers: dict[str, Any] = {"Erfc": (_write_erfc, [])}
    model, _ = tf2onnx.convert.from_function(
        tf.function(trained.serve), [input_spec(trained.image_shape)], opset=OPSET, custom_op_handlers=handlers
    )
    _check_operators(model.graph)
    _tidy(model.graph)
    return model.SerializeToString()


def onnx_predictor(content: bytes) -> Predictor:
    """Return an ONNX model, run by onnxruntime, as one that predicts from pixels."""
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])

    def predict(images: NDArray[np.uint8]) -> Outputs:
        probabilities, class_id = session.run(list(_OUTPUTS), {"images": without_single_channel(images)})
        return probabilities, class_id

    return predict


def _write_erfc(context: Any, node: Any, name: str, arguments: Any) -> Any:
    """Write 1 - Erf for Erfc, which TensorFlow's exact GELU has and ONNX has not."""
    from tf2onnx.utils import make_name

    one = context.make_const(make_name("one"), np.float32(1)).output[0]
    context.remove_node(node.name)
    erf = context.make_node("Erf", node.input)
    return context.make_node("Sub", [one, erf.output[0]], outputs=node.output, name=node.name)


def _check_operators(graph: Any) -> None:
    """Check that the file has operators of ONNX alone: of others tf2onnx only logs that it does not know them."""
    from onnx import defs

    for node in graph.node:
        if not defs.has(node.op_type, OPSET, node.domain):
            raise unsupported("ONNX", node.name, node.op_type)


def _tidy(graph: Any) -> None:
    """Put the outputs in their order, call the number of images N, and drop the class names, a second input."""
    inputs = [value for value in graph.input if value.name == "images"]
    outputs = sorted(graph.output, key=lambda value: _OUTPUTS.index(value.name))
    del graph.input[:], graph.output[:]
    graph.input.extend(inputs)
    graph.output.extend(outputs)
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "N"
