"""Sign test and median interval: what a few numbers say of the median of any distribution."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

__all__ = ["median_interval", "sign_test_p"]


def sign_test_p(values: ArrayLike, bound: float = 0.0) -> float:
    """Return the two-sided p of "values fall above and below `bound` equally often".

    It asks nothing of the values but independence, and an outlier counts no more than any other: made for times, which
    something else on the machine may lengthen at will. A value equal to `bound` counts against either side.
    Source: Conover 1999, Practical Nonparametric Statistics, section 3.4.

    Args:
        values: float [n], none NaN.
        bound: what the median is compared with.

    >>> sign_test_p([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    0.03125
    """
    row = _as_row(values)
    fewer = row.size - max(int((row > bound).sum()), int((row < bound).sum()))
    return min(1.0, 2.0 * float(special.bdtr(fewer, row.size, 0.5)))


def median_interval(values: ArrayLike, level: float = 0.95) -> tuple[float, float] | None:
    """Return the interval for the median that the sign test gives: its ends are two of the values.

    It holds the true median in at least `level` of such experiments, whatever the distribution. Of six to eight values
    it is their whole range.

    Args:
        values: float [n], in any unit, infinite ones among them; the interval has the same.
        level: its confidence, in (0, 1).

    Returns:
        (low, high), or None where even the whole range promises less: with five values or fewer at 95 %.

    >>> median_interval([3.0, 1.0, 2.0, 6.0, 5.0, 4.0])
    (1.0, 6.0)
    """
    row = np.sort(_as_row(values))
    outside = 2.0 * special.bdtr(np.arange(row.size), row.size, 0.5)  # of each rank: how often it lies beyond
    ranks = np.flatnonzero(outside <= 1.0 - level + 1e-12)
    if not ranks.size:
        return None
    return float(row[ranks[-1]]), float(row[row.size - 1 - ranks[-1]])


def _as_row(values: ArrayLike) -> NDArray[np.float64]:
    row = np.asarray(values, dtype=np.float64)
    if row.ndim != 1 or row.size == 0 or np.isnan(row).any():
        raise ValueError(f"values must be a list of numbers, got {values!r}")
    return row
