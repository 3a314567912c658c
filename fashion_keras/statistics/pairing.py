"""Gain of pairing: how much less differences vary where two arms are trained on the same seeds."""

import numpy as np
from numpy.typing import ArrayLike

from fashion_keras.statistics.intervals import ROUNDING

__all__ = ["pairing_gain"]


def pairing_gain(arm: ArrayLike, baseline: ArrayLike) -> float:
    """Return 1 - Var(arm - baseline) / (Var(arm) + Var(baseline)), in [-1, 1]: what pairing by seed saved.

    Below 0 where the pairs went apart; 0 where nothing varies at all. Pairs of which one diverged are left out.

    Args:
        arm: float [n], n >= 2, entry i of both from the same seed; infinite where it diverged.
        baseline: float [n].

    Raises:
        ValueError: for other shapes.

    >>> f"{pairing_gain([0.1, 0.2, 0.3, 0.4], [0.2, 0.2, 0.4, 0.4]):.2f}"
    '0.89'
    """
    first, second = np.asarray(arm, dtype=np.float64), np.asarray(baseline, dtype=np.float64)
    if first.ndim != 1 or first.size < 2 or first.shape != second.shape:
        raise ValueError(f"arm and baseline need one value per seed, two at least, got {first.shape}, {second.shape}")
    kept = np.isfinite(first) & np.isfinite(second)
    if kept.sum() < 2:
        return 0.0
    first, second = first[kept], second[kept]
    unpaired = first.var(ddof=1) + second.var(ddof=1)
    return float(1.0 - (first - second).var(ddof=1) / unpaired) if unpaired > ROUNDING**2 else 0.0
