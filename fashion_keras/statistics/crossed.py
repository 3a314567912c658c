"""The second noise: other test images. Seeds and images are crossed, every run being tested on the same images."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from fashion_keras.statistics.intervals import MeanInference

__all__ = ["CrossedEstimate", "clip_difference", "compare_correct", "crossed_mean"]


@dataclass(frozen=True)
class CrossedEstimate:
    """A mean over seeds and images, with an interval for each of two questions.

    Attributes:
        mean: over all seeds and images; a fraction.
        on_this_test_set: interval for other seeds, tested on these very images; None for one seed.
        on_new_images: interval for other seeds and other test images of the same kind, never the narrower; None for one
            seed.
        seed_error: standard error from seeds, and from what happens between seed and image; NaN for one seed.
        image_error: standard error from the choice of images; NaN for one seed. The errors add in squares.
    """

    mean: float
    on_this_test_set: tuple[float, float] | None
    on_new_images: tuple[float, float] | None
    seed_error: float
    image_error: float


def compare_correct(arm: ArrayLike, baseline: ArrayLike, level: float = 0.95) -> CrossedEstimate:
    """Return the difference of two arms' accuracies, on this test set and on new images.

    Args:
        arm: bool [num_seeds, num_images], whether the run of that seed got that image right; or float in [0, 1], in
            which share of its scored epochs (`scores.share_correct`).
        baseline: the same for the baseline: same seeds, same images, same order.
        level: of both intervals.

    Raises:
        ValueError: for numbers outside [0, 1], and for shapes that differ.

    >>> import numpy as np
    >>> arm = np.array([[True, True, True, True], [True, True, True, True]])
    >>> baseline = np.array([[True, False, True, True], [True, False, True, True]])
    >>> compare_correct(arm, baseline).mean
    0.25
    """
    first, second = _check_correct(arm), _check_correct(baseline)
    if first.shape != second.shape:
        raise ValueError(f"arm and baseline must have one shape, got {first.shape} and {second.shape}")
    found = crossed_mean(first - second, level)
    this_test_set, new_images = clip_difference(found.on_this_test_set), clip_difference(found.on_new_images)
    return replace(found, on_this_test_set=this_test_set, on_new_images=new_images)


def _check_correct(correct: ArrayLike) -> NDArray[np.int8 | np.float32]:
    """Return what was right as numbers that can be subtracted: bits as int8, shares as float32."""
    table = np.asarray(correct)
    if table.ndim != 2 or table.dtype.kind not in "bf" or not ((table >= 0.0) & (table <= 1.0)).all():
        raise ValueError(
            f"what was right must be bool or float in [0, 1], [num_seeds, num_images], got {table.dtype} {table.shape}"
        )
    return table.astype(np.int8 if table.dtype == np.bool_ else np.float32)


def clip_difference(interval: tuple[float, float] | None) -> tuple[float, float] | None:
    """Return an interval of a difference of accuracies within -1 and 1, the most that two of them can differ by.

    Few seeds, one of which failed, give intervals that reach beyond. Intervals are not clipped where they are made:
    losses have them too.
    """
    return None if interval is None else (max(-1.0, interval[0]), min(1.0, interval[1]))


def crossed_mean(values: ArrayLike, level: float = 0.95) -> CrossedEstimate:
    """Return the mean of a table of seeds by images, on these images and on new ones.

    The model is value = mean + seed + image + rest, all random. The mean's variance has three parts: seeds / S,
    images / I and rest / (S I). The spread of the per-seed means holds the first and the last, and is all that matters
    on this test set. On new images the middle one is added, estimated from the two-way analysis of variance. Each end
    of that interval lies sqrt(a^2 + b^2) from the mean, where a is the distance of the end for this test set and b the
    image error times the normal quantile. Welch and Satterthwaite's degrees of freedom cover nearly as well, but can
    give an interval that is narrower than the seeds' alone.

    Measured coverage at 95 % in simulated crossed designs of classifiers of 88 %: 96 to 98 % at 5 and 10 seeds, where
    the interval for this test set covers the difference on new images in as few as 71 % (docs/statistics-evidence.md).

    What it does not cover: other training images. The runs share the 60,000, and nothing here can say how a difference
    would change with another such collection; nor does it cover images of another kind than the test set's.

    Sources: variance components, Searle, Casella and McCulloch 1992, chapter 4; adding squared distances, Zou and
    Donner 2008, Construction of Confidence Limits about Effect Measures; why both noises, Owen 2007, The Pigeonhole
    Bootstrap.

    Args:
        values: number or bool [num_seeds, num_images]; right or wrong for one arm, -1 to 1 for a difference.
        level: of both intervals.
    """
    table = np.asarray(values)
    if table.ndim != 2 or table.shape[0] < 1 or table.shape[1] < 2:
        raise ValueError(f"values must be [num_seeds, at least 2 images], got shape {table.shape}")
    seed_means = table.mean(axis=1, dtype=np.float64)
    mean = float(seed_means.mean())
    if table.shape[0] == 1:
        return CrossedEstimate(mean, None, None, float("nan"), float("nan"))
    inference = MeanInference.of(seed_means[None])
    low, high = (float(end[0]) for end in inference.interval(level))
    image_error = _image_error(table, seed_means)
    reach = -float(special.ndtri((1.0 - level) / 2.0)) * image_error
    new_images = (mean - float(np.hypot(mean - low, reach)), mean + float(np.hypot(high - mean, reach)))
    return CrossedEstimate(mean, (low, high), new_images, float(inference.standard_error[0]), image_error)


def _image_error(table: NDArray[np.generic], seed_means: NDArray[np.float64]) -> float:
    """Return the standard error of the mean from the choice of images: sqrt(image variance / num_images).

    Image variance is (mean square of images - mean square of the rest) / num_seeds; below 0 it counts as 0.
    """
    num_seeds, num_images = table.shape
    mean = seed_means.mean()
    image_means = table.mean(axis=0, dtype=np.float64)
    squares = float(np.square(table, dtype=np.float64).sum()) - table.size * mean**2
    seed_squares = num_images * float(np.square(seed_means - mean).sum())
    image_squares = num_seeds * float(np.square(image_means - mean).sum())
    rest = (squares - seed_squares - image_squares) / ((num_seeds - 1) * (num_images - 1))
    variance = (image_squares / (num_images - 1) - rest) / num_seeds
    return float(np.sqrt(max(0.0, variance) / num_images))
