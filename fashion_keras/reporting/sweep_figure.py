"""Figure of a sweep: validation accuracy against the value that was tried, an arm a line, the best ones marked."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from fashion_keras.formatting import shorten
from fashion_keras.reporting.figures import finish
from fashion_keras.reporting.panels import Style, arm_style
from fashion_keras.storage.tunings import TunedArm, TuningRecord

__all__ = ["draw_tuning"]

SHOWN_POINTS = 15.0
"""Values whose accuracy lies farther below the best are off the scale: what is near them is what matters."""


def draw_tuning(tuning: TuningRecord, title: str) -> Figure:
    """Draw the trials of a comparison's tuning under a title of two lines."""
    figure = Figure((7.2, 4.6), layout="constrained")
    axis = figure.subplots()
    styles = [arm_style(number) for number in range(len(tuning.arms))]
    best = 100 * max(arm.selected_accuracy for arm in tuning.arms)
    floor = max(best - SHOWN_POINTS, 0.0)
    num_hidden = sum(_draw_arm(axis, arm, style, floor) for arm, style in zip(tuning.arms, styles, strict=True))
    low, high = tuning.ranges[-1]
    axis.set_ylim(floor, best + 0.05 * (best - floor))
    axis.set_xscale(tuning.scale)
    # Powers of ten as they stand: names may hold any character, so that no text is read as a formula.
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    margin = (high / low) ** 0.03 if tuning.scale == "log" else 0.03 * (high - low)
    axis.set_xlim((low / margin, high * margin) if tuning.scale == "log" else (low - margin, high + margin))
    axis.set_xlabel(tuning.setting.replace("_", " "))
    axis.set_ylabel("validation accuracy (%)")
    handles = [
        Line2D([], [], label=shorten(f"{arm.name}: {arm.selected_value:g}", 60), **style)
        for arm, style in zip(tuning.arms, styles, strict=True)
    ]
    finish(figure, title, handles, _describe(tuning, num_hidden))
    return figure


def _draw_arm(axis: Axes, arm: TunedArm, style: Style, floor: float) -> int:
    """Draw an arm's trials and ring the best, and return how many of them are off the scale."""
    values = [arm.value_of(trial) for trial in arm.trials]
    scores = np.array([np.nan if trial.val_accuracy is None else 100 * trial.val_accuracy for trial in arm.trials])
    axis.plot(values, scores, **style)
    axis.plot(
        [arm.selected_value],
        [100 * arm.selected_accuracy],
        linestyle="none",
        marker="o",
        markersize=10,
        markerfacecolor="none",
        markeredgecolor=style["color"],
        markeredgewidth=1.2,
    )
    return int(np.sum(~(scores >= floor)))


def _describe(tuning: TuningRecord, num_hidden: int) -> str:
    over = "one run" if len(tuning.seeds) == 1 else f"mean over {len(tuning.seeds)} runs"
    text = f"Each mark: a value that was tried, {over}, after the last epoch. Rings and numbers: the picks."
    if not num_hidden:
        return text
    return f"{text} {num_hidden} trials diverged or lie more than {SHOWN_POINTS:g} points below the best: not shown."
