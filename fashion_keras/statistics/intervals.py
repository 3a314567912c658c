"""Interval of a mean from few numbers: the hull of Student's t and of the bootstrap-t, computed exactly.

Student's t holds its level for normal, symmetric and heavy-tailed numbers, but misses too often on skewed ones; the
bootstrap-t adapts to skew, but is too eager under heavy tails. Each end is the farther of the two.
docs/statistics-evidence.md has what that was measured to do, and what the caution costs.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from fashion_keras.statistics.resamples import Resamples, resample

__all__ = ["MAX_RESAMPLED", "ROUNDING", "MeanInference", "mean_interval", "student_critical", "unit_of"]

MAX_RESAMPLED = 200
"""Above so many numbers the bootstrap-t is that of its expansion."""
# Differences of accuracies are multiples of 1 / num_images; a spread below this is rounding in their last bits.
ROUNDING = 1e-12
_SMALLEST = 2.0**-256  # of a unit, beside the largest value, whose cube must be finite in it

_Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MeanInference:
    """Evidence about the means of m rows of n independent numbers, such as paired differences of m arms over n seeds.

    Build it with `MeanInference.of(samples)`. All answers are arrays of length m, deterministic, and independent of the
    order of the numbers within a row. Mirroring a row mirrors its answers. The bootstrap-t is that of `resample`.

    Sources: Student 1908; Efron 1982, The Jackknife, the Bootstrap and Other Resampling Plans, section 10.10; Hall
    1988, Theoretical Comparison of Bootstrap Confidence Intervals; Fisher and Hall 1991, Bootstrap Algorithms for Small
    Samples.

    Attributes:
        rows: float64 [m, n], each ascending.
        mean: float64 [m].
        standard_deviation: float64 [m], n - 1 in the denominator; 0 where all numbers of the row are equal.
    """

    rows: _Floats
    mean: _Floats
    standard_deviation: _Floats

    @classmethod
    def of(cls, samples: ArrayLike) -> "MeanInference":
        """Take the rows of `samples`, float [m, n] with n >= 2 and all finite.

        The resampling is done when it is first asked for: about 1 ms a row at ten numbers, 5 ms at twenty.

        Raises:
            ValueError: for another shape, fewer than two numbers a row, or numbers that are not finite.
        """
        rows = np.asarray(samples, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] < 2:
            raise ValueError(f"samples must be [rows, at least 2 numbers], got shape {rows.shape}")
        if not np.isfinite(rows).all():
            raise ValueError("samples must be finite, got NaN or infinity")
        rows = np.sort(rows, axis=1)
        deviation = rows.std(axis=1, ddof=1)
        deviation[deviation < ROUNDING * np.maximum(1.0, np.abs(rows).max(axis=1))] = 0.0
        return cls(rows, rows.mean(axis=1), deviation)

    @property
    def num_samples(self) -> int:
        """The numbers per row, n."""
        return self.rows.shape[1]

    @property
    def standard_error(self) -> _Floats:
        """Standard error of each mean, float64 [m]."""
        return self.standard_deviation / np.sqrt(self.num_samples)

    @property
    def skewness(self) -> _Floats:
        """Third moment about the mean over the second's power of 3/2, float64 [m]; 0 where all numbers are equal."""
        centred = self.rows - self.mean[:, None]
        second = np.where(self.standard_deviation > 0.0, np.mean(centred**2, axis=1), np.inf)
        return np.asarray(np.mean(centred**3, axis=1) / second**1.5)

    def student_interval(self, level: float = 0.95, skewness: _Floats | float = 0.0) -> tuple[_Floats, _Floats]:
        """Return the ends of Student's interval alone, each float64 [m]; never wider than `interval`.

        Skewness moves quantiles of t by skewness * (2 t^2 + 1) / (6 sqrt(n)), what the bootstrap-t comes to with many
        numbers; the end that goes outwards is moved. Source: Hall 1992, The Bootstrap and Edgeworth Expansion, 2.6.

        Args:
            level: its confidence, in (0, 1).
            skewness: of what the numbers were drawn from, as far as it is known.
        """
        critical = student_critical(self.num_samples, level)
        shift = skewness * (2.0 * critical**2 + 1.0) / 6.0 / np.sqrt(self.num_samples)
        above, below = (critical - np.minimum(0.0, shift), critical + np.maximum(0.0, shift))
        return self.mean - above * self.standard_error, self.mean + below * self.standard_error

    def interval(self, level: float = 0.95, skewness: float = 0.0) -> tuple[_Floats, _Floats]:
        """Return the lower and upper ends, each float64 [m]: the farther of Student's t and of the bootstrap-t.

        Equal numbers give an interval of width 0. Without skewness, a value lies outside exactly where `p_different` of
        it is at most 1 - level. The arguments are those of `student_interval`.
        """
        low, high = self.student_interval(level, skewness)
        if self.num_samples > MAX_RESAMPLED:
            others = self.student_interval(level, self.skewness)
        else:
            tail, critical = (1.0 - level) / 2.0, student_critical(self.num_samples, level)
            above = np.array([each.upper_quantile(tail, critical) for each in self._resamples])
            below = np.array([each.mirrored().upper_quantile(tail, critical) for each in self._resamples])
            others = self.mean - above * self.standard_error, self.mean + below * self.standard_error
        return np.minimum(low, others[0]), np.maximum(high, others[1])

    def p_above(self, value: float = 0.0) -> _Floats:
        """Return p, float64 [m], of "the mean is at most `value`": small means that the mean is above it.

        The larger of Student's and of the bootstrap-t's. Equal numbers, whose t is infinite, give 0 or 1 (0.5 at
        `value`).
        """
        t = self._student_t(value)
        resampled = [each.share_above(one) for one, each in zip(t, self._resamples, strict=True)]
        return np.maximum(special.stdtr(self.num_samples - 1, -t), resampled)

    def p_below(self, value: float = 0.0) -> _Floats:
        """Return p, float64 [m], of "the mean is at least `value`": small means that the mean is below it."""
        t = self._student_t(value)
        resampled = [each.mirrored().share_above(-one) for one, each in zip(t, self._resamples, strict=True)]
        return np.maximum(special.stdtr(self.num_samples - 1, t), resampled)

    def p_different(self, value: float = 0.0) -> _Floats:
        """Return the two-sided p, float64 [m], of "the mean is `value`": twice the smaller one-sided p, at most 1."""
        return np.minimum(1.0, 2.0 * np.minimum(self.p_above(value), self.p_below(value)))

    def _student_t(self, value: float) -> _Floats:
        distance = self.mean - value
        distance[np.abs(distance) < ROUNDING * max(1.0, abs(value))] = 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(distance == 0.0, 0.0, distance / self.standard_error)

    @cached_property
    def _resamples(self) -> list[Resamples]:
        return [resample(row.tobytes()) for row in self.rows]


