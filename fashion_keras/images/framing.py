"""An item in its frame: the ground black, the margins off, the whole at a model's size.

The makers of Fashion-MNIST cut off the edges whose colour was within 5 % of the corners', shrank what was left until
its longer side had 28 pixels, put it in the middle, and negated it, so that their light ground is black.
Source: Xiao, Rasul and Vollgraf 2017, Fashion-MNIST, section 2, https://arxiv.org/abs/1708.07747.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

__all__ = ["border", "contrast_to_ground", "fit", "fit_item", "has_plain_ground"]

_CLOSE = 13  # 5 % of the range
_UNEVEN = 32  # levels by which the light on a plain ground may differ from its median
_PLAIN_SHARE = 0.9  # of the border; the rest may be an item that reaches to it
_MOSTLY_PLAIN_SHARE = 0.75  # of the border; below it the ground itself is uneven
_DETAIL = 4  # pixels in which margins are told from the item, by pixel of the model: a speck or grain is averaged away
_GLANCE = 112  # pixels of the longer side in which the ground is looked at
_SMALLEST = 8  # times smaller than the picture an item may be on its longer side; what is smaller is a speck
_RECTANGLE_SHARE = 0.98  # of its margins' inside: without its ground such an item would have no outline
_FULL = 0.9  # of the picture's longer side: an item that is as long fills it


def border(levels: Image.Image) -> NDArray[np.uint8]:
    """Return the outermost pixels: uint8 [B], or [B, 3] in colour."""
    return _edge(np.asarray(levels))


def _edge(pixels: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])


def fit(levels: Image.Image, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a picture at another width and height, whole and in the middle, with its sides filled like its border."""
    if levels.size == size:
        return np.asarray(levels)
    filling = tuple(int(level) for level in np.median(border(levels), axis=0).reshape(-1))
    return np.asarray(ImageOps.pad(levels, size, color=filling[0] if levels.mode == "L" else filling))


def contrast_to_ground(levels: Image.Image) -> float | None:
    """Return by how many levels what stands out from a plain ground is lighter than it, negative where it is darker.

    Returns:
        The mean difference in levels; None where the ground is not plain, or nothing stands out.
    """
    pixels = np.asarray(levels.reduce(max(1, max(levels.size) // _GLANCE))).astype(np.int16)
    differences = pixels - np.median(_edge(pixels))
    shown = differences[np.abs(differences) > _UNEVEN]
    is_plain = _even_share(_edge(pixels)) >= _PLAIN_SHARE
    return float(shown.mean()) if is_plain and shown.size else None


def has_plain_ground(levels: Image.Image) -> bool:
    """Whether most of a grey picture's border is nearly of one level, or black; an item may reach to it."""
    around = border(levels.reduce(max(1, max(levels.size) // _GLANCE)))
    return bool(np.median(around) <= _CLOSE or _even_share(around) >= _MOSTLY_PLAIN_SHARE)


def _even_share(around: NDArray[Any]) -> float:
    return float((np.abs(around - np.median(around)) <= _UNEVEN).mean())


def fit_item(levels: Image.Image, size: tuple[int, int]) -> NDArray[np.uint8] | None:
    """Return a grey picture of a light item at another width and height, its plain ground black and its margins off.

    Returns:
        uint8 [H, W]; None where the ground is not plain, or there would be nothing to see.
    """
    # Margins are looked for in a small copy, which has less grain.
    factor = max(1, max(levels.size) // (_DETAIL * max(size)))
    small = levels.reduce(factor)
    around = border(small)
    plain = np.abs(around - np.median(around)) <= _UNEVEN
    if plain.mean() < _PLAIN_SHARE:
        return None
    black = int(around[plain].max())
    shown = np.asarray(_darken(small, black)) > _CLOSE
    item = np.argwhere(shown)
    if not len(item):
        return None
    if shown[slice(*_span(item[:, 0])), slice(*_span(item[:, 1]))].mean() >= _RECTANGLE_SHARE:
        return None
    (top, left), (bottom, right) = item.min(axis=0) * factor, (item.max(axis=0) + 1) * factor
    length = max(right - left, bottom - top)
    # What fills a picture on black ground is framed as the data set's own images are, and stays as it is.
    if length * _SMALLEST < max(levels.size) or (np.median(around) <= _CLOSE and length >= _FULL * max(levels.size)):
        return None
    box = (int(left), int(top), min(int(right), levels.width), min(int(bottom), levels.height))
    return np.asarray(ImageOps.pad(_darken(levels.crop(box), black), size, color=0))


def _span(places: NDArray[np.int64]) -> tuple[int, int]:
    return int(places.min()), int(places.max()) + 1


def _darken(levels: Image.Image, black: int) -> Image.Image:
    """Return a grey picture in which a level and all below it are black, and 255 stays."""
    scale = 255 / max(255 - black, 1)
    return levels.point([round(max(0, level - black) * scale) for level in range(256)])
