"""Figure of a sweep: what validation says against the value that was tried, an arm a line, the best ones marked."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from fashion_keras.formatting import shorten
from fashion_keras.reporting.figures import finish
from fashion_keras.reporting.panels import Style, arm_style
from fashion_keras.storage.tunings import TunedArm, TuningRecord

__all__ = ["draw_tuning"]

SHOWN_POINTS = 15.0
"""Shares that lie farther from the best are off the scale: what is near it is what matters."""

_SHOWN_QUARTERS = 4.0  # of other metrics: how many times as far from the best as the best quarter of the trials lies


def draw_tuning(tuning: TuningRecord, title: str) -> Figure:
    """Draw the trials of a comparison's tuning under a title of two lines."""
    figure = Figure((7.2, 4.6), layout="constrained")
    axis = figure.subplots()
    styles = [arm_style(number) for number in range(len(tuning.arms))]
    best, worst = _find_limits(tuning)
    num_hidden = sum(_draw_arm(axis, arm, style, worst) for arm, style in zip(tuning.arms, styles, strict=True))
    low, high = tuning.ranges[-1]
    axis.set_ylim(*sorted((worst, best + 0.05 * (best - worst))))
    axis.set_xscale(tuning.scale)
    # Powers of ten as they stand: names may hold any character, so that no text is read as a formula.
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    margin = (high / low) ** 0.03 if tuning.scale == "log" else 0.03 * (high - low)
    axis.set_xlim((low / margin, high * margin) if tuning.scale == "log" else (low - margin, high + margin))
    axis.set_xlabel(tuning.setting.replace("_", " "))
    unit = "%" if tuning.objective.metric.is_share else tuning.objective.metric.unit
    axis.set_ylabel(f"{tuning.objective.words} ({unit})" if unit else tuning.objective.words)
    handles = [
        Line2D([], [], label=shorten(f"{arm.name}: {arm.selected_value:g}", 60), **style)
        for arm, style in zip(tuning.arms, styles, strict=True)
    ]
    finish(figure, title, handles, _describe(tuning, num_hidden))
    return figure


def _find_limits(tuning: TuningRecord) -> tuple[float, float]:
    """Return the best score, and the worst that is shown."""
    metric, scores = tuning.objective.metric, np.concatenate([_scores(arm) for arm in tuning.arms])
    best = float(np.nanmax(scores) if metric.higher_is_better else np.nanmin(scores))
    near = float(np.nanquantile(np.abs(scores - best), 0.25))
    far = SHOWN_POINTS if metric.is_share else _SHOWN_QUARTERS * near or 1.0
    worst = best - far if metric.higher_is_better else best + far
    return best, float(np.clip(worst, 0.0, 100.0)) if metric.is_share else worst


def _scores(arm: TunedArm) -> NDArray[np.float64]:
    scale = 100 if arm.objective.metric.is_share else 1
    found = [trial.value(arm.objective.name) for trial in arm.trials]
    return np.array([np.nan if value is None else scale * value for value in found], np.float64)


def _draw_arm(axis: Axes, arm: TunedArm, style: Style, worst: float) -> int:
    """Draw an arm's trials and ring the best, and return how many of them are off the scale."""
    values, scores = [arm.value_of(trial) for trial in arm.trials], _scores(arm)
    axis.plot(values, scores, **style)
    axis.plot(
        [arm.selected_value],
        [scores[arm.trials.index(arm.best_trial)]],
        linestyle="none",
        marker="o",
        markersize=10,
        markerfacecolor="none",
        markeredgecolor=style["color"],
        markeredgewidth=1.2,
    )
    return int(np.sum(~(scores >= worst if arm.objective.metric.higher_is_better else scores <= worst)))


def _describe(tuning: TuningRecord, num_hidden: int) -> str:
    over = "one run" if len(tuning.seeds) == 1 else f"mean over {len(tuning.seeds)} runs"
    text = f"Each mark: a value that was tried, {over}, after the last epoch. Rings and numbers: the picks."
    if not num_hidden:
        return text
    far = f"more than {SHOWN_POINTS:g} points below" if tuning.objective.is_accuracy else "far from"
    return f"{text} {num_hidden} trials diverged or lie {far} the best: not shown."
