"""Forest plots of paired differences: where each arm's dot and whiskers lie, in per cent of the plot's width."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fashion_keras.formatting import one_line
from fashion_keras.reporting.findings import figure
from fashion_keras.statistics import MARGIN, Comparison, Verdict

__all__ = ["Forest", "ForestRow", "build_forest"]

_POINTS = 100
_FAR = 4.0  # An arm that reaches so many times as far as the median arm would flatten the others.
_STEPS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
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
    """The plot of a comparison: a row an arm, the ticks by place and text, the places of zero and of equivalence."""

    baseline: str
    rows: tuple[ForestRow, ...]
    ticks: tuple[tuple[float, str], ...]
    zero: float
    margin: Span


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float

    def place(self, points: float) -> float:
        share = (points - self.low) / (self.high - self.low)
        return round(2 + 96 * min(1.0, max(0.0, share)), 3)  # dots at the rim stay whole

    def span(self, ends: Span | None) -> Span | None:
        return None if ends is None else (self.place(_POINTS * ends[0]), self.place(_POINTS * ends[1]))

    def holds(self, points: float) -> bool:
        return self.low <= points <= self.high


def build_forest(comparisons: Sequence[Comparison], margin: float = MARGIN) -> Forest:
    """Lay out the plot of at least one arm against its baseline, and the margin of equivalence."""
    band = _POINTS * margin
    scale = _scale([_ends(item) for item in comparisons], band)
    rows = tuple(_forest_row(item, scale) for item in comparisons)
    return Forest(
        baseline=one_line(comparisons[0].baseline),
        rows=rows,
        ticks=tuple((scale.place(tick), f"{tick:+g}" if tick else "0") for tick in _ticks(scale)),
        zero=scale.place(0.0),
        margin=(scale.place(-band), scale.place(band)),
    )


def _forest_row(comparison: Comparison, scale: _Scale) -> ForestRow:
    mean, ends = _POINTS * comparison.mean_difference, _ends(comparison)
    return ForestRow(
        arm=one_line(comparison.arm),
        text=figure(comparison),
        verdict=comparison.verdict_text,
        decided=comparison.verdict is not Verdict.UNDECIDED,
        dot=scale.place(mean) if scale.holds(mean) else None,
        this_test_set=scale.span(comparison.interval),
        new_images=scale.span(comparison.new_images),
        beyond_left=min(ends) < scale.low,
        beyond_right=max(ends) > scale.high,
    )


def _ends(comparison: Comparison) -> list[float]:
    """Return mean and ends of both intervals in points."""
    intervals = (comparison.interval or (), comparison.new_images or ())
    return [_POINTS * value for value in (comparison.mean_difference, *intervals[0], *intervals[1])]


def _scale(ends: Sequence[list[float]], band: float) -> _Scale:
    """Return a scale that shows zero, the band of equivalence and every arm but those that reach far beyond others."""
    reaches = [max(map(abs, each)) for each in ends]
    limit = _FAR * max(float(np.median(reaches)), band)
    near = [value for each, reach in zip(ends, reaches, strict=True) if reach <= limit for value in each]
    low, high = min([-2 * band, *near]), max([2 * band, *near])
    room = 0.04 * (high - low)
    return _Scale(low - room, high + room)


def _ticks(scale: _Scale) -> list[float]:
    width = scale.high - scale.low
    step = next((step for step in _STEPS if width / step <= _MOST_TICKS), _STEPS[-1])
    first, last = int(np.ceil(scale.low / step)), int(np.floor(scale.high / step))
    return [round(number * step, 6) for number in range(first, last + 1)]
