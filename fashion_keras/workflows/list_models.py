"""List of the exported models that are there, and what each says of itself; takes no TensorFlow."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fashion_keras.errors import DataError, os_errors_as
from fashion_keras.formatting import one_line
from fashion_keras.inference.info import ModelInfo
from fashion_keras.inference.record import find_damage, read_record
from fashion_keras.inference.shipped import shipped_models

__all__ = ["ListedModel", "list_folder", "list_shipped"]


@dataclass(frozen=True)
class ListedModel:
    """A SavedModel that is there.

    Attributes:
        name: What commands take: a shipped one's name, the path of another.
        path: The SavedModel's folder, with the version.
        is_shipped: Whether it came with the package.
        num_bytes: Of all its files.
        info: What it says of itself, as far as it makes sense.
        damage: What is wrong with its files, see `find_damage`, or None.
    """

    name: str
    path: Path
    is_shipped: bool
    num_bytes: int
    info: ModelInfo
    damage: str | None

    @property
    def description(self) -> str:
        """Settings, seed and data in a few words, or the damage."""
        if self.damage:
            return f"damaged: {one_line(self.damage)}"
        info = self.info
        parts = (info.label, None if info.seed is None else f"seed {info.seed}", info.data_name)
        return one_line(", ".join(part for part in parts if part)) or "a SavedModel without a record"

    def to_json(self) -> dict[str, Any]:
        """Return what `fashion-keras models --json` says of it."""
        info = self.info
        return {
            "name": self.name,
            "description": self.description,
            "is_shipped": self.is_shipped,
            "test_accuracy": info.accuracy,
            "test_accuracy_interval": info.accuracy_interval,
            "num_bytes": self.num_bytes,
            "path": str(self.path),
            "class_names": list(info.class_names) or None,
            "image_shape": list(info.image_shape) or None,
            "exported_at": info.exported_at,
            "run_id": info.run_id,
            "damage": self.damage,
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
    with os_errors_as(DataError, folder, "read"):
        for path in sorted((file.parent for file in folder.glob("**/saved_model.pb")), key=_version):
            if not any(part.startswith(".") for part in path.relative_to(folder).parts):
                newest[path.parent if path.name.isdecimal() and path != folder else path] = path
        # As commands take it: a word alone could be the name of a shipped model.
        names = {model: f".{os.sep}{model}" if model.name == str(model) else str(model) for model in newest}
        return [_listed(names[model], path, is_shipped=False) for model, path in sorted(newest.items())]


def _version(path: Path) -> int:
    return int(path.name) if path.name.isdecimal() else 0


def _listed(name: str, path: Path, is_shipped: bool) -> ListedModel:
    num_bytes = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    record = read_record(path)
    return ListedModel(name, path, is_shipped, num_bytes, ModelInfo.of(path, record), find_damage(path, record))
