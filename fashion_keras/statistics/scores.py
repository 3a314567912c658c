"""Scores: what of a run's epochs counts as its accuracy, the last epoch or the mean of the last share of them."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["num_scored_epochs", "score", "share_correct"]


def num_scored_epochs(num_epochs: int, share: float) -> int:
    """Return how many epochs the last `share` of them are, at least one.

    >>> [num_scored_epochs(50, share) for share in (0.0, 0.1, 1.0)]
    [1, 5, 50]
    """
    if num_epochs < 1 or not 0.0 <= share <= 1.0:
        raise ValueError(f"share must be in [0, 1] of one epoch or more, got {share} of {num_epochs}; 0.1 is a tenth")
    return max(1, math.ceil(share * num_epochs - 1e-9))


def score(accuracies: ArrayLike, share: float) -> float:
    """Return the mean accuracy of the last `share` of the epochs; 0 is the last epoch alone.

    Over the published arms, the mean of the last tenth has 0.42 of the variance that the last epoch has between seeds,
    in the median: 2.4 times fewer seeds decide as much. It is another quantity than the last epoch's accuracy, so it is
    declared with the experiment, never chosen after looking.

    Args:
        accuracies: float [epochs], one per epoch, fractions.
        share: in [0, 1].
    """
    row = np.asarray(accuracies, dtype=np.float64)
    return float(row[-num_scored_epochs(row.size, share) :].mean())


def share_correct(correct: ArrayLike) -> NDArray[np.float32]:
    """Return in which share of the scored epochs each image was right, float32 [images], as `compare_correct` takes it.

    Args:
        correct: bool [scored epochs, images].

    >>> share_correct([[True, False], [True, True]]).tolist()
    [1.0, 0.5]
    """
    table = np.asarray(correct)
    if table.dtype != np.bool_ or table.ndim != 2 or not table.size:
        raise ValueError(f"correct must be bool [scored epochs, images], got {table.dtype} {table.shape}")
    return table.mean(axis=0, dtype=np.float32)
