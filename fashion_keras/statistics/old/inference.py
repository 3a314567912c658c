"""What a few numbers say about the mean they were drawn from: intervals and p-values, chosen by measurement.

Three tests of a mean fail in different ways at ten seeds. Exact sign-flips and Student's t hold their level for normal,
symmetric and heavy-tailed numbers, but call too many skewed ones different from zero; the bootstrap-t adapts to skew,
but is too eager under heavy tails. Intervals and p-values here therefore follow the most cautious of them.
docs/statistics-evidence.md has the measurements, and what the caution costs in power.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

NUM_RESAMPLES = 9_998
MAX_EXACT_SEEDS = 20
# Differences of accuracies are multiples of 1 / num_images; a spread below this is rounding in their last bits.
ROUNDING = 1e-12
_CHUNK_ELEMENTS = 200_000  # 1.6 MB: temporaries that stay in the cache are twice as fast


@dataclass(frozen=True)
class MeanInference:
    """Evidence about the means of m rows of n independent numbers (say, paired differences of m arms over n seeds).

    Build it with `MeanInference.of(samples)`. All answers are arrays of length m, deterministic, and independent of the
    order of the numbers within a row. Mirroring a row mirrors its answers.

    Attributes:
        num_samples: n, the numbers per row.
        mean: float64 [m].
        standard_error: float64 [m], of the mean; 0 where all numbers of the row are equal.
        resampled_t: float64 [m, NUM_RESAMPLES], ascending, NaN last: Student's t of each bootstrap resample about the
            row's mean. Resamples of equal numbers have no t and are NaN.
        num_resampled: int [m], how many of them are numbers.
    """

    num_samples: int
    mean: NDArray[np.float64]
    standard_error: NDArray[np.float64]
    resampled_t: NDArray[np.float64]
    num_resampled: NDArray[np.int_]

    @classmethod
    def of(cls, samples: ArrayLike, num_resamples: int = NUM_RESAMPLES) -> "MeanInference":
        """Resample each row of `samples`, float [m, n] with n >= 2 and all finite.

        Costs about 0.2 ms and 80 kB a row at ten numbers; some fifty rows at a time are fastest.

        Raises:
            ValueError: for another shape, fewer than two numbers a row, or numbers that are not finite.
        """
        rows = np.asarray(samples, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] < 2:
            raise ValueError(f"samples must be [rows, at least 2 numbers], got shape {rows.shape}")
        if not np.isfinite(rows).all():
            raise ValueError("samples must be finite, got NaN or infinity")
        rows = np.sort(rows, axis=1)
        mean = rows.mean(axis=1)
        spread = rows.std(axis=1, ddof=1)
        spread[spread < ROUNDING * np.maximum(1.0, np.abs(rows).max(axis=1))] = 0.0
        resampled_t = _resample_t(rows - mean[:, None], spread, num_resamples)
        num_resampled = num_resamples - np.isnan(resampled_t).sum(axis=1)
        return cls(rows.shape[1], mean, spread / np.sqrt(rows.shape[1]), resampled_t, num_resampled)

    def interval(self, level: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the lower and upper ends, each float64 [m], of an interval for the mean.

        Each end is the farther of Student's t and of the bootstrap-t, because of the intervals compared this one kept
        its promise best. Coverage in percent that should be 95, for n = 5, 10, 20 (docs/statistics-evidence.md, which
        also has the percentile, BCa and sign-flip intervals):

            differences         t               bootstrap-t     the farther
            normal              94.4 95.3 95.1  94.6 95.7 95.0  96.5 96.7 95.8
            exponential         88.4 89.5 91.9  93.0 94.0 94.5  93.9 94.5 95.6
            lognormal(1)        81.7 84.2 86.0  89.1 90.6 90.8  89.6 91.0 91.9
            t, 3 degrees        96.4 95.8 95.5  95.0 93.6 91.6  97.6 96.5 95.7

        For normal numbers it is 38, 10 and 4 % wider than Student's at n = 5, 10, 20.
        Equal numbers give an interval of width 0.

        Sources: Student 1908; Efron 1982, The Jackknife, the Bootstrap and Other Resampling Plans, section 10.10;
        Hall 1988, Theoretical Comparison of Bootstrap Confidence Intervals.
        """
        tail = (1.0 - level) / 2.0
        student = -special.stdtrit(self.num_samples - 1, tail)
        rank = np.maximum(1, np.floor(tail * (self.num_resampled + 1) + 1e-9)).astype(int)
        rows = np.arange(len(self.mean))
        resampled_low = np.nan_to_num(self.resampled_t[rows, rank - 1])
        resampled_high = np.nan_to_num(self.resampled_t[rows, self.num_resampled - rank])
        low = self.mean - np.maximum(student, resampled_high) * self.standard_error
        high = self.mean + np.maximum(student, -resampled_low) * self.standard_error
        return low, high

    def p_above(self, value: float = 0.0) -> NDArray[np.float64]:
        """Return p, float64 [m], of "the mean is at most `value`": small means that the mean is above it.

        The larger of Student's and of the bootstrap-t's. Equal numbers, whose t is infinite, give 0 or 1.
        """
        t = self._student_t(value)
        student: NDArray[np.float64] = special.stdtr(self.num_samples - 1, -t)
        return np.maximum(student, self._resampled_p(t, above=True))

    def p_below(self, value: float = 0.0) -> NDArray[np.float64]:
        """Return p, float64 [m], of "the mean is at least `value`": small means that the mean is below it."""
        t = self._student_t(value)
        student: NDArray[np.float64] = special.stdtr(self.num_samples - 1, t)
        return np.maximum(student, self._resampled_p(t, above=False))

    def p_different(self, value: float = 0.0) -> NDArray[np.float64]:
        """Return the two-sided p, float64 [m], of "the mean is `value`": twice the smaller one-sided p, at most 1."""
        return np.minimum(1.0, 2.0 * np.minimum(self.p_above(value), self.p_below(value)))

    def _student_t(self, value: float) -> NDArray[np.float64]:
        distance = self.mean - value
        distance[np.abs(distance) < ROUNDING * max(1.0, abs(value))] = 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(distance == 0.0, 0.0, distance / self.standard_error)

    def _resampled_p(self, t: NDArray[np.float64], above: bool) -> NDArray[np.float64]:
        # Ties on paper count, whatever their last bits.
        slack = 1e-9 * (1.0 + np.minimum(np.abs(t), 1e9))  # the minimum: t is infinite where there is no spread
        beyond = self.resampled_t >= (t - slack)[:, None] if above else self.resampled_t <= (t + slack)[:, None]
        # One is added to both counts so that p is never 0 (Davison and Hinkley 1997, equation 4.11); without any spread
        # there is nothing to resample, and Student's p, 0 or 1, stands.
        p = (1.0 + beyond.sum(axis=1)) / (1.0 + self.num_resampled)
        return np.where(self.standard_error > 0.0, p, 0.0)


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


