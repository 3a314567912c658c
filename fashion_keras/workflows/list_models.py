"""Which exported models there are, and what each says of itself. Reads their records alone; takes no TensorFlow."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fashion_keras.errors import DataError
from fashion_keras.formatting import one_line
from fashion_keras.inference.info import ModelInfo, find_in
from fashion_keras.inference.record import read_record
from fashion_keras.inference.shipped import shipped_models


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
    def info(self) -> ModelInfo:
        """What its record says, as far as it makes sense."""
        return ModelInfo.of(self.path, self.record)

    @property
    def description(self) -> str:
        """Settings, seed and data in a few words."""
        info = self.info
        parts = (info.label, None if info.seed is None else f"seed {info.seed}", info.data_name)
        return one_line(", ".join(part for part in parts if part)) or "a SavedModel without a record"

    def to_json(self) -> dict[str, Any]:
        """Return what `fashion-keras models --json` says of it."""
        info = self.info
        shape = find_in(self.record, list, "image_shape") or []
        return {
            "name": self.name,
            "description": self.description,
            "is_shipped": self.is_shipped,
            "test_accuracy": info.accuracy,
            "test_accuracy_interval": info.accuracy_interval,
            "num_bytes": self.num_bytes,
            "path": str(self.path),
            "class_names": list(info.class_names) or None,
            "image_shape": shape if shape and all(isinstance(size, int) for size in shape) else None,
            "exported_at": info.exported_at,
            "run_id": find_in(self.record, str, "run", "run_id"),
        }


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
