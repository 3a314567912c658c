"""Scores of right and wrong: accuracies with an interval, confusions, and what they say of each class."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["ClassScores", "commonest_confusions", "confusion_matrix", "share", "wilson_interval"]


def wilson_interval(num_successes: int, num_trials: int, level: float = 0.95) -> tuple[float, float]:
    """Return where a share would lie over ever more trials of the same kind: an accuracy on other images, say.

    It stays within 0 and 1, and holds the share about as often as it says even near them and for few trials, where the
    share plus and minus 1.96 standard errors does not. Without any trial it is (0, 1).
    Source: Wilson 1927, Probable Inference, the Law of Succession, and Statistical Inference; compared with others by
    Brown, Cai and DasGupta 2001, Interval Estimation for a Binomial Proportion.

    Args:
        num_successes: Such as the images that were classified rightly.
        num_trials: Such as all images, independent of each other.
        level: Chance that the interval holds the share, in (0, 1).

    >>> low, high = wilson_interval(9, 10)
    >>> f"{low:.3f} {high:.3f}"
    '0.596 0.982'
    """
    if num_successes == num_trials == 0:
        return 0.0, 1.0
    # Not SciPy's own, whose import would take the list of models another half second.
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, weight = num_successes / num_trials, z**2 / num_trials
    middle = (share + weight / 2) / (1 + weight)
    half_width = math.sqrt(weight * (share * (1 - share) + weight / 4)) / (1 + weight)
    # Without successes the difference is 0 exactly; without failures the sum is 1 but for rounding.
    return middle - half_width, middle + half_width if share < 1 else 1.0


def confusion_matrix(labels: ArrayLike, class_id: ArrayLike, num_classes: int) -> NDArray[np.int64]:
    """Return how many images of each class were taken for each: int64 [K, K], the true class first.

    Args:
        labels: Integers [N] in 0..K-1, the true classes.
        class_id: Integers [N] in 0..K-1, the predicted ones.
        num_classes: K.

    >>> confusion_matrix([0, 0, 1], [0, 1, 1], 2).tolist()
    [[1, 1], [0, 1]]
    """
    true, predicted = (_class_numbers(ids, num_classes) for ids in (labels, class_id))
    if true.shape != predicted.shape:
        raise ValueError(f"labels and class_id must be as many, got {true.size} and {predicted.size}")
    counts = np.bincount(true * num_classes + predicted, minlength=num_classes**2)
    return counts.reshape(num_classes, num_classes)


def commonest_confusions(matrix: NDArray[np.int64], count: int) -> list[tuple[int, int, int]]:
    """Return true class, predicted class and number of images of at most `count` pairs, the commonest first.

    >>> commonest_confusions(np.array([[5, 1], [2, 7]]), 3)
    [(1, 0, 2), (0, 1, 1)]
    """
    mistakes = matrix - np.diag(np.diag(matrix))
    order = np.argsort(-mistakes, axis=None, kind="stable")[:count]
    pairs = zip(*np.unravel_index(order, matrix.shape), strict=True)
    return [(int(true), int(wrong), int(mistakes[true, wrong])) for true, wrong in pairs if mistakes[true, wrong]]


@dataclass(frozen=True, eq=False)
class ClassScores:
    """How well each class is found and told from the others.

    Attributes:
        support: int64 [K], the images of the class.
        num_predicted: int64 [K], the images that were taken for it.
        precision: float64 [K], the share of `num_predicted` that are of the class.
        recall: float64 [K], the share of `support` that were recognised.
        f1: float64 [K], the harmonic mean of the two; NaN where the class neither occurs nor was predicted.
    """

    support: NDArray[np.int64]
    num_predicted: NDArray[np.int64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]

    @classmethod
    def of(cls, matrix: NDArray[np.int64]) -> "ClassScores":
        """Score the classes of a `confusion_matrix`."""
        right, support, num_predicted = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
        return cls(
            support=support,
            num_predicted=num_predicted,
            precision=share(right, num_predicted),
            recall=share(right, support),
            f1=share(2 * right, support + num_predicted),
        )

    def macro(self, scores: NDArray[np.float64]) -> float:
        """Return the plain mean of `precision`, `recall` or `f1` over the classes that occur or were predicted.

        What is NaN there counts as 0, as in scikit-learn's macro averages: a class that is never found is no success.
        """
        seen = (self.support + self.num_predicted) > 0
        return float(np.nan_to_num(scores[seen]).mean())


def share(part: NDArray[np.int64] | NDArray[np.float64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return part / whole, NaN where the whole is 0."""
    return np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)


def _class_numbers(ids: ArrayLike, num_classes: int) -> NDArray[np.int64]:
    numbers = np.asarray(ids)
    if numbers.dtype.kind not in "iu" or numbers.ndim != 1:
        raise ValueError(f"classes must be a list of integers, got {numbers.dtype} {list(numbers.shape)}")
    if numbers.size and not (numbers.min() >= 0 and numbers.max() < num_classes):
        raise ValueError(f"classes must be in 0..{num_classes - 1}, got {numbers.min()}..{numbers.max()}")
    return numbers.astype(np.int64)
