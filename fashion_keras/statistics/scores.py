"""Scores: what of a run's epochs counts as its accuracy, the last epoch or the mean of the last share of them."""

import math

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["score"]


def score(accuracies: ArrayLike, share: float) -> float:
    """Return the mean accuracy of the last `share` of the epochs, rounded up; 0 is the last epoch alone.

    Over the published arms, the mean of the last tenth has 0.42 of the variance that the last epoch has between seeds,
    in the median: 2.4 times fewer seeds decide as much. It is another quantity than the last epoch's accuracy, so it is
    declared with the experiment, never chosen after looking.

    Args:
        accuracies: float [epochs], one per epoch, fractions.
        share: in [0, 1].

    >>> score([0.1, 0.2, 0.8, 0.9], 0.0), score([0.1, 0.2, 0.75, 0.85], 0.5)
    (0.9, 0.8)
    """
    row = np.asarray(accuracies, dtype=np.float64)
    if not row.size or not 0.0 <= share <= 1.0:
        raise ValueError(f"share must be in [0, 1] of one epoch or more, got {share} of {row.size}; 0.1 is a tenth")
    return float(row[-max(1, math.ceil(share * row.size - 1e-9)) :].mean())
