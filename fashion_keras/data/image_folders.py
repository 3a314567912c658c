"""A data set in a folder of pictures, a folder for each class: train/CLASS/*.png and test/CLASS/*.png, or CLASS/*.png.

Pictures are read as `fashion-keras predict` reads them, but never inverted.
"""

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fashion_keras.data import idx
from fashion_keras.data.npz import number_names
from fashion_keras.errors import DataError
from fashion_keras.images.reading import read_picture

TEST_SHARE = 5
"""One in so many pictures of a class is for testing, where the folder does not say which."""

_SUFFIXES = (".png", ".jpg", ".jpeg")
_FORMATS = ("PNG", "JPEG")
_GREY_MODES = {"1", "L", "LA", "I", "I;16", "I;16B", "I;16L"}
_ORIENTATION = 0x0112


@dataclass(frozen=True)
class PictureFolder:
    """The pictures of a folder, each with the name of its class.

    Attributes:
        train, test: Pairs of file and class.
        note: How they were divided, for people; empty where the folder says it.
    """

    train: tuple[tuple[Path, str], ...]
    test: tuple[tuple[Path, str], ...]
    note: str


def holds_folders(directory: Path) -> bool:
    """Whether a folder has folders in it, as one with pictures must."""
    return bool(_folders(directory))


def find_pictures(directory: Path) -> PictureFolder:
    """Find the pictures of a folder; without train and test folders, a fifth of each class is the test set.

    Which fifth, the SHA-256 of `class/file` decides, so that it is the same everywhere and every time.

    Raises:
        DataError: It has but one of train and test, a class has no pictures, or too few to be divided.
    """
    folders = {folder.name: folder for folder in _folders(directory)}
    if "train" in folders and "test" in folders:
        train, test = (_classes(folders[part]) for part in ("train", "test"))
        return PictureFolder(_pairs(train), _pairs(test), "")
    if "train" in folders or "test" in folders:
        missing = "test" if "train" in folders else "train"
        raise DataError(f"{directory} has no folder {missing}; make it, or put the classes' folders there themselves")
    chosen = {name: _divide(name, files) for name, files in _classes(directory).items()}
    train, test = ({name: parts[side] for name, parts in chosen.items()} for side in (0, 1))
    num_train, num_test = (sum(map(len, part.values())) for part in (train, test))
    note = f"a fifth of each class is the test set: {num_test:,} of {num_train + num_test:,} pictures, by their names"
    return PictureFolder(_pairs(train), _pairs(test), note)


def read_pictures(
    directory: Path, image_size: tuple[int, int] | None = None
) -> tuple[list[idx.IdxFile], tuple[str, ...], str]:
    """Return a folder's pictures as the four files of an IDX data set, the names of the classes, and a note.

    Grey where every file is, else in colour.

    Args:
        directory: The folder.
        image_size: Height and width that every picture is scaled to, what is left over filled like its border; None
            demands that all are of one size.

    Raises:
        DataError: A picture cannot be read, they differ in size, or see `find_pictures`.
    """
    found = find_pictures(directory)
    pairs = found.train + found.test
    names, labels = number_names([name for _, name in found.train], [name for _, name in found.test], directory)
    shape = _common_shape([path for path, _ in pairs], image_size)
    if len(pairs) * math.prod(shape) > idx.MAX_BYTES:
        limit = f"{idx.MAX_BYTES >> 30} GiB; make them smaller with --image-size H,W"
        raise DataError(f"{directory}: {len(pairs):,} pictures of {idx.by(shape)} are above the limit of {limit}")
    parts = []
    for part, ids in zip((found.train, found.test), labels, strict=True):
        parts += [idx.make_file(_read_all([path for path, _ in part], shape)), idx.make_file(ids)]
    return parts, names, found.note


def _folders(directory: Path) -> list[Path]:
    try:
        return sorted(path for path in directory.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError as error:
        raise DataError(f"{directory} cannot be read: {error.strerror}") from error


def _classes(directory: Path) -> dict[str, list[Path]]:
    """Return the pictures of each class, sorted by their names."""
    classes = {}
    for folder in _folders(directory):
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES and path.is_file())
        if not files:
            raise DataError(f"{folder} has no pictures ({', '.join(_SUFFIXES)}); each folder is a class")
        classes[folder.name] = files
    if not classes:
        raise DataError(f"{directory} has no folders; each class has a folder of pictures there")
    return classes


def _divide(name: str, files: list[Path]) -> tuple[list[Path], list[Path]]:
    if len(files) < 2:
        raise DataError(f"{files[0].parent} has one picture; a class needs two, to train and to test with")
    drawn = sorted(files, key=lambda path: hashlib.sha256(f"{name}/{path.name}".encode()).digest())
    test = set(drawn[: max(1, len(files) // TEST_SHARE)])
    return [path for path in files if path not in test], sorted(test)


def _pairs(classes: dict[str, list[Path]]) -> tuple[tuple[Path, str], ...]:
    return tuple((path, name) for name, files in classes.items() for path in files)


def _common_shape(paths: list[Path], image_size: tuple[int, int] | None) -> tuple[int, int, int]:
    """Return height, width and channels of all pictures, read from their headers."""
    sizes: dict[tuple[int, int], Path] = {}
    is_grey = True
    for path in paths:
        size, mode = _read_size(path)
        sizes.setdefault(size, path)
        is_grey = is_grey and mode in _GREY_MODES
    if image_size is None and len(sizes) > 1:
        (first, path), (other, other_path) = [*sizes.items()][:2]
        raise DataError(
            f"{path} is {idx.by(first)} (height x width) and {other_path} {idx.by(other)}; pictures must have one "
            f"size: --image-size {first[0]},{first[1]} scales them all and fills what is left over like their border"
        )
    return (*(image_size or next(iter(sizes))), 1 if is_grey else 3)


def _read_size(path: Path) -> tuple[tuple[int, int], str]:
    """Return height and width, upright, and the mode of a picture."""
    try:
        with Image.open(path, formats=_FORMATS) as image:
            width, height = image.size
            is_turned = image.getexif().get(_ORIENTATION, 1) >= 5
            return ((width, height) if is_turned else (height, width)), image.mode
    # Pillow's readers raise almost anything for damaged files.
    except Exception as error:
        raise DataError(f"{path} is no {' or '.join(_FORMATS)} picture, or is damaged") from error


def _read_all(paths: list[Path], shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Return pictures as uint8 [N, H, W], or [N, H, W, 3] in colour."""
    images = np.empty((len(paths), *(shape if shape[2] > 1 else shape[:2])), np.uint8)
    for number, path in enumerate(paths):
        images[number] = read_picture(path, shape, invert="off", allow_blank=True).pixels
    return images
