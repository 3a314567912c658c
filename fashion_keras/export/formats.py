"""The formats besides the SavedModel: one file, and labels.txt beside it. A file is kept only if it agrees."""

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fashion_keras.errors import ConfigError, ExportError
from fashion_keras.export.keras_format import ask_keras_file, write_keras
from fashion_keras.export.litert_format import ask_litert, write_litert
from fashion_keras.export.onnx_format import ask_onnx, write_onnx
from fashion_keras.export.parity import Ask, ask_keras, measure_parity
from fashion_keras.formatting import one_line
from fashion_keras.inference.record import MAX_PROBABILITY_DIFFERENCE, ParityReport
from fashion_keras.storage.files import write_files

if TYPE_CHECKING:
    import keras

LABELS = "labels.txt"
"""One class name a line, UTF-8, in the order of the class ids: a data set's labels.txt has the same form."""


@dataclass(frozen=True)
class Format:
    """A file format of models.

    Attributes:
        name: Of the format, and of the extra that installs its modules.
        file: The file's name.
        modules: What writing and running it imports, besides Keras and TensorFlow.
        write: Makes the file out of a Keras model in float32, from images [N, H, W, C] in [-1, 1] to logits.
        ask: Runs the file by the program that its users run it by.
    """

    name: str
    file: str
    modules: tuple[str, ...]
    write: Callable[["keras.Model", Sequence[int]], bytes]
    ask: Callable[[bytes], Ask]

    def check_installed(self) -> None:
        """Check that the modules are there; imports none.

        Raises:
            ConfigError: One is missing.
        """
        missing = [module for module in self.modules if importlib.util.find_spec(module) is None]
        if missing:
            raise ConfigError(
                f"--format {self.name} needs {' and '.join(missing)}; pip install 'fashion-keras[{self.name}]'"
            )


FORMATS = {
    file_format.name: file_format
    for file_format in (
        Format("onnx", "model.onnx", ("onnx", "onnxruntime"), write_onnx, ask_onnx),
        Format("litert", "model.tflite", ("ai_edge_litert",), write_litert, ask_litert),
        Format("keras", "model.keras", (), write_keras, ask_keras_file),
    )
}


def write_format(
    file_format: Format,
    model: "keras.Model",
    class_names: Sequence[str],
    folder: Path,
    images: NDArray[np.uint8],
) -> ParityReport:
    """Write a model in a format, and labels.txt beside it.

    Args:
        file_format: One of `FORMATS`.
        model: In float32, from images [N, H, W, C] in [-1, 1] to logits [N, K].
        class_names: K names.
        folder: Where to; an earlier file of the same format there is replaced.
        images: uint8 [M, H, W, C], M at least 1: what file and model are compared on.

    Raises:
        ConfigError: The format's modules are not installed.
        ExportError: The file names another class than the model, or differs by more than 1e-5 in a probability; or it
            cannot be written. Nothing is written then.
    """
    file_format.check_installed()
    path = folder / file_format.file
    content = file_format.write(model, images.shape[1:])
    report = measure_parity(ask_keras(model, images.shape[1:]), file_format.ask(content), images)
    if not report.passed:
        raise ExportError(f"{path} is not written: {report}; 0 and {MAX_PROBABILITY_DIFFERENCE} are allowed")
    write_files(folder, {LABELS: "".join(f"{one_line(name)}\n" for name in class_names), path.name: content})
    return report
