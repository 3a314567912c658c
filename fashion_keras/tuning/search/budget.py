"""Best of k trials: what a budget of trials buys, and how much of it is luck. NumPy only."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["BestOfK", "best_of_k", "best_so_far"]


@dataclass(frozen=True)
class BestOfK:
    """The best value of 1, 2, ... n trials that are drawn anew from the n that were made.

    Attributes:
        mean: float64 [n].
        low, high: The middle 95 % of the draws, float64 [n].
    """

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def best_so_far(values: ArrayLike) -> NDArray[np.float64]:
    """Return the highest of the first 1, 2, ... n values, float64 [n]."""
    return np.maximum.accumulate(np.asarray(values, np.float64))


def best_of_k(values: ArrayLike) -> BestOfK:
    """Return what the best of k trials is expected to be, and where it lies 95 times of 100.

    The bootstrap over the trials, without drawing: of n values in order, the best of k drawn with replacement is at
    most the i-th with probability (i / n)^k (Dodge et al. 2019, Show Your Work, section 3.1). It holds for trials that
    are drawn independently, as in random search.

    Args:
        values: One a trial, float [n], n at least 1; the higher the better.
    """
    ordered = np.sort(np.asarray(values, np.float64))
    count = len(ordered)
    budgets = np.arange(1, count + 1)[:, np.newaxis]
    at_most = (np.arange(count + 1) / count) ** budgets  # [k, i]: the best of k is at most the i-th
    mean = np.diff(at_most, axis=1) @ ordered
    low, high = (ordered[np.argmax(at_most[:, 1:] >= share - 1e-12, axis=1)] for share in (0.025, 0.975))
    return BestOfK(mean, low, high)
