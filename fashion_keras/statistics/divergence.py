"""Divergence: runs that end in no number, or far off the scale, and what is still said of their arms."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from fashion_keras.statistics.design import MIN_SEEDS
from fashion_keras.statistics.medians import median_interval

__all__ = ["FAR", "diverged_interval", "diverged_unpaired", "mark_diverged", "median_difference"]

FAR = 1_000.0
"""A run so many times as large as the usual run of its arm, or of the baseline, has diverged."""

_Floats = NDArray[np.float64]
_Find = Callable[[_Floats, float], tuple[float, float] | None]


def mark_diverged(
    values: Mapping[str, ArrayLike], baseline: str, *, higher_is_better: bool, is_share: bool = False
) -> dict[str, _Floats]:
    """Return the values with each run that diverged as worse than any other: infinite.

    What is usual is the larger of the two arms' median sizes over the first five seeds, before which nothing is judged:
    so no later seed changes what an earlier one was taken for.

    Args:
        values: for every arm float [seeds]; of a run without a finite number NaN or infinity.
        baseline: the name of the arm that the others are compared with.
        higher_is_better: False for a loss, which becomes +inf.
        is_share: whether the values are from 0 to 1, so that none is off the scale.
    """
    rows = {arm: np.asarray(row, dtype=np.float64) for arm, row in values.items()}
    usual = {arm: _usual_size(row) for arm, row in rows.items()}
    limits = {arm: FAR * max(usual[arm], usual.get(baseline, 0.0)) or np.inf for arm in rows}
    worst = -np.inf if higher_is_better else np.inf
    return {
        arm: np.where(np.isfinite(row) & (is_share | (np.abs(row) <= limits[arm])), row, worst)
        for arm, row in rows.items()
    }


def _usual_size(row: _Floats) -> float:
    first = np.abs(row[:MIN_SEEDS][np.isfinite(row[:MIN_SEEDS])])
    return float(np.median(first)) if first.size else 0.0


def median_difference(differences: _Floats) -> float:
    """Return the median of float64 [seeds] as `diverged_interval` takes them; 0 between one infinity and the other."""
    with np.errstate(invalid="ignore"):
        median = float(np.median(_with_ties(differences)))
    return 0.0 if np.isnan(median) else median


def _with_ties(differences: _Floats) -> _Floats:
    return np.where(np.isnan(differences), 0.0, differences)


def diverged_interval(differences: _Floats, level: float, find: _Find = median_interval) -> tuple[float, float]:
    """Return the interval of the median difference where runs diverged: open towards what diverged more often.

    No mean is known then. The sign test needs none: whoever loses on nearly all seeds is worse. It never speaks for the
    arm that diverged more often, and for neither where both did alike.

    Args:
        differences: float64 [seeds], infinite where one of the two diverged, NaN where both did, which counts as a tie.
        level: its confidence, in (0, 1).
        find: the interval of such differences, None where there is none: that of the sign test, unless they are no
            pairs.
    """
    side = int((differences == np.inf).sum()) - int((differences == -np.inf).sum())
    low, high = find(_with_ties(differences), level) or (-np.inf, np.inf)
    return low if side > 0 else -np.inf, high if side < 0 else np.inf


def diverged_unpaired(arm: _Floats, baseline: _Floats, level: float) -> tuple[float, float]:
    """Return the same of runs that share no seeds: of the shift between them, by the ranks of all differences.

    Source: Mann and Whitney 1947, On a Test of Whether One of Two Random Variables is Stochastically Larger than the
    Other; its normal approximation, which asks for more than the exact chances of few runs do.

    Args:
        arm: float64 [n], infinite where a run diverged.
        baseline: float64 [m].
        level: its confidence, in (0, 1).
    """
    pairs = arm.size * baseline.size
    deviation = np.sqrt(pairs * (arm.size + baseline.size + 1) / 12.0)
    rank = int(np.floor(pairs / 2.0 + special.ndtri((1.0 - level) / 2.0) * deviation - 0.5))

    def find(differences: _Floats, _: float) -> tuple[float, float] | None:
        row = np.sort(differences)
        return None if rank < 0 else (float(row[rank]), float(row[-1 - rank]))

    with np.errstate(invalid="ignore"):
        return diverged_interval(np.subtract.outer(arm, baseline).ravel(), level, find)
