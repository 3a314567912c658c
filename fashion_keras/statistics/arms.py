"""Prediction intervals: what several runs of one arm say about the next, and about a single published run."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

__all__ = ["misses_p", "prediction_interval"]


def prediction_interval(values: ArrayLike, level: float = 0.95) -> tuple[float, float] | None:
    """Return where one more run of the same setting would fall: mean +- t * s * sqrt(1 + 1/n).

    Wider than the interval of the mean by about sqrt(n + 1), and far wider with few runs, as both the mean and the
    spread are guessed from them. A published single run is judged by it: runs of the same setting lie outside in one of
    twenty cases, which does not tell how likely such a run it was.
    For normal values; coverage for others stands in docs/statistics-evidence.md.
    Source: Hahn and Meeker 1991, Statistical Intervals, section 4.7.

    Args:
        values: float [n], one per seed, in any unit; the interval has the same, `high - low` is its width.
        level: chance that it contains the run, in (0, 1).

    Returns:
        (low, high), or None for a single seed.

    >>> low, high = prediction_interval([0.88, 0.89, 0.90])
    >>> f"{low:.3f} {high:.3f}"
    '0.840 0.940'
    """
    row = np.asarray(values, dtype=np.float64)
    if row.ndim != 1 or row.size == 0 or not np.isfinite(row).all():
        raise ValueError(f"values must be a list of finite numbers, one per seed, got {values!r}")
    if row.size == 1:
        return None
    mean, spread = row.mean(), row.std(ddof=1)
    reach = -special.stdtrit(row.size - 1, (1.0 - level) / 2.0) * spread * np.sqrt(1.0 + 1.0 / row.size)
    return float(mean - reach), float(mean + reach)


def misses_p(num_misses: int, num_cells: int, level: float = 0.95) -> float:
    """Return the chance of at least `num_misses` of `num_cells` if every published value came from our setting.

    Binomial, with a chance of 1 - `level` each, as if the cells were independent; cells that share runs are not quite,
    and then it is a rough guide.
    """
    if not 0 <= num_misses <= num_cells:
        raise ValueError(f"num_misses must be between 0 and the {num_cells} cells, got {num_misses}")
    return float(special.bdtrc(num_misses - 1, num_cells, 1.0 - level))
