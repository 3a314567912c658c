"""Converters kept quiet: their failures in one line that names the layer, the rest of what they say away."""

import contextlib
import logging
import re
from collections.abc import Iterator

from fashion_keras._tensorflow import _hidden_stderr
from fashion_keras.errors import ExportError
from fashion_keras.formatting import one_line

__all__ = ["quiet_converter", "unsupported"]

_CALL = "StatefulPartitionedCall"


def unsupported(file_format: str, node: str, operator: str) -> ExportError:
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


@contextlib.contextmanager
def quiet_converter() -> Iterator[None]:
    """Keep what converters print and log from the terminal, even if they fail: what they raise says enough."""
    logs = [logging.getLogger(name) for name in ("tf2onnx", "tensorflow", "keras")]
    levels = [log.level for log in logs]
    failure: Exception | None = None
    for log in logs:
        log.setLevel(logging.CRITICAL + 1)
    try:
        with _hidden_stderr():
            try:
                yield
            except Exception as error:  # within, so that the output stays hidden
                failure = error
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)
    if failure is not None:
        raise failure


def _describe_layer(node: str) -> str:
    """Name the layer of a node: scopes are the model's name and the layer's, each with a number that Keras adds."""
    scopes = [part for part in node.split("/") if not part.startswith(_CALL)]
    layer = re.sub(r"_\d+$", "", scopes[min(1, len(scopes) - 1)]) if scopes else ""
    return f"layer {one_line(layer)!r}" if layer else "the network"
