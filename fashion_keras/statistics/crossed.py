"""The second noise: other test images. Seeds and images are crossed, every run being tested on the same images."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

__all__ = ["image_error", "new_images_interval"]


def new_images_interval(
    interval: tuple[float, float], arm: ArrayLike, baseline: ArrayLike, level: float = 0.95
) -> tuple[float, float]:
    """Return an interval of the difference of two arms' accuracies that holds for new images, too: never the narrower.

    The model is value = mean + seed + image + rest, all random. The mean's variance has three parts: seeds / S,
    images / I and rest / (S I). The spread of the per-seed means holds the first and the last, and is all that matters
    on this test set. On new images the middle one is added, estimated from the two-way analysis of variance. Each end
    lies sqrt(a^2 + b^2) from the mean, where a is the distance of the end for this test set and b the image error times
    the normal quantile; no end leaves what accuracies can differ by. docs/statistics-evidence.md has its coverage. What
    it does not cover: other training images, which all runs share, and images of another kind.

    Sources: variance components, Searle, Casella and McCulloch 1992, chapter 4; adding squared distances, Zou and
    Donner 2008, Construction of Confidence Limits about Effect Measures; why both noises, Owen 2007, The Pigeonhole
    Bootstrap.

    Args:
        interval: of the same difference on this test set.
        arm: bool [num_seeds, num_images], whether the run of that seed got that image right; or a score in [0, 1].
        baseline: the same for the baseline: same seeds, same images, same order.
        level: of both intervals.

    Raises:
        ValueError: for numbers outside [0, 1], and for shapes that differ.
    """
    first, second = _check_correct(arm), _check_correct(baseline)
    if first.shape != second.shape:
        raise ValueError(f"arm and baseline must have one shape, got {first.shape} and {second.shape}")
    mean = float(first.mean(dtype=np.float64) - second.mean(dtype=np.float64))
    reach = -float(special.ndtri((1.0 - level) / 2.0)) * image_error(first - second)
    low, high = (float(np.hypot(mean - end, reach)) for end in interval)
    reference = float(second.mean(dtype=np.float64))
    return max(mean - low, -reference), min(mean + high, 1.0 - reference)


def _check_correct(correct: ArrayLike) -> NDArray[np.int8 | np.float32]:
    """Return what was right as numbers that can be subtracted: bits as int8, shares as float32."""
    table = np.asarray(correct)
    if table.ndim != 2 or table.dtype.kind not in "bf" or not ((table >= 0.0) & (table <= 1.0)).all():
        raise ValueError(
            f"what was right must be bool or float in [0, 1], [num_seeds, num_images], got {table.dtype} {table.shape}"
        )
    return table.astype(np.int8 if table.dtype == np.bool_ else np.float32)


def image_error(values: ArrayLike) -> float:
    """Return the standard error of a mean from the choice of images: sqrt(image variance / num_images).

    Image variance is (mean square of images - mean square of the rest) / num_seeds; below 0 it counts as 0.

    Args:
        values: number [num_seeds, num_images], two of each at least: -1 to 1 for a difference.

    >>> float(image_error([[1, 0], [1, 0]]))
    0.5
    """
    table: NDArray[np.generic] = np.asarray(values)
    num_seeds, num_images = table.shape
    seed_means, image_means = (table.mean(axis=axis, dtype=np.float64) for axis in (1, 0))
    mean = seed_means.mean()
    squares = float(np.square(table, dtype=np.float64).sum()) - table.size * mean**2
    seed_squares = num_images * float(np.square(seed_means - mean).sum())
    image_squares = num_seeds * float(np.square(image_means - mean).sum())
    rest = (squares - seed_squares - image_squares) / ((num_seeds - 1) * (num_images - 1))
    variance = (image_squares / (num_images - 1) - rest) / num_seeds
    return float(np.sqrt(max(0.0, variance) / num_images))
