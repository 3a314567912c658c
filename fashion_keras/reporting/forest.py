"""Forest plots of paired differences: where each arm's dot and whiskers lie, in per cent of the plot's width."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fashion_keras.formatting import one_line
from fashion_keras.reporting.findings import figure
from fashion_keras.reporting.units import POINTS, Unit
from fashion_keras.results.metrics import TEST_ACCURACY, Metric
from fashion_keras.statistics import Comparison, Verdict

__all__ = ["Forest", "ForestRow", "build_forest"]

_FAR = 4.0  # An arm that reaches so many times as far as the median arm would flatten the others.
_MOST_TICKS = 6

Span = tuple[float, float]


@dataclass(frozen=True)
class ForestRow:
    """One arm of the plot, its mean, intervals and verdict as texts and as places; None where there is nothing to draw.

    Attributes:
        beyond_left, beyond_right: Something lies outside the plot on that side.
    """

    arm: str
    text: str
    verdict: str
    decided: bool
    dot: float | None
    this_test_set: Span | None
    new_images: Span | None
    beyond_left: bool
    beyond_right: bool


@dataclass(frozen=True)
class Forest:
    """The plot of a quantity: a row an arm, ticks by place and text, the places of zero and of equivalence."""

    quantity: str
    baseline: str
    rows: tuple[ForestRow, ...]
    ticks: tuple[tuple[float, str], ...]
    zero: float
    margin: Span


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    unit: Unit

    def place(self, shown: float) -> float:
        share = (shown - self.low) / (self.high - self.low)
        return round(2 + 96 * min(1.0, max(0.0, share)), 3)  # dots at the rim stay whole

    def span(self, ends: Span | None) -> Span | None:
        return None if ends is None else (self.place(self.unit.scale * ends[0]), self.place(self.unit.scale * ends[1]))

    def holds(self, shown: float) -> bool:
        return self.low <= shown <= self.high


def build_forest(comparisons: Sequence[Comparison], metric: Metric = TEST_ACCURACY, unit: Unit = POINTS) -> Forest:
    """Lay out the plot of at least one arm against its baseline.

    Args:
        comparisons: The arms.
        metric, unit: What was compared, and how it is shown.
    """
    band = unit.scale * comparisons[0].design.margin
    scale = _scale([_ends(item, unit) for item in comparisons], band, unit)
    rows = tuple(_forest_row(item, scale) for item in comparisons)
    quantity = unit.of_metric(metric)
    return Forest(
        quantity=quantity,
        baseline=one_line(comparisons[0].baseline),
        rows=rows,
        ticks=tuple((scale.place(tick), f"{tick:+g}" if tick else "0") for tick in _ticks(scale)),
        zero=scale.place(0.0),
        margin=(scale.place(-band), scale.place(band)),
    )


def _forest_row(comparison: Comparison, scale: _Scale) -> ForestRow:
    mean, ends = scale.unit.scale * comparison.mean_difference, _ends(comparison, scale.unit)
    return ForestRow(
        arm=one_line(comparison.arm),
        text=figure(comparison, scale.unit),
        verdict=comparison.verdict_text,
        decided=comparison.verdict is not Verdict.UNDECIDED,
        dot=scale.place(mean) if scale.holds(mean) else None,
        this_test_set=scale.span(comparison.interval),
        new_images=scale.span(comparison.new_images),
        beyond_left=min(ends) < scale.low,
        beyond_right=max(ends) > scale.high,
    )


def _ends(comparison: Comparison, unit: Unit) -> list[float]:
    """Return mean and ends of both intervals as they are shown."""
    intervals = (comparison.interval or (), comparison.new_images or ())
    return [unit.scale * value for value in (comparison.mean_difference, *intervals[0], *intervals[1])]


def _scale(ends: Sequence[list[float]], band: float, unit: Unit) -> _Scale:
    """Return a scale that shows zero, the band of equivalence and every arm but those that reach far beyond others."""
    reaches = [max(map(abs, each)) for each in ends]
    limit = _FAR * max(float(np.median([reach for reach in reaches if np.isfinite(reach)] or [0.0])), band)
    near = [value for each, reach in zip(ends, reaches, strict=True) if reach <= limit for value in each]
    low, high = min([-2 * band, *near]), max([2 * band, *near])
    room = 0.04 * (high - low)
    return _Scale(low - room, high + room, unit)


def _ticks(scale: _Scale) -> list[float]:
    width = scale.high - scale.low
    power = 10.0 ** np.floor(np.log10(width / _MOST_TICKS))
    step = next(number * power for number in (1, 2, 5, 10, 20) if width / (number * power) <= _MOST_TICKS)
    first, last = int(np.ceil(scale.low / step)), int(np.floor(scale.high / step))
    return [float(f"{number * step:.6g}") for number in range(first, last + 1)]
