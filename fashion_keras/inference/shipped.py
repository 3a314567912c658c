"""Shipped models, found by name, and any other by its path. No TensorFlow.

A checkout, and an installation with `pip install -e`, have the shipped models in `saved_models/pretrained/`; a wheel
carries the same folder as `fashion_keras/pretrained/`.
"""

import os
from pathlib import Path

from fashion_keras.config.catalogue import suggest
from fashion_keras.errors import DataError, os_errors_as

__all__ = ["find_model", "find_saved_model", "is_shipped", "shipped_models"]

_PACKAGE = Path(__file__).resolve().parents[1]
_PLACES = (_PACKAGE / "pretrained", _PACKAGE.parent / "saved_models" / "pretrained")


def shipped_models() -> dict[str, Path]:
    """Return the version folder of each model that comes with the package, by name: `cnn` and `fcn`."""
    place = next((place for place in _PLACES if place.is_dir()), None)
    if place is None:
        return {}
    versions = {folder.name: _highest_version(folder) for folder in sorted(place.iterdir()) if folder.is_dir()}
    return {name: folder for name, folder in versions.items() if folder is not None}


def find_model(name_or_path: str | os.PathLike[str]) -> Path:
    """Return the version folder of a model, such as `.../cnn/1`: of a shipped one by its name, of any by its path.

    A text without a separator that is the name of a shipped model is that model, whatever lies in the current folder,
    so that a command means the same everywhere; `./cnn` is the folder. A `Path`, which forgets the `./`, is a path.

    Args:
        name_or_path: `"cnn"`, or the folder of a SavedModel, or the folder above with versions in it (`1/`, `2/`), of
            which the highest is taken.

    Raises:
        DataError: There is no such model, or its folder cannot be read.
    """
    with os_errors_as(DataError, os.fspath(name_or_path), "read"):
        return _find(name_or_path)


def _find(name_or_path: str | os.PathLike[str]) -> Path:
    if not isinstance(name_or_path, str) or any(each in name_or_path for each in (os.sep, os.altsep) if each):
        return find_saved_model(Path(name_or_path))
    shipped = shipped_models()
    if name_or_path in shipped:
        return shipped[name_or_path]
    if not shipped or Path(name_or_path).exists():
        return find_saved_model(Path(name_or_path))
    raise DataError(f"a model is the folder of a SavedModel, or {suggest(name_or_path, shipped)}")


def is_shipped(folder: Path) -> bool:
    """Whether a version folder is that of a model that comes with the package, by whatever path it was found."""
    return folder.resolve() in {path.resolve() for path in shipped_models().values()}


def find_saved_model(path: Path) -> Path:
    """Return the SavedModel's folder: `path` itself, or the highest version in it.

    Raises:
        DataError: There is none.
    """
    if _holds_model(path):
        return path
    if not path.is_dir():
        raise DataError(f"{path} is {'a file' if path.exists() else 'not there'}; name the folder of a SavedModel")
    if version := _highest_version(path):
        return version
    below = sorted(path.glob("*/[0-9]*/saved_model.pb"))
    hint = f"; there is one in {below[0].parent}" if below else ""
    raise DataError(f"{path} holds no SavedModel: neither saved_model.pb nor a folder 1 with it{hint}")


def _highest_version(path: Path) -> Path | None:
    versions = [folder for folder in path.iterdir() if folder.name.isdecimal() and _holds_model(folder)]
    return max(versions, key=lambda folder: int(folder.name), default=None)


def _holds_model(folder: Path) -> bool:
    return (folder / "saved_model.pb").is_file()
