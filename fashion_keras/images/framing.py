"""An item in its frame: told from its ground, the ground black, the margins off, the whole at a model's size.

The makers of Fashion-MNIST cut off the edges whose colour was within 5 % of the corners', shrank what was left until
its longer side had 28 pixels, put it in the middle, and negated it, so that their light ground is black.
Source: Xiao, Rasul and Vollgraf 2017, Fashion-MNIST, section 2, https://arxiv.org/abs/1708.07747.
"""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray
from PIL import Image, ImageOps

__all__ = ["Relief", "border", "fit", "has_plain_ground", "measure_relief"]

_CLOSE = 13  # 5 % of the range
_UNEVEN = 32  # levels by which the light on a plain ground may differ from its median
_MOSTLY_PLAIN_SHARE = 0.75  # of the border; below it the ground itself is uneven
_GLANCE = 112  # pixels of the longer side in which the item is looked for: a speck or grain is averaged away
_BAND = 1 / 28  # of the sides, taken together at the border: their median is free of grain
_SMOOTH = 1 / 7  # of the sides, along the border, likewise
_SAME = 8  # levels within which a pixel is of the ground
_NOISE = (
    2.5  # robust standard deviations of the ground from which on something stands out, and at least so many levels:
)
_FAINTEST = 6
_STEEP = 2  # levels a pixel along the ground, above which it is not light that changes but the ground
_SHADOW = 0.4  # of the height of the item's edges, below which it is a shadow or dirt
_BLACK = 0.7  # of the height from which on something is of the item, which becomes black: its edge is soft
_PART = 0.02  # of the largest connected part; smaller ones are specks
_TOP = 240, 98  # level of the data set's brightest pixels, and the percentile of the item's pixels that gets it
_SMALLEST = 8  # times smaller than the picture an item may be on its longer side; what is smaller is a speck
_RECTANGLE_SHARE = 0.98  # of its margins' inside: without its ground such an item would have no outline
_FULL = 0.9  # of the picture's longer side: an item that is as long fills it


def border(levels: Image.Image) -> NDArray[np.uint8]:
    """Return the outermost pixels: uint8 [B], or [B, 3] in colour."""
    pixels = np.asarray(levels)
    return np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])


