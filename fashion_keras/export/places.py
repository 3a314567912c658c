"""Export folders: written whole or not at all, by one process at a time."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from fashion_keras.errors import ExportError, os_errors_as
from fashion_keras.inference.record import RECORD
from fashion_keras.storage.files import write_folder


@contextlib.contextmanager
def replaced_whole(path: Path) -> Iterator[Path]:
    """Yield an empty folder that takes the place of an export in the end, or vanishes if anything fails.

    Raises:
        ExportError: Something else is there, or the place cannot be written.
    """
    if path.exists() and not (path / RECORD).exists() and not (path.is_dir() and not any(path.iterdir())):
        raise ExportError(f"{path} is there and is not an export of ours: move it away or choose another place")
    with os_errors_as(ExportError, path), _tensorflow_errors_at(path), write_folder(path) as partial:
        yield partial


@contextlib.contextmanager
def _tensorflow_errors_at(path: Path) -> Iterator[None]:
    """Turn what TensorFlow says of a place that cannot be written or read back into one line."""
    try:
        yield
    except Exception as error:
        # Told by their module: importing TensorFlow to name them would take seconds.
        if type(error).__module__.startswith("tensorflow."):
            reason = re.sub(r"\{\{.*?\}\} |\[Op:\w+\]", "", str(error).splitlines()[0]).strip()
            raise ExportError(f"cannot export to {path}: {reason}") from error
        raise
