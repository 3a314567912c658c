"""Which exported models there are, and what each says of itself. Reads their records alone; takes no TensorFlow."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fashion_keras.errors import DataError
from fashion_keras.evaluation import wilson_interval
from fashion_keras.export import read_record
from fashion_keras.shipped import shipped_models


@dataclass(frozen=True)
class ListedModel:
    """A SavedModel that is there; whether it is damaged shows when it is loaded.

    Attributes:
        name: Of a shipped one what commands take; of another its folder without the version, below the folder searched.
        path: The SavedModel's folder, with the version.
        is_shipped: Whether it came with the package.
        num_bytes: Of all its files.
        record: What it says of itself, see `fashion_keras.export.read_record`; empty where it says nothing.
    """

    name: str
    path: Path
    is_shipped: bool
    num_bytes: int
    record: Mapping[str, Any]

    @property
    def description(self) -> str:
        """Settings, seed and data in a few words."""
        run = self._run
        data = record_part(self.record, "run", "data").get("name")
        parts = (run.get("label"), f"seed {run['seed']}" if "seed" in run else None, data)
        return ", ".join(str(part) for part in parts if part) or "a SavedModel without a record"

    @property
    def test_accuracy(self) -> float | None:
        """Of the run that was exported, a fraction; None where it is not known."""
        return record_part(self.record, "run", "final").get("test_accuracy")

    @property
    def interval(self) -> tuple[float, float] | None:
        """The accuracy's 95 % interval on other images of the kind: an export is compared over the whole test set."""
        num_images = record_part(self.record, "parity").get("num_images")
        if self.test_accuracy is None or not num_images:
            return None
        return wilson_interval(round(self.test_accuracy * num_images), num_images)

    def to_json(self) -> dict[str, Any]:
        """Return what `fashion-keras models --json` says of it."""
        interval = self.interval
        return {
            "name": self.name,
            "description": self.description,
            "is_shipped": self.is_shipped,
            "test_accuracy": self.test_accuracy,
            "test_accuracy_interval": None if interval is None else list(interval),
            "num_bytes": self.num_bytes,
            "path": str(self.path),
            "class_names": self.record.get("class_names"),
            "image_shape": self.record.get("image_shape"),
            "exported_at": self.record.get("exported_at"),
            "run_id": self._run.get("run_id"),
        }

    @property
    def _run(self) -> Mapping[str, Any]:
        return record_part(self.record, "run")


def record_part(record: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """Return what a record holds under a key, and a key within that; empty where it holds no such thing."""
    part: Any = record
    for key in keys:
        part = part.get(key) if isinstance(part, Mapping) else None
    return part if isinstance(part, Mapping) else {}


def list_shipped() -> list[ListedModel]:
    """Return the models that came with the package, by name."""
    return [_listed(name, path, is_shipped=True) for name, path in shipped_models().items()]


def list_folder(folder: Path) -> list[ListedModel]:
    """Return the SavedModels below a folder by name, of each the highest version; hidden folders are left out.

    Raises:
        DataError: There is no such folder, or it cannot be read.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is {'a file' if folder.exists() else 'not there'}; name a folder with SavedModels")
    newest: dict[Path, Path] = {}
    for path in sorted((file.parent for file in folder.glob("**/saved_model.pb")), key=_version):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts):
            newest[path.parent if path.name.isdecimal() else path] = path
    return [_listed(_below(model, folder), path, is_shipped=False) for model, path in sorted(newest.items())]


def _version(path: Path) -> int:
    return int(path.name) if path.name.isdecimal() else 0


def _below(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if folder in path.parents else path.resolve().name


def _listed(name: str, path: Path, is_shipped: bool) -> ListedModel:
    num_bytes = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return ListedModel(name, path, is_shipped, num_bytes, read_record(path))
