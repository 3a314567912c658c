"""ONNX files, built layer by layer out of the two networks.

Not by tf2onnx, which Keras's own `model.export(format="onnx")` needs too: it asks for protobuf below 4 and TensorFlow
for a newer one, so that they cannot be installed together (tensorflow-onnx #2409).
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fashion_keras.errors import ExportError
from fashion_keras.export.parity import Answer, Ask, without_single_channel

if TYPE_CHECKING:
    import keras

OPSET = 17
IR_VERSION = 8
"""Both of 2022, so that older runtimes read the file too."""


def write_onnx(model: "keras.Model", image_shape: Sequence[int]) -> bytes:
    """Return an ONNX model that takes `images`, uint8 [N, H, W] or [N, H, W, C].

    It gives `probabilities`, float32 [N, K], and `class_id`, int64 [N].

    Raises:
        ExportError: The model has a layer of another kind than those of `build_fcn` and `build_cnn`.
    """
    graph = _Graph(image_shape)
    for layer in model.layers:
        kind = type(layer).__name__
        if kind not in _LAYERS:
            raise ExportError(f"layer {layer.name!r} is a {kind}; ONNX files are made of {', '.join(sorted(_LAYERS))}")
        _LAYERS[kind](graph, layer)
    return graph.finish(model.output_shape[-1])


def ask_onnx(content: bytes) -> Ask:
    """Return an ONNX model, run by onnxruntime, as one that answers pixels."""
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])

    def answer(images: NDArray[np.uint8]) -> Answer:
        probabilities, class_id = session.run(
            ["probabilities", "class_id"], {"images": np.ascontiguousarray(without_single_channel(images))}
        )
        return probabilities, class_id

    return answer


class _Graph:
    """A chain of nodes; `value` is the name of the last one's output.

    ONNX has channels before height and width, Keras after: pixels are brought into ONNX's order at the start, and back
    before they are flattened, so that the dense layers' weights keep theirs.
    """

    def __init__(self, image_shape: Sequence[int]):
        self.image_shape = tuple(image_shape)
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self.value = "images"
        self.add("Cast", to=1)  # float32
        for operator, constant in (("Div", 255.0), ("Sub", 0.5), ("Div", 0.5)):  # as `pipelines.normalise`
            self.add(operator, self.constant(np.float32(constant)))
        if self.image_shape[2] == 1:
            self.add("Unsqueeze", self.constant(np.array([1])))
        else:
            self.add("Transpose", perm=[0, 3, 1, 2])

    def add(self, operator: str, *inputs: str, **attributes: Any) -> None:
        """Append a node that takes the last value, and maybe more."""
        from onnx import helper

        output = f"value_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, [self.value, *inputs], [output], **attributes))
        self.value = output

    def constant(self, array: Any) -> str:
        """Keep an array in the file and return its name."""
        from onnx import numpy_helper

        name = f"weight_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def finish(self, num_classes: int) -> bytes:
        """Return the file, checked, with the last value as logits."""
        from onnx import TensorProto, checker, helper

        height, width, channels = self.image_shape
        shape = ["N", height, width] if channels == 1 else ["N", height, width, channels]
        self.nodes += [
            helper.make_node("Softmax", [self.value], ["probabilities"], axis=-1),
            helper.make_node("ArgMax", [self.value], ["class_id"], axis=-1, keepdims=0),
        ]
        graph = helper.make_graph(
            self.nodes,
            "classifier",
            [helper.make_tensor_value_info("images", TensorProto.UINT8, shape)],
            [
                helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", num_classes]),
                helper.make_tensor_value_info("class_id", TensorProto.INT64, ["N"]),
            ],
            self.weights,
        )
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="fashion_keras")
        checker.check_model(model, full_check=True)
        return model.SerializeToString()


def _nothing(graph: _Graph, layer: "keras.Layer") -> None:
    """Inputs, and dropout, which only training has."""


def _flatten(graph: _Graph, layer: "keras.Layer") -> None:
    graph.add("Transpose", perm=[0, 2, 3, 1])
    graph.add("Flatten", axis=1)


def _dense(graph: _Graph, layer: "keras.Layer") -> None:
    kernel, bias = layer.get_weights()
    graph.add("Gemm", graph.constant(kernel), graph.constant(bias))


def _convolution(graph: _Graph, layer: "keras.Layer") -> None:
    kernel, bias = layer.get_weights()
    graph.add("Conv", graph.constant(kernel.transpose(3, 2, 0, 1)), graph.constant(bias), auto_pad="SAME_UPPER")


def _batch_norm(graph: _Graph, layer: "keras.Layer") -> None:
    graph.add("BatchNormalization", *(graph.constant(weight) for weight in layer.get_weights()), epsilon=layer.epsilon)


def _relu(graph: _Graph, layer: "keras.Layer") -> None:
    graph.add("Relu")


def _max_pooling(graph: _Graph, layer: "keras.Layer") -> None:
    graph.add("MaxPool", kernel_shape=list(layer.pool_size), strides=list(layer.strides))


_LAYERS: dict[str, Callable[[_Graph, "keras.Layer"], None]] = {
    "InputLayer": _nothing,
    "Dropout": _nothing,
    "Flatten": _flatten,
    "Dense": _dense,
    "Conv2D": _convolution,
    "BatchNormalization": _batch_norm,
    "ReLU": _relu,
    "MaxPooling2D": _max_pooling,
}
