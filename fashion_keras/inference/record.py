"""What an export says of itself, with the SHA-256 of each of its files. Knows no TensorFlow.

`assets.extra` is the folder that the SavedModel format leaves to its users: no loader reads it, and it travels with the
model.
"""

import hashlib
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fashion_keras.errors import ExportError

EXPORT_FORMAT = 1
"""Raised when the signature or the record changes; exports of an older format are written anew."""

RECORD = Path("assets.extra", "fashion_keras.json")


MAX_PROBABILITY_DIFFERENCE = 1e-5
"""For every format: all of them compute in float32, and differ in the order of their additions alone."""


@dataclass(frozen=True)
class ParityReport:
    """How an export, read back from disk, compares with the model in float32.

    Attributes:
        num_images: Images that both were asked about.
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
        return f"{text}; {self.num_differences_to_run:,} classes differ from the run's own answers"


def find_export(path: str | os.PathLike[str], run_id: str) -> ParityReport | None:
    """Return the report of an undamaged export of a run in today's format, or None; takes milliseconds."""
    record = read_record(path)
    try:
        known = record["format"] == EXPORT_FORMAT and record["run"]["run_id"] == run_id
        whole = "saved_model.pb" in record["files"] and find_damage(path, record) is None
        return ParityReport(**record["parity"]) if known and whole else None
    except (KeyError, TypeError):
        return None


def read_record(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what an export says of itself; empty where there is no record.

    Returns:
        `format`, `exported_at`, `class_names`, `image_shape`, `parity`, `versions`, `run` (what the exporter was told
        of the model: run id, configuration, final values, data) and `files`, from each file's path to its SHA-256.
    """
    try:
        record = json.loads((Path(path) / RECORD).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) and isinstance(record.get("files"), dict) else {}


def find_damage(path: str | os.PathLike[str], record: Mapping[str, Any]) -> str | None:
    """Return the first file that is missing, not as it was written, or beside those that were; or None.

    The record lies beside the files: this finds accidents. Against a hand that changes both it is no protection.
    """
    files = record.get("files", {})
    if "saved_model.pb" not in files and (Path(path) / RECORD).exists():
        return RECORD.as_posix()
    for name, expected in files.items():
        try:
            # Not a device, say, which a record could name.
            if not (Path(path) / name).is_file() or _hash_file(Path(path) / name) != expected:
                return name
        except OSError:
            return name
    return _find_stranger(Path(path), files) if files else None


def read_sound_record(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the record of an export whose files are as they were written.

    Raises:
        ExportError: There is no record, or a file is damaged.
    """
    record = read_record(path)
    if not record:
        raise ExportError(f"{path} has no record of its files: it is not an export of ours")
    if damaged := find_damage(path, record):
        raise ExportError(f"{path} is damaged: {damaged} is not as it was written; export the model again")
    return record


def write_record(
    folder: Path,
    report: ParityReport,
    class_names: Sequence[str],
    image_shape: Sequence[int],
    metadata: Mapping[str, Any],
) -> None:
    """Write the record of a SavedModel that is complete otherwise."""
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
