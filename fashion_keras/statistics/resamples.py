"""Resamples of a few numbers: Student's t of each about their mean, for the bootstrap-t of `intervals`."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray
from scipy import special

__all__ = ["Resamples", "resample"]

MAX_ENUMERATED = 10
NUM_DRAWS = 100_000

_Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Resamples:
    """All multisets of n of n numbers with their multinomial weights (92,378 at n = 10); above ten, 100,000 draws.

    Attributes:
        t: Student's t of each about the numbers' mean, float64; NaN of equal numbers, which have none: left out.
        weights: of each, float64; they sum to 1, and those that have a t to `total`.
    """

    t: _Floats
    weights: _Floats
    total: float

    def share_above(self, t: float) -> float:
        """Return the share of the weight at `t` or above; ties on paper count, whatever their last bits."""
        return float(self.weights[self.t >= t - 1e-9 * (1.0 + min(abs(t), 1e9))].sum()) / self.total

    def mirrored(self) -> "Resamples":
        """Return those of the same numbers with the opposite sign."""
        return Resamples(-self.t, self.weights, self.total)

    def upper_quantile(self, tail: float, floor: float) -> float:
        """Return the smallest t beyond which at most `tail` of the weight lies, or `floor`, above 0, if that is below.

        Those beyond `floor` are counted in bins, of which only the one that matters is sorted.
        """
        beyond = np.flatnonzero(self.t > floor)
        t, weights = self.t[beyond], self.weights[beyond]
        bins = (1_000 * floor / t).astype(np.intp)  # the farthest first
        heavier = np.cumsum(np.bincount(bins, weights, 1_001))
        tail *= self.total * (1.0 + 1e-9)
        inside = np.flatnonzero(bins == np.searchsorted(heavier, tail, side="right"))
        if not inside.size:
            return floor
        ordered = inside[np.argsort(-t[inside])]
        before = heavier[bins[inside[0]]] - weights[inside].sum()
        rank = int(np.searchsorted(before + np.cumsum(weights[ordered]), tail, side="right"))
        return float(t[ordered[min(rank, ordered.size - 1)]])


@lru_cache(maxsize=32)  # 0.7 MB each at ten numbers
def resample(content: bytes) -> Resamples:
    """Return the resamples of the numbers, ascending float64, that make these bytes; the last few are remembered."""
    row = np.frombuffer(content)
    centred = row - row.mean()
    sums = _sums_of_multisets if row.size <= MAX_ENUMERATED else _sums_of_draws
    mean, variance = sums(np.stack([centred, centred * centred]) / row.size)
    variance -= mean * mean
    # Relative to the row's own spread; a resample of equal numbers leaves rounding only.
    variance[variance <= 1e-10 * row.var(ddof=1)] = np.nan
    np.divide(mean, np.sqrt(variance / (row.size - 1), out=variance), out=mean)
    weights = _weights(row.size)
    return Resamples(mean, weights, max(1.0 - float(weights[np.isnan(mean)].sum()), 1e-12))


def _sums_of_multisets(rows: _Floats) -> _Floats:
    """Return the sums of each row, [rows, n], over each multiset."""
    first, second = (counts for counts, _ in _halves(rows.shape[1]))
    return _combine(rows[:, : len(first)] @ first, rows[:, len(first) :] @ second, rows.shape[1])


def _combine(first: _Floats, second: _Floats, num_samples: int) -> _Floats:
    """Return what parts of multisets, [rows, parts] of each half of the numbers, sum to in each whole multiset."""
    (_, starts), (_, others) = _halves(num_samples)
    whole, end = np.empty((len(first), special.comb(2 * num_samples - 1, num_samples, exact=True))), 0
    for size in range(num_samples + 1):
        here, there = slice(*starts[size : size + 2]), num_samples - size
        sums = first[:, here, None] + second[:, None, slice(*others[there : there + 2])]
        start, end = end, end + sums[0].size
        whole[:, start:end] = sums.reshape(len(sums), -1)
    return whole


@lru_cache(maxsize=16)
def _halves(num_samples: int) -> tuple[tuple[_Floats, list[int]], ...]:
    """Return the multisets of 0 to n of each half of the numbers: counts [numbers, multisets], where sizes start."""
    halves = []
    for numbers in (num_samples // 2, num_samples - num_samples // 2):
        chosen = [[*combinations_with_replacement(range(numbers), size)] for size in range(num_samples + 1)]
        counts = [(np.array(each, int)[:, :, None] == np.arange(numbers)).sum(axis=1) for each in chosen]
        starts = np.cumsum([0, *map(len, chosen)]).tolist()
        halves.append((np.concatenate(counts).T.astype(np.float64), starts))
    return tuple(halves)


def _sums_of_draws(rows: _Floats) -> _Floats:
    chunks = np.split(_draws(rows.shape[1]), 5, axis=1)  # temporaries stay in the cache
    return np.concatenate([rows @ chunk.astype(np.float64) for chunk in chunks], axis=1)


@lru_cache(maxsize=16)
def _draws(num_samples: int) -> NDArray[np.uint16]:
    """Return how often each number is in each draw, [num_samples, draws]: one fixed set, and its mirror image."""
    counts = np.random.default_rng(0).multinomial(num_samples, np.full(num_samples, 1.0 / num_samples), NUM_DRAWS // 2)
    return np.ascontiguousarray(np.concatenate([counts, counts[:, ::-1]]).T.astype(np.uint16))


@lru_cache(maxsize=16)
def _weights(num_samples: int) -> _Floats:
    """Return the probability of each resample, float64 [resamples]: multinomial for multisets, equal for draws."""
    if num_samples > MAX_ENUMERATED:
        return np.full(NUM_DRAWS, 1.0 / NUM_DRAWS)
    first, second = (-special.gammaln(counts + 1.0).sum(axis=0)[None] for counts, _ in _halves(num_samples))
    logarithms = _combine(first, second, num_samples)[0]
    return np.asarray(np.exp(logarithms + special.gammaln(num_samples + 1) - num_samples * np.log(num_samples)))
