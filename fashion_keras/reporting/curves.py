"""Curves over the epochs as numbers: mean and band over seeds, and axis limits that one bad arm does not spoil."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fashion_keras.storage.comparison import ArmResults

__all__ = ["MEASURES", "PARTS", "Curve", "arm_curves", "axis_limits", "find_outliers"]

PARTS = ("train", "val", "test")
MEASURES = ("loss", "accuracy")

_OUTLIER_FACTOR = 2.5
_OUTLIER_MARGIN = {"loss": 0.1, "accuracy": 5.0}
_VISIBLE_SHARE = 0.9
_BAND = (0.16, 0.84)  # where ± one standard deviation ends in a normal distribution; one collapsed run moves neither


@dataclass(frozen=True)
class Curve:
    """A metric against the epoch, over an arm's seeds.

    Attributes:
        mean: float64 [epochs], over the runs whose value is a finite number; NaN where there is none.
        low, high: float64 [epochs], quantiles between which two thirds of those runs lie; the mean where there is one.
    """

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @classmethod
    def of(cls, histories: NDArray[np.float64]) -> "Curve":
        """Summarise one row a run, float64 [runs, epochs], NaN where there is no value."""
        if histories.size and np.isfinite(histories).all():  # as below, and much quicker
            return cls(histories.mean(axis=0), *np.quantile(histories, _BAND, axis=0))
        with warnings.catch_warnings():  # epochs that no run reached alive are NaN, which NumPy warns of
            warnings.simplefilter("ignore", RuntimeWarning)
            mean = np.nanmean(histories, axis=0)
            low, high = np.nanquantile(histories, _BAND, axis=0)
        return cls(mean, low, high)

    def without_band(self) -> "Curve":
        """Return the means alone."""
        return Curve(self.mean, self.mean, self.mean)

    @property
    def epochs(self) -> NDArray[np.int_]:
        """The numbers of the epochs, from 1."""
        return np.arange(1, len(self.mean) + 1)

    @property
    def has_band(self) -> bool:
        """Whether the runs differ at any epoch."""
        return bool((self.high > self.low).any())

    @property
    def has_values(self) -> bool:
        """Whether any epoch has a value."""
        return bool(np.isfinite(self.mean).any())

    def late_level(self, measure: str) -> float:
        """Return how bad the second half gets: nine tenths of its means are better; NaN where there is no value."""
        finite = self.mean[np.isfinite(self.mean)]
        late = finite[len(finite) // 2 :]
        share = _VISIBLE_SHARE if measure == "loss" else 1 - _VISIBLE_SHARE
        return float(np.quantile(late, share)) if len(late) else float("nan")


def arm_curves(arm: ArmResults, measure: str) -> dict[str, Curve]:
    """Return the curves of training, validation and test, of those that were evaluated.

    Args:
        arm: Its runs.
        measure: `"loss"` in nats, or `"accuracy"`, which is a fraction in the store and per cent here.
    """
    scale = 100.0 if measure == "accuracy" else 1.0
    curves = {part: Curve.of(scale * arm.histories(f"{part}_{measure}")) for part in PARTS}
    return {part: curve for part, curve in curves.items() if curve.has_values}


def find_outliers(levels: NDArray[np.float64], measure: str) -> NDArray[np.bool_]:
    """Return which arms are so far from the best that they would flatten the others on a shared axis.

    Far is a loss, or a share of errors, of more than 2.5 times the best arm's and 0.1 nats or 5 points over that.

    Args:
        levels: float64 [arms], see `Curve.late_level`: an arm that swings may end well by chance. NaN is far off too.
        measure: `"loss"` or `"accuracy"` (per cent).
    """
    badness = levels if measure == "loss" else 100.0 - levels
    if not np.isfinite(badness).any():
        return np.zeros(len(levels), dtype=bool)
    return ~(badness <= _OUTLIER_FACTOR * np.nanmin(badness) + _OUTLIER_MARGIN[measure])


def axis_limits(curves: Iterable[Curve], measure: str) -> tuple[float, float]:
    """Return limits that show nine tenths of each curve's epochs (of up to ten all), bands included.

    What is left out is what the eye would pay for with everything else: the first epochs of a long run, single spikes.
    """
    lows: list[float] = []
    highs: list[float] = []
    for curve in curves:
        known = np.isfinite(curve.mean)
        below, above = np.fmin(curve.mean, curve.low)[known], np.fmax(curve.mean, curve.high)[known]
        if measure == "loss":
            lows.append(float(below.min()))
            highs.append(float(np.quantile(above, _VISIBLE_SHARE, method="higher")))
        else:
            lows.append(float(np.quantile(below, 1 - _VISIBLE_SHARE, method="lower")))
            highs.append(float(above.max()))
    if not lows:
        return (0.0, 1.0) if measure == "loss" else (0.0, 100.0)
    low, high = min(lows), max(highs)
    margin = 0.05 * (high - low) or 0.05
    floor, ceiling = (0.0, np.inf) if measure == "loss" else (0.0, 100.0)
    return max(floor, low - margin), min(ceiling, high + margin)