def fit(levels: Image.Image, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a picture at another width and height, whole and in the middle, with its sides filled like its border."""
    if levels.size == size:
        return np.asarray(levels)
    filling = tuple(int(level) for level in np.median(border(levels), axis=0).reshape(-1))
    return np.asarray(ImageOps.pad(levels, size, color=filling[0] if levels.mode == "L" else filling))


def has_plain_ground(levels: Image.Image) -> bool:
    """Whether most of a grey picture's border is nearly of one level, or black; an item may reach to it."""
    around = border(_shrink(levels))
    median = np.median(around)
    return bool(median <= _CLOSE or (np.abs(around - median) <= _UNEVEN).mean() >= _MOSTLY_PLAIN_SHARE)


@dataclass(frozen=True)
class Relief:
    """Heights of a small copy of a grey picture above its ground; `measure_relief` makes it.

    Attributes:
        heights: float64 [H, W], in levels; negative where the picture is darker than its ground.
        edges: float64 [H, W]: how steep they are, less towards the border; soft shadows have hardly any.
        noise: Levels that the ground's own grain may reach.
        ground: The ground's median level.
        steps: float64 [H, W]: levels by which the ground changes at once, as at a horizon, where an item does not.
    """

    heights: NDArray[np.float64]
    edges: NDArray[np.float64]
    noise: float
    ground: float
    steps: NDArray[np.float64]

    @property
    def contrast(self) -> float:
        """By how many levels the edges of what stands out are above the ground; negative where below, 0 for nothing."""
        over = np.sign(self.heights) * np.maximum(np.abs(self.heights) - self.noise, 0)
        # Nothing is darker than black, nor lighter than white.
        low, high = 0 if self.ground <= _CLOSE else -255, 0 if self.ground >= 255 - _CLOSE else 255
        return _average(np.clip(over, low, high), self.edges)

    def draw_item(self, size: tuple[int, int], is_light: bool) -> NDArray[np.uint8] | None:
        """Return the item at a width and height, light on black and without margins.

        Args:
            size: Width and height.
            is_light: Whether the item is lighter than its ground.

        Returns:
            uint8 [H, W]; None where nothing can be told from the ground, or nothing would be left to see. Nor is what
            fills a picture on black drawn anew: it is framed as the data set's own images are.
        """
        heights, steps = (self.heights, self.steps) if is_light else (-self.heights, -self.steps)
        # What is lower than the item's edges by far is a shadow, or dirt.
        is_black = (self.ground if is_light else 255 - self.ground) <= _CLOSE
        shadow = 0 if is_black else _SHADOW * _average(heights, np.where(heights > self.noise, self.edges, 0))
        lowest = max(self.noise, shadow)
        shown = _without_specks(heights, lowest)
        box = next(iter(scipy.ndimage.find_objects(shown.astype(np.uint8))), None)
        if box is None or not _has_outline(shown, box):
            return None
        if is_black and max(shown[box].shape) >= _FULL * max(shown.shape):
            return None
        level, percentile = _TOP
        black = _BLACK * lowest
        heights = heights + steps - steps[shown].mean()
        scale = level / max(np.percentile(heights[shown], percentile) - black, 1)
        drawn = np.where(scipy.ndimage.binary_dilation(shown, iterations=2), (heights - black) * scale, 0)
        return np.asarray(ImageOps.pad(Image.fromarray(np.clip(drawn[box], 0, 255).astype(np.uint8)), size, color=0))


def measure_relief(levels: Image.Image) -> Relief:
    """Return what stands out of a grey picture from its ground, which may be lighter at one side or have a horizon."""
    pixels = np.asarray(_shrink(levels)).astype(np.float64)
    ground = float(np.median(np.concatenate(_sides(pixels))))
    grounds = np.full_like(pixels, ground), _coons_patch(pixels)
    lit = max(grounds, key=lambda levels: _share_of_ground(pixels - levels))
    heights = pixels - lit
    steepness = scipy.ndimage.gaussian_gradient_magnitude(pixels, 1.0)
    down, along = (np.abs(np.linspace(-1, 1, count)) for count in pixels.shape)
    near_centre = np.clip(1.2 - np.maximum.outer(down, along), 0, 1)
    deviation = 1.4826 * float(np.median(np.abs(np.concatenate(_sides(heights)))))
    edges = np.maximum(steepness - np.median(steepness), 0) * near_centre
    return Relief(heights, edges, max(_FAINTEST, _NOISE * deviation), ground, _steps(lit))


def _shrink(levels: Image.Image) -> Image.Image:
    return levels.reduce(-(-max(levels.size) // _GLANCE))


def _average(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    return float((weights * values).sum() / max(weights.sum(), 1e-9))


def _share_of_ground(heights: NDArray[np.float64]) -> float:
    return float((np.abs(heights) <= _SAME).mean())


def _sides(pixels: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return the levels along the top, the bottom, the left and the right side."""
    width = math.ceil(_BAND * max(pixels.shape))
    across = pixels[:width], pixels[-width:], pixels[:, :width].T, pixels[:, -width:].T
    return [np.median(band, axis=0) for band in across]


def _coons_patch(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the levels of a ground that runs smoothly between the four sides; where an item reaches them, it streaks.

    Source: Coons 1967, Surfaces for computer-aided design of space forms, MIT: the bilinearly blended patch.
    """
    length = 2 * int(_SMOOTH / 2 * max(pixels.shape)) + 1
    top, bottom, left, right = (scipy.ndimage.median_filter(side, length, mode="nearest") for side in _sides(pixels))
    down, along = (np.linspace(0, 1, count) for count in pixels.shape)
    down, left, right = down[:, np.newaxis], left[:, np.newaxis], right[:, np.newaxis]
    between = (1 - down) * top + down * bottom
    # At a corner two sides end: the mean of both is taken.
    left = (left - between[:, :1] + left - _line(left, down)) / 2
    right = (right - between[:, -1:] + right - _line(right, down)) / 2
    return between + (1 - along) * left + along * right


def _steps(ground: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what changes at once of a ground's levels, from row to row and from column to column."""
    down, along = (np.diff(ground.mean(axis=1 - axis), prepend=np.nan) for axis in (0, 1))
    down, along = (np.cumsum(np.where(np.abs(change) > _STEEP, change, 0)) for change in (down, along))
    return down[:, np.newaxis] + along


def _line(side: NDArray[np.float64], down: NDArray[np.float64]) -> NDArray[np.float64]:
    return (1 - down) * side[0] + down * side[-1]


def _without_specks(heights: NDArray[np.float64], lowest: float) -> NDArray[np.bool_]:
    """Return where something is as high as the item, but for connected parts of which each is far less than another."""
    parts, count = scipy.ndimage.label(heights > lowest, np.ones((3, 3)))
    volumes = scipy.ndimage.sum_labels(heights, parts, np.arange(count + 1))
    return (parts > 0) & (volumes >= _PART * volumes[1:].max(initial=0))[parts]


def _has_outline(shown: NDArray[np.bool_], box: tuple[slice, slice]) -> bool:
    """Whether an item without its ground is to be told from a speck and from a rectangle."""
    inside = shown[box]
    return bool(max(inside.shape) * _SMALLEST >= max(shown.shape) and inside.mean() < _RECTANGLE_SHARE)
