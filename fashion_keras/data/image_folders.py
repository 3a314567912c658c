"""A data set in a folder of pictures, a folder for each class: train/CLASS/*.png and test/CLASS/*.png, or CLASS/*.png.

Pictures are read as `fashion-keras predict` reads them, in a process of bounded seconds and memory, but never inverted.
"""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fashion_keras.data import idx
from fashion_keras.data.class_names import number_names
from fashion_keras.data.folder_layout import find_pictures
from fashion_keras.errors import DataError
from fashion_keras.formatting import count_noun
from fashion_keras.images.worker import PictureReader

__all__ = ["read_pictures"]

_GREY_MODES = {"1", "L", "LA", "I", "I;16", "I;16B", "I;16L"}


def read_pictures(directory: Path, image_size: tuple[int, int] | None = None) -> idx.OwnData:
    """Read a folder's pictures: grey where every file is, else in colour.

    Args:
        directory: The folder.
        image_size: Height and width that every picture is scaled to, what is left over filled like its border; None
            demands that all are of one size.

    Raises:
        DataError: A picture cannot be read, they differ in size, or see `find_pictures`.
    """
    found = find_pictures(directory)
    parts = {"training": found.train, "test": found.test} | ({"validation": found.val} if found.val else {})
    names, labels = number_names({part: [name for _, name in pairs] for part, pairs in parts.items()}, directory)
    paths = [path for pairs in parts.values() for path, _ in pairs]
    with PictureReader() as reader:
        shape, shape_notes = _common_shape(paths, image_size, reader)
        if len(paths) * math.prod(shape) > idx.MAX_BYTES:
            limit = f"{idx.MAX_BYTES >> 30} GiB; make them smaller with --image-size H,W"
            raise DataError(f"{directory}: {len(paths):,} pictures of {idx.by(shape)} are above the limit of {limit}")
        images, notes = _read_all(paths, shape, reader)
    divided = np.split(images, np.cumsum([len(pairs) for pairs in parts.values()])[:-1])
    files = [idx.make_file(array) for pair in zip(divided, labels, strict=True) for array in pair]
    return idx.OwnData(files, names, found.division, (*found.notes, *shape_notes, *notes))


def _common_shape(
    paths: list[Path], image_size: tuple[int, int] | None, reader: PictureReader
) -> tuple[tuple[int, int, int], list[str]]:
    """Return height, width and channels of all pictures, read from their headers, and a note."""
    sizes: dict[tuple[int, int], Path] = {}
    colourful = []
    for path, (size, mode) in zip(paths, reader.measure_files(paths), strict=True):
        sizes.setdefault(size, path)
        colourful += [] if mode in _GREY_MODES else [path]
    if image_size is None and len(sizes) > 1:
        (first, path), (other, other_path) = [*sizes.items()][:2]
        raise DataError(
            f"{path} is {idx.by(first)} (height x width) and {other_path} {idx.by(other)}; pictures must have one "
            f"size: --image-size {first[0]},{first[1]} scales them all and fills what is left over like their border"
        )
    notes = []
    if 0 < len(colourful) < len(paths):
        number = f"{len(paths) - len(colourful):,} of {len(paths):,}"
        notes = [f"{number} pictures are grey: all are read in colour, because {colourful[0].name} is"]
    return (*(image_size or next(iter(sizes))), 3 if colourful else 1), notes


def _read_all(
    paths: list[Path], shape: tuple[int, int, int], reader: PictureReader
) -> tuple[NDArray[np.uint8], list[str]]:
    """Return pictures as uint8 [N, H, W], or [N, H, W, 3] in colour, and notes on how they were read."""
    images = np.empty((len(paths), *(shape if shape[2] > 1 else shape[:2])), np.uint8)
    used: list[int | None] = []
    frames = transparent = 0
    for number, picture in enumerate(reader.read_files(paths, shape)):
        images[number] = picture.pixels
        used.append(picture.bits)
        frames += picture.num_frames > 1
        transparent += picture.transparent
    deep = [number for number, bits in enumerate(used) if bits]
    bits = max((bits for bits in used if bits), default=16)
    # One depth for all: a dark picture among them uses fewer bits, and is dark.
    darker = [number for number in deep if used[number] != bits]
    for number, picture in zip(darker, reader.read_files([paths[each] for each in darker], shape, bits), strict=True):
        images[number] = picture.pixels
    return images, _describe_reading(len(deep), bits, frames, transparent)


def _describe_reading(deep: int, bits: int, animated: int, transparent: int) -> list[str]:
    remarks = {
        f"of 16 bits a pixel: read as {bits} bits, which is all they use": deep if bits < 16 else 0,
        "with several frames or pages: the first one is read": animated,
        "with a transparent ground: laid on white where what is seen is dark, on black where it is light": transparent,
    }
    return [f"{count_noun(number, 'picture')} {remark}" for remark, number in remarks.items() if number]
