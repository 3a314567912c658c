"""Record of an export: what it says of itself, and the SHA-256 of each of its files. Knows no TensorFlow.

`assets.extra` is the folder that the SavedModel format leaves to its users: no loader reads it, and it travels with the
model.
"""

import hashlib
import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fashion_keras.errors import DataError

__all__ = [
    "MAX_PROBABILITY_DIFFERENCE", "NETWORK", "RECORD", "ParityReport", "find_damage", "find_export",
    "read_checked_record", "read_record", "write_record",
]  # fmt: skip

EXPORT_FORMAT = 1
"""Raised when the signature or the record changes; exports of an older format are written anew."""

RECORD = Path("assets.extra", "fashion_keras.json")

NETWORK = Path("assets.extra", "network.json")
"""The network without its weights, as Keras describes it; missing where Keras cannot, and in exports of 2026."""

_MAX_BYTES = {Path("saved_model.pb"): 2**31 - 1, RECORD: 2**24, NETWORK: 2**24}
"""A protocol buffer holds no more; TensorFlow reads a larger file whole before it says so."""

MAX_PROBABILITY_DIFFERENCE = 1e-5
"""For every format: all of them compute in float32, and differ in the order of their additions alone."""


@dataclass(frozen=True)
class ParityReport:
    """How an export, read back from disk, compares with the model in float32.

    Attributes:
        num_images: Images that both predicted.
        num_class_differences: Images of which they name different classes; 0 in every export that was kept.
        max_probability_difference: The largest difference of a probability, in [0, 1].
        num_differences_to_run: Images of which the export names another class than the run itself did: not bounded,
            because a run in bfloat16 differs on about a dozen of 10,000. None where the run was never tested.
    """

    num_images: int
    num_class_differences: int
    max_probability_difference: float
    num_differences_to_run: int | None = None

    @property
    def passed(self) -> bool:
        """Whether the export may be kept; NaN never passes."""
        return self.num_class_differences == 0 and self.max_probability_difference <= MAX_PROBABILITY_DIFFERENCE

    def __str__(self) -> str:
        text = (
            f"{self.num_class_differences} of {self.num_images:,} classes differ from the float32 model, "
            f"probabilities by at most {self.max_probability_difference:.1e}"
        )
        if self.num_differences_to_run is None:
            return text
        return f"{text}; {self.num_differences_to_run:,} classes differ from the run's own predictions"


def find_export(path: str | os.PathLike[str], run_id: str) -> ParityReport | None:
    """Return the report of an undamaged export of a run in today's format, or None; takes milliseconds."""
    record = read_record(path)
    try:
        current = record["format"] == EXPORT_FORMAT and record["run"]["run_id"] == run_id
        is_sound = "saved_model.pb" in record["files"] and find_damage(path, record) is None
        return ParityReport(**record["parity"]) if current and is_sound else None
    except (KeyError, TypeError):
        return None


def read_record(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what an export says of itself; empty where there is no record.

    Returns:
        `format`, `exported_at`, `class_names`, `image_shape`, `parity`, `versions`, `run` (what the exporter was told
        of the model: run id, configuration, final values, data) and `files`, from each file's path to its SHA-256.
    """
    file = Path(path, RECORD)
    try:
        # To read a pipe or a device could last for ever.
        if not file.is_file() or file.stat().st_size > _MAX_BYTES[RECORD]:
            return {}
        record = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) and isinstance(record.get("files"), dict) else {}


def read_checked_record(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the record of a SavedModel of which nothing is damaged; empty where there is no record.

    Raises:
        DataError: Something is damaged, see `find_damage`, or cannot be read.
    """
    record = read_record(path)
    if damage := find_damage(path, record):
        raise DataError(f"{path} is damaged: {damage}; export the model again")
    return record


def find_damage(path: str | os.PathLike[str], record: Mapping[str, Any]) -> str | None:
    """Return what is wrong with a SavedModel's files, or None: looks at their kinds and sizes before it reads any.

    The record lies beside the files: this finds accidents. Against a hand that changes both it is no protection.

    Args:
        path: The SavedModel's folder.
        record: What `read_record` returned of it.
    """
    folder = Path(path)
    try:
        return _find_odd_file(folder) or _find_changed_file(folder, record)
    except OSError as error:
        return f"{error.filename or folder} cannot be read ({error.strerror or error})"


def _find_odd_file(folder: Path) -> str | None:
    for file in _files_in(folder):
        if not file.is_file():
            return f"{file.relative_to(folder)} is no file"
    for name, limit in _MAX_BYTES.items():
        if (folder / name).exists() and (folder / name).stat().st_size > limit:
            return f"{name} is larger than any can be"
    return None


def _files_in(folder: Path) -> Iterator[Path]:
    """Yield what is no folder; links to folders count as files."""
    for here, folders, files in os.walk(folder):
        yield from (Path(here, name) for name in files)
        yield from (path for name in folders if (path := Path(here, name)).is_symlink())


def _find_changed_file(folder: Path, record: Mapping[str, Any]) -> str | None:
    """Return what is missing, not as it was written, or beside what was."""
    files = record.get("files", {})
    if "saved_model.pb" not in files and (folder / RECORD).exists():
        return f"{RECORD.as_posix()} is not as it was written"
    for name, expected in files.items():
        # Not a device, say, which a record could name.
        if not (folder / name).is_file() or _hash_file(folder / name) != expected:
            return f"{name} is not as it was written"
    stranger = _find_stranger(folder, files) if files else None
    return stranger and f"{stranger} is not of the export"


def write_record(
    folder: Path,
    report: ParityReport,
    class_names: Sequence[str],
    image_shape: Sequence[int],
    metadata: Mapping[str, Any],
) -> None:
    """Write the record of a SavedModel that is complete otherwise.

    Args:
        folder: Of the SavedModel.
        report: How it compares with the model.
        class_names, image_shape, metadata: As for `fashion_keras.export.export_model`.
    """
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    record = {
        "format": EXPORT_FORMAT,
        "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "class_names": list(class_names),
        "image_shape": list(image_shape),
        "parity": asdict(report),
        "versions": {"python": platform.python_version()}
        | {package: version(package) for package in ("tensorflow", "keras", "numpy")},
        "run": dict(metadata),
        "files": {file.relative_to(folder).as_posix(): _hash_file(file) for file in files},
    }
    text = json.dumps(record, indent=1, sort_keys=True, allow_nan=False) + "\n"
    (folder / RECORD).parent.mkdir(exist_ok=True)
    (folder / RECORD).write_text(text)


def _find_stranger(folder: Path, files: Mapping[str, Any]) -> str | None:
    """Return a file that the record does not name and TensorFlow might read: it prefers some to saved_model.pb."""
    for pattern in ("saved_model*", "variables/**/*", "assets/**/*"):
        for path in sorted(folder.glob(pattern)):
            name = path.relative_to(folder).as_posix()
            if name not in files and not path.is_dir():
                return name
    return None


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
