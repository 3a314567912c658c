"""Remedies for arrays of other types and shapes than a data set has: one NumPy expression each, that is enough."""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fashion_keras.data.checks import MIN_LEVELS
from fashion_keras.data.idx import by

__all__ = ["Header", "find_image_problems", "find_label_problems"]

Sample = Callable[[str], NDArray[Any]]
"""Returns the first values of an array by its name, flat."""

_DEPTHS = (10, 12, 14, 16)


class Header(NamedTuple):
    """An array's header, and how many bytes it takes itself; of `is_fortran` the first dimension runs fastest."""

    shape: tuple[int, ...]
    is_fortran: bool
    dtype: np.dtype[Any]
    num_bytes: int


def find_image_problems(headers: Mapping[str, Header], sample: Sample) -> list[str]:
    """Return what is wrong with the types and shapes of images, a line for each array, with what makes it right.

    Args:
        headers: Of the images of training and test, by name.
        sample: Reads values.
    """
    wrong = [key for key, header in headers.items() if header.dtype != np.uint8]
    low, high = _range_of([sample(key) for key in wrong])
    problems = []
    for key, header in headers.items():
        turned, hint = _fix_shape(key, header.shape)
        if key in wrong:
            problems.append(_describe_values(key, header.dtype, low, high, turned))
        elif hint:
            problems.append(f"{key} is {by(header.shape)}; expected count x height x width (x 1 or 3 colours); {hint}")
    return problems


def find_label_problems(headers: Mapping[str, Header], sample: Sample) -> list[str]:
    """Return what is wrong with the types and shapes of labels, a line for each array; arguments as for images."""
    return [text for key, header in headers.items() if (text := _describe_labels(key, header, sample))]


def _range_of(arrays: list[NDArray[Any]]) -> tuple[float, float]:
    """Return the lowest and the highest value of numbers; NaN where there is none, or one is not finite."""
    numbers = [array for array in arrays if array.dtype.kind in "iuf"]
    if not numbers:
        return math.nan, math.nan
    low, high = min(float(array.min()) for array in numbers), max(float(array.max()) for array in numbers)
    return (low, high) if math.isfinite(low) and math.isfinite(high) else (math.nan, math.nan)


def _describe_values(key: str, dtype: np.dtype[Any], low: float, high: float, turned: str) -> str:
    text = f"{key} is {dtype}; pixels must be uint8, 0 to 255; "
    if dtype.kind == "b":
        return f"{text}{turned}.astype(np.uint8) * 255 makes them"
    if dtype.kind not in "iuf":
        return f"{text}save it as numbers"
    if math.isnan(low):
        return f"{text}it has values that are not finite: find out where they come from"
    if low == high:
        return f"{text}every value is {low:g}: it shows nothing"
    return f"{text}its values go from {low:g} to {high:g}: {_scaled(turned, dtype, low, high)} makes them"


def _scaled(key: str, dtype: np.dtype[Any], low: float, high: float) -> str:
    """Return the expression that brings values to 0..255."""
    is_float = dtype.kind == "f"
    if is_float and low >= 0 and high <= 1:
        return f"np.rint({key} * 255).astype(np.uint8)"
    if is_float and -1 <= low < 0 and high <= 1:
        return f"np.rint(({key} + 1) * 127.5).astype(np.uint8)"
    if low >= 0 and high <= 255 and high - low >= MIN_LEVELS:
        return f"np.rint({key}).astype(np.uint8)" if is_float else f"{key}.astype(np.uint8)"
    depth = next((bits for bits in _DEPTHS if high < 2**bits), None)
    if low >= 0 and high > 255 and depth:
        return f"np.rint({key} * (255 / {2**depth - 1})).astype(np.uint8)"
    return f"np.rint(({key} - {low:g}) * (255 / {high - low:g})).clip(0, 255).astype(np.uint8)"


def _fix_shape(key: str, shape: tuple[int, ...]) -> tuple[str, str]:
    """Return the expression of the array in a right shape, and a hint; its name and nothing where none is clear."""
    side = math.isqrt(shape[1]) if len(shape) == 2 else 0
    if side > 1 and side * side == shape[1]:
        expression = f"{key}.reshape(-1, {side}, {side})"
        return expression, f"{expression} makes images of rows"
    if len(shape) == 4 and shape[3] not in (1, 3) and shape[1] in (1, 3):
        expression = f"np.moveaxis({key}, 1, -1)"
        return expression, f"{expression} puts colours last"
    if len(shape) == 4 and shape[3] == 4:
        return f"{key}[..., :3]", f"{key}[..., :3] leaves out the transparency"
    return key, ""


def _describe_labels(key: str, header: Header, sample: Sample) -> str:
    """Return what is wrong with labels, or nothing."""
    is_list = len(header.shape) < 2 or header.shape[1:] == (1,)
    kind = header.dtype.kind
    if len(header.shape) == 2 and not is_list and kind in "iufb":
        return f"{key} is {by(header.shape)}; of one-hot labels, np.argmax({key}, axis=1) makes ids"
    if kind in "iuUS":
        return ""
    text = f"{key} is {header.dtype}; labels must be whole numbers or text; "
    values = sample(key) if kind in "fb" else np.zeros(0)
    if kind not in "fb" or not np.all(np.isfinite(values)):
        return f"{text}save it as whole numbers"
    if np.any(values != np.rint(values)):
        return f"{text}{values[values != np.rint(values)][0]:g} is no class: number the classes from 0"
    return f"{text}{key}.astype(np.int64) makes numbers of them"