def unit_of(*rows: _Floats) -> float:
    """Return a power of two, division by which is exact, near the median size of numbers; infinite ones have none.

    In it, what is left of equal sums by rounding is below `ROUNDING`, whatever their unit was.
    """
    sizes = np.abs(np.concatenate(rows))
    sizes = sizes[(sizes > 0.0) & np.isfinite(sizes)]
    usual = max(float(np.median(sizes)), float(sizes.max()) * _SMALLEST) if sizes.size else 0.5
    return float(np.ldexp(1.0, int(np.frexp(usual)[1])))


def mean_interval(values: ArrayLike, level: float = 0.95) -> tuple[float, float] | None:
    """Return the interval for the mean of one set of numbers: one arm's accuracies, or the differences of two arms.

    Args:
        values: float [n], one per seed, in any unit; the interval has the same.
        level: its confidence, in (0, 1).

    Returns:
        (low, high) as `MeanInference.interval` defines it, or None for a single seed, which says nothing of the spread.

    >>> low, high = mean_interval([0.88, 0.89, 0.90])
    >>> low < 0.89 < high
    True
    """
    row = np.asarray(values, dtype=np.float64)
    if row.ndim != 1 or row.size == 0:
        raise ValueError(f"values must be a list of numbers, one per seed, got shape {row.shape}")
    if row.size == 1:
        return None
    low, high = MeanInference.of(row[None]).interval(level)
    return float(low[0]), float(high[0])


def student_critical(num_samples: int, level: float) -> float:
    """Return how many standard errors Student's interval at `level` reaches to either side."""
    return -float(special.stdtrit(num_samples - 1, (1.0 - level) / 2.0))