def sign_flip_p(differences: ArrayLike, num_samples: int = 99_999, seed: int = 0) -> float:
    """Return the two-sided p of "swapping the two arms of any pair would have been as likely".

    If the arms were alike, each paired difference could as well have had the other sign. p is the share of all 2^n sign
    patterns whose mean is at least as far from 0 as the measured one, so it is never below 2 / 2^n. Exact where
    differences are symmetric about their mean, and only there.
    Source: Fisher 1935, The Design of Experiments, section 21.

    Args:
        differences: float [n], one per seed. Zeros count as they are.
        num_samples: for n > 20, the patterns drawn at random instead of all 2^n; the measured pattern is counted as one
            more, so that p is never 0 (Phipson and Smyth 2010).
        seed: of those patterns.

    >>> sign_flip_p([1.0, 2.0, 3.0])
    0.25
    """
    row = np.asarray(differences, dtype=np.float64)
    if row.ndim != 1 or row.size == 0 or not np.isfinite(row).all():
        raise ValueError(f"differences must be a list of finite numbers, one per seed, got {row!r}")
    # Sums that are equal on paper differ in their last bits; the margin is far below one image in 10,000.
    reached = abs(row.sum()) - 1e-9 * np.abs(row).sum()
    if reached <= 0.0:
        return 1.0
    if row.size > MAX_EXACT_SEEDS:
        return _sampled_sign_flip_p(row, reached, num_samples, seed)
    # All sums of the first half against all sums of the second, sorted: 2^20 patterns in 2^10 binary searches.
    first, second = (_signed_sums(half) for half in np.array_split(row, 2))
    second.sort()
    num_reaching = (second.size - np.searchsorted(second, reached - first)).sum()
    return float(2 * num_reaching / 2**row.size)


