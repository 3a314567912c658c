"""Converters: trained models as ONNX (by tf2onnx), LiteRT (by TensorFlow's own converter) and `.keras` files.

A `.keras` file is for Keras alone, `safe_mode` and all.
"""

import contextlib
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fashion_keras._tensorflow import import_tensorflow
from fashion_keras.errors import ExportError, UserError
from fashion_keras.export.network import build_network, describe_network, plain_model
from fashion_keras.export.parity import Outputs, Predictor
from fashion_keras.export.signature import Serve, input_spec, make_serve, pixels_shape, without_single_channel
from fashion_keras.export.trained import Trained
from fashion_keras.formatting import one_line

__all__ = [
    "OPSET", "keras_file_predictor", "litert_predictor", "onnx_predictor", "write_keras", "write_litert", "write_onnx",
]  # fmt: skip

OPSET = 17
"""Of 2022, so that older runtimes read the file too."""

_OUTPUTS = ("probabilities", "class_id")
_CALL = "StatefulPartitionedCall"


def write_onnx(trained: Trained) -> bytes:
    """Return an ONNX model that takes `images`, uint8 [N, H, W] or [N, H, W, C].

    It gives `probabilities`, float32 [N, K], and `class_id`, int64 [N].

    Raises:
        ExportError: A layer has an operation that ONNX has not.
    """
    tf = import_tensorflow()
    import tf2onnx

    handlers: dict[str, Any] = {"Erfc": (_write_erfc, [])}
    serve, images = tf.function(trained.serve, autograph=False), [input_spec(trained.image_shape)]
    model, _ = tf2onnx.convert.from_function(serve, images, opset=OPSET, custom_op_handlers=handlers)
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
            raise _unsupported("ONNX", node.name, node.op_type)


def _tidy(graph: Any) -> None:
    """Put the outputs in their order, call the number of images N, and drop the class names, a second input."""
    inputs = [value for value in graph.input if value.name == "images"]
    outputs = sorted(graph.output, key=lambda value: _OUTPUTS.index(value.name))
    del graph.input[:], graph.output[:]
    graph.input.extend(inputs)
    graph.output.extend(outputs)
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "N"


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
            return _unsupported("LiteRT", node, part.operator.name.removeprefix("tf."))
    return None


def _unsupported(file_format: str, node: str, operator: str) -> ExportError:
    """Return the error for an operation that a format does not have.

    Args:
        file_format: For people.
        node: Its name in TensorFlow's graph, such as `sequential_1/lstm_1/TensorArrayV2_1`.
        operator: Of TensorFlow.
    """
    return ExportError(
        f"{_describe_layer(node)} cannot be written as {file_format}, which has no {one_line(operator)}: "
        "replace it, or use --format savedmodel"
    )


def _describe_layer(node: str) -> str:
    """Name the layer of a node: scopes are the model's name and the layer's, each with a number that Keras adds."""
    scopes = [part for part in node.split("/") if not part.startswith(_CALL)]
    layer = re.sub(r"_\d+$", "", scopes[min(1, len(scopes) - 1)]) if scopes else ""
    return f"layer {one_line(layer)!r}" if layer else "the network"
