"""Formats besides the SavedModel: one file, and labels.txt beside it. A file is kept only if it agrees."""

import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fashion_keras._output import redirected
from fashion_keras.errors import ExportError, UserError, check_installed
from fashion_keras.export.converters import (
    keras_file_predictor,
    litert_predictor,
    onnx_predictor,
    write_keras,
    write_litert,
    write_onnx,
)
from fashion_keras.export.network import plain_model
from fashion_keras.export.parity import Predictor, measure_parity
from fashion_keras.export.trained import Trained
from fashion_keras.formatting import first_line, one_line
from fashion_keras.inference.record import MAX_PROBABILITY_DIFFERENCE, ParityReport
from fashion_keras.storage.files import write_files

__all__ = ["FORMATS", "LABELS", "Format", "write_format"]

LABELS = "labels.txt"
"""One class name a line, UTF-8, in the order of the class ids: a data set's labels.txt has the same form."""


@dataclass(frozen=True)
class Format:
    """A file format of models.

    Attributes:
        name: Of the format, and of the extra that installs its modules.
        title: Of the format, for people.
        file: The file's name.
        modules: What writing and running it imports, besides Keras and TensorFlow.
        write: Makes the file's content.
        predictor: Runs the file by the program that its users run it by.
    """

    name: str
    title: str
    file: str
    modules: tuple[str, ...]
    write: Callable[[Trained], bytes]
    predictor: Callable[[bytes], Predictor]

    def check_installed(self) -> None:
        """Check that the modules are there; imports none.

        Raises:
            ConfigError: One is missing.
        """
        check_installed(f"--format {self.name}", self.name, self.modules)


FORMATS = {
    file_format.name: file_format
    for file_format in (
        Format("onnx", "ONNX", "model.onnx", ("onnx", "tf2onnx", "onnxruntime"), write_onnx, onnx_predictor),
        Format("litert", "LiteRT", "model.tflite", ("ai_edge_litert",), write_litert, litert_predictor),
        Format("keras", "a Keras file", "model.keras", (), write_keras, keras_file_predictor),
    )
}


def write_format(file_format: Format, trained: Trained, folder: Path, images: NDArray[np.uint8]) -> ParityReport:
    """Write a model in a format, and labels.txt beside it.

    Args:
        file_format: One of `FORMATS`.
        trained: What is written.
        folder: Where to; an earlier file of the same format there is replaced.
        images: uint8 [M, H, W, C], M at least 1: what file and model are compared on.

    Raises:
        ConfigError: The format's modules are not installed.
        ExportError: A layer cannot be written in the format; the file names another class than the model, or differs
            by more than 1e-5 in a probability; or it cannot be written. Nothing is written then.
    """
    file_format.check_installed()
    path = folder / file_format.file
    with _quiet_converter():
        content, report = _convert(file_format, trained, images)
    if not report.passed:
        raise ExportError(f"{path} is not written: {report}; 0 and {MAX_PROBABILITY_DIFFERENCE} are allowed")
    labels = "".join(f"{one_line(name)}\n" for name in trained.class_names)
    write_files(folder, {LABELS: labels, file_format.file: content})
    return report


def _convert(file_format: Format, trained: Trained, images: NDArray[np.uint8]) -> tuple[bytes, ParityReport]:
    try:
        content = file_format.write(trained)
        return content, measure_parity(trained.predict, file_format.predictor(content), images)
    except UserError:
        raise
    # Converters and the programs that run their files raise almost anything.
    except Exception as error:
        part, reason = _find_layer(file_format, trained, images), first_line(error)[:200]
        raise ExportError(
            f"{part} cannot be written as {file_format.title} ({reason}): replace it, or use --format savedmodel"
        ) from error


def _find_layer(file_format: Format, trained: Trained, images: NDArray[np.uint8]) -> str:
    """Name the first layer up to which a network cannot be written, by trying one after another."""
    import keras

    try:
        model = plain_model(trained.build())
    except UserError:
        return "the network"
    for layer in model.layers[1:]:
        try:
            part = keras.Model(model.inputs[0], keras.layers.Flatten()(layer.output))
            file_format.predictor(file_format.write(Trained.of_model(part, ())))(images[:2])
        except Exception:
            return f"layer {one_line(layer.name)!r}"
    return "the network"


@contextlib.contextmanager
def _quiet_converter() -> Iterator[None]:
    """Keep what converters print and log from the terminal, even if they fail: what they raise says enough."""
    logs = [logging.getLogger(name) for name in ("tf2onnx", "tensorflow", "keras")]
    levels = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.CRITICAL + 1)
    try:
        with Path(os.devnull).open("wb") as nothing, redirected(nothing, (2,)):
            yield
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)