def probability_better(differences: ArrayLike) -> float:
    """Return how often the first arm beats the second on the same seed, in [0, 1]; a tie counts half.

    Args:
        differences: float [n], first minus second, one per seed.

    >>> probability_better([1.0, 0.0, -1.0, 2.0])
    0.625
    """
    row = np.asarray(differences, dtype=np.float64)
    return float(np.mean((row > 0.0) + 0.5 * (row == 0.0)))


def skewness(differences: ArrayLike) -> float:
    """Return how lopsided the numbers are: 0 if symmetric, above 0 with a long tail of large ones; 2 for exponential.

    The adjusted coefficient G1 of Joanes and Gill 1998. From ten seeds it is rough, cannot exceed 3.16, and comes out
    too small for strong skews. 0 where all numbers are equal.

    Args:
        differences: float [n], n >= 3.

    >>> round(skewness([0.0, 0.0, 3.0]), 3)
    1.732
    """
    row = np.asarray(differences, dtype=np.float64)
    if row.ndim != 1 or row.size < 3 or not np.isfinite(row).all():
        raise ValueError(f"skewness takes a list of at least 3 finite numbers, got {row!r}")
    centred = row - row.mean()
    variance = float(np.mean(centred**2))
    if variance < ROUNDING**2:
        return 0.0
    return float(np.mean(centred**3) / variance**1.5 * np.sqrt(row.size * (row.size - 1)) / (row.size - 2))


def _resample_t(centred: NDArray[np.float64], spread: NDArray[np.float64], num_resamples: int) -> NDArray[np.float64]:
    """Return Student's t of each resample, float64 [m, num_resamples], ascending; NaN where all are equal."""
    num_rows, num_samples = centred.shape
    weights = _resample_weights(num_samples, num_resamples)
    result = np.empty((num_rows, num_resamples))
    step = max(1, _CHUNK_ELEMENTS // num_resamples)
    for start in range(0, num_rows, step):
        rows = centred[start : start + step]
        mean = rows @ weights
        variance = (rows * rows) @ weights - mean * mean
        # Relative to the row's own spread; a resample of equal numbers leaves rounding only.
        variance[variance <= 1e-10 * spread[start : start + step, None] ** 2] = np.nan
        result[start : start + step] = np.sort(mean / np.sqrt(variance / (num_samples - 1)), axis=1)
    return result


@lru_cache(maxsize=8)
def _resample_weights(num_samples: int, num_resamples: int) -> NDArray[np.float64]:
    """Return the share of each number in each resample, float64 [num_samples, num_resamples], columns summing to 1.

    One fixed set for all rows: the same numbers always get the same answer. The second half mirrors the first, which
    for sorted numbers makes -x the exact mirror of x.
    """
    counts = np.random.default_rng(0).multinomial(
        num_samples, np.full(num_samples, 1.0 / num_samples), num_resamples // 2
    )
    return np.concatenate([counts, counts[:, ::-1]]).T / float(num_samples)


def _signed_sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums under all 2^k sign patterns, float64 [2^k]."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    return sums


def _sampled_sign_flip_p(row: NDArray[np.float64], reached: float, num_samples: int, seed: int) -> float:
    generator = np.random.default_rng(seed)
    num_reaching, step = 0, 10_000
    for start in range(0, num_samples, step):
        signs = generator.integers(0, 2, (min(step, num_samples - start), row.size), dtype=np.int8) * 2 - 1
        num_reaching += int((np.abs(signs @ row) >= reached).sum())
    return (1 + num_reaching) / (1 + num_samples)
