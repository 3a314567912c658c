"""Arrays of images that a classifier takes, made of what it was given, or refused with the remedy."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fashion_keras.errors import ImageError
from fashion_keras.formatting import first_line, one_line
from fashion_keras.images.reading import PictureSource, is_picture, read_picture

__all__ = ["check_images", "read_images"]


def read_images(
    images: ArrayLike | PictureSource | Sequence[PictureSource],
    image_shape: tuple[int, int, int],
    invert: str = "auto",
    ground: str = "black",
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Return what `Classifier.predict` was given as a model takes it, uint8 [N, H, W] or [N, H, W, C], and its notes.

    Args:
        images: As for `Classifier.predict`.
        image_shape, invert, ground: As for `fashion_keras.images.reading.read_picture`.

    Raises:
        ImageError: It is neither such an array nor pictures that can be read.
    """
    items = [images] if is_picture(images) else images
    if isinstance(items, list | tuple) and not items:
        raise ImageError("images is empty; did a pattern find no file?")
    if not isinstance(items, list | tuple) or not any(map(is_picture, items)):
        return check_images(images, image_shape), ()
    for index, item in enumerate(items):
        if not is_picture(item):
            kind = type(item).__name__
            raise ImageError(f"images[{index}] is of type {kind}, not a picture; arrays go in a call of their own")
    # A picture without a name of its own is called by its place.
    is_named = [item is images or isinstance(item, str | os.PathLike) for item in items]
    names = [None if named else f"images[{index}]" for index, named in enumerate(is_named)]
    pictures = [
        read_picture(item, image_shape, invert, name, ground=ground) for item, name in zip(items, names, strict=True)
    ]
    return np.stack([picture.pixels for picture in pictures]), tuple(picture.note for picture in pictures)


def check_images(images: Any, image_shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Return an array of images as the signature takes them: [N, H, W], or [N, H, W, C] in colour.

    Raises:
        ImageError: It has another type or shape; the message says what to do.
    """
    try:
        array = np.asarray(images)
    # What is not an array may raise anything in becoming one.
    except Exception as error:
        raise ImageError(f"images must be one array: {first_line(error)}") from error
    if array.dtype != np.uint8:
        raise ImageError(f"images must be uint8 pixels 0..255, got {_describe_values(array)}")
    height, width, channels = image_shape
    single = (height, width) if channels == 1 else image_shape
    if array.shape in (single, image_shape):
        return array.reshape(1, *single)
    if array.shape[1:] in (single, image_shape):
        return array.reshape(len(array), *single)
    ends = [*single] if channels > 1 else [*single, "(1)"]
    raise ImageError(
        f"images must have the shape {list(single)} or [N, {', '.join(map(str, ends))}], got {list(array.shape)}"
        f"{_describe_layout(array.shape, image_shape)}"
    )


def _describe_layout(shape: tuple[int, ...], image_shape: tuple[int, int, int]) -> str:
    """Say how to fix a shape, where that is evident."""
    height, width, channels = image_shape
    if channels == 1 and len(shape) in (1, 2) and shape[-1:] == (height * width,):
        return f"; images.reshape(-1, {height}, {width}) makes images of rows"
    return "; save other sizes as pictures, or give them as Pillow images: Image.fromarray(image)" if shape else ""


def _describe_values(array: NDArray[Any]) -> str:
    """Say what arrived instead of uint8, and how to fix it."""
    if array.dtype.kind == "f" and array.size:
        low, high = float(array.min()), float(array.max())
        if not np.isfinite([low, high]).all():
            return f"{array.dtype} that is not all finite; make whole numbers 0..255 of it"
        pixels = "(images + 1) * 127.5" if low < 0 else "images * 255" if high <= 1 else "images"
        return f"{array.dtype} in {low:g}..{high:g}; np.rint({pixels}).astype(np.uint8) makes pixels of it"
    if array.dtype.kind in "iu":
        return f"{array.dtype}; where all values are 0..255, images.astype(np.uint8) makes pixels of it"
    if array.dtype.kind == "b":
        return f"{array.dtype}; images.astype(np.uint8) * 255 makes pixels of it"
    return f"{one_line(str(array.dtype))[:80]}; make a NumPy array of pixels of it, or give a path or a list of paths"
