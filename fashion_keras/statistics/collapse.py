"""Collapse: runs that fail outright, apart from the difference among the others."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from fashion_keras.statistics.intervals import ROUNDING

__all__ = ["Collapse", "Share", "collapsed", "compare_collapse", "hodges_lehmann", "share_interval"]

DEPTH = 0.10
"""A run over 10 points below its arm's median has collapsed."""

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Share:
    """How many of some runs, and the interval of the chance behind it.

    Attributes:
        count, total: of so many runs so many.
        interval: exact, of Clopper and Pearson 1934.
    """

    count: int
    total: int
    interval: tuple[float, float]

    @classmethod
    def of(cls, count: int, total: int, level: float = 0.95) -> "Share":
        """Return the share of `count` in `total` with its interval at `level`.

        >>> low, high = Share.of(10, 10).interval
        >>> f"{low:.2f} {high:.0f}"
        '0.69 1'
        """
        return cls(count, total, share_interval(count, count, total, level))


@dataclass(frozen=True)
class Collapse:
    """What becomes of a comparison in which runs collapsed or diverged: a share for each arm, the others' difference.

    Attributes:
        arm, baseline: the share of their runs that collapsed.
        num_others: seeds on which neither did.
        difference: Hodges-Lehmann estimate of arm minus baseline over these; None where there are none.
        interval: of that difference; None where so few seeds promise less than the level.
    """

    arm: Share
    baseline: Share
    num_others: int
    difference: float | None
    interval: tuple[float, float] | None


def share_interval(fewest: int, most: int, total: int, level: float = 0.95) -> tuple[float, float]:
    """Return the interval, at `level`, of the chance behind `fewest` to `most` (by what counts as half) of `total`."""
    tail = (1.0 - level) / 2.0
    low = float(special.betaincinv(fewest, total - fewest + 1, tail)) if fewest else 0.0
    high = float(special.betaincinv(most + 1, total - most, 1.0 - tail)) if most < total else 1.0
    return low, high


def collapsed(values: ArrayLike) -> NDArray[np.bool_]:
    """Return which runs lie over 10 points below the median of all, bool [n].

    Args:
        values: float [n], accuracies of one arm as fractions.

    >>> collapsed([0.88, 0.10, 0.87]).tolist()
    [False, True, False]
    """
    row = np.asarray(values, dtype=np.float64)
    return np.asarray(row < np.median(row) - DEPTH)


def compare_collapse(arm: ArrayLike, baseline: ArrayLike, level: float = 0.95) -> Collapse | None:
    """Return what an arm and its baseline say where runs collapsed; None where none did.

    A mean over runs of which some collapsed has an interval that promises too much: with one run in ten it held the
    true mean in two of three simulated tables. So the two questions are asked apart: how often, and how the others
    differ.

    Args:
        arm: float [n], accuracies as fractions, entry i of both from the same seed. Where runs are infinite, for they
            diverged, it is these that collapsed, and the values are of any kind.
        baseline: float [n].
        level: of all intervals.
    """
    first, second = np.asarray(arm, dtype=np.float64), np.asarray(baseline, dtype=np.float64)
    lost = ~np.isfinite(first), ~np.isfinite(second)
    failed = lost if np.any(lost) else (collapsed(first), collapsed(second))
    if not (failed[0].any() or failed[1].any()):
        return None
    others = first[~failed[0] & ~failed[1]] - second[~failed[0] & ~failed[1]]
    difference, interval = hodges_lehmann(others, level) if others.size else (None, None)
    arm_share, baseline_share = (Share.of(int(runs.sum()), runs.size, level) for runs in failed)
    return Collapse(arm_share, baseline_share, others.size, difference, interval)


def hodges_lehmann(values: ArrayLike, level: float = 0.95) -> tuple[float, tuple[float, float] | None]:
    """Return the median of all means of two values, and the interval that Wilcoxon's signed ranks give it.

    Sources: Hodges and Lehmann 1963, Estimates of Location Based on Rank Tests; the interval, Hollander, Wolfe and
    Chicken 2014, Nonparametric Statistical Methods, section 3.3.

    Args:
        values: float [n], symmetric about what is estimated.
        level: at least this, for the ranks are discrete; with n values 1 - 2 / 2^n can be reached.

    >>> hodges_lehmann([1.0, 2.0, 6.0])
    (2.75, None)
    """
    row = np.asarray(values, dtype=np.float64)
    first, second = np.triu_indices(row.size)
    means = np.sort((row[first] + row[second]) / 2.0)
    ranks = np.flatnonzero(_signed_rank_chances(row.size) <= (1.0 - level) / 2.0 + ROUNDING)
    interval = (float(means[ranks[-1]]), float(means[-1 - ranks[-1]])) if ranks.size else None
    return float(np.median(means)), interval


@lru_cache(maxsize=16)
def _signed_rank_chances(num_values: int) -> _Floats:
    """Return the chance that Wilcoxon's sum of positive ranks is at most 0, 1, 2, ..., float64 [n (n + 1) / 2 + 1]."""
    chances = np.ones(1)
    for rank in range(1, num_values + 1):
        chances = np.convolve(chances, np.eye(rank + 1)[0] + np.eye(rank + 1)[rank]) / 2.0
    return np.cumsum(chances)
