"""Figures of a search: best so far, a slice for each hyperparameter, and what mattered."""

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from fashion_keras.formatting import one_line, shorten
from fashion_keras.storage.trials import Objective, Trial, rank_trials
from fashion_keras.tuning.search.analysis import ForestReport, best_of_k
from fashion_keras.tuning.search.spaces import describe_value

__all__ = ["draw_best_so_far", "draw_importance", "draw_slices"]

_POINTS, _BEST, _BAND, _LINE = "#0072B2", "#D55E00", "#009E73", "#000000"  # Okabe and Ito's
_NUM_COLUMNS = 4
_LABELS = {"val_accuracy": "validation accuracy (%)", "val_loss": "validation loss (nats)"}


def draw_best_so_far(trials: Sequence[Trial], objective: Objective, title: str, is_independent: bool) -> Figure:
    """Draw every trial, the best so far, and what the best of as many trials is expected to be.

    Args:
        trials: Those that have runs, in their order.
        objective: What is drawn.
        title: Heads it.
        is_independent: Whether the trials were drawn independently, which the expectation assumes.
    """
    shown = _shown_values(trials, objective)
    sign = 1 if objective.is_accuracy else -1
    best, expected = sign * np.maximum.accumulate(sign * shown), best_of_k(sign * shown)
    numbers = np.arange(1, len(trials) + 1)
    figure = Figure((5.6, 3.9), layout="constrained")
    axis = figure.subplots()
    axis.fill_between(numbers, sign * expected.low, sign * expected.high, color=_BAND, alpha=0.2, linewidth=0)
    axis.plot(numbers, sign * expected.mean, color=_BAND, linestyle="--", label="best of k trials, expected")
    axis.step(numbers, best, where="post", color=_LINE, label="best so far")
    _draw_points(axis, numbers, shown, _limits(shown, objective), "a trial")
    axis.set_xlim(0.5, len(trials) + 0.5)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axis.set_xlabel("trials")
    axis.set_ylabel(_LABELS[objective.name])
    axis.set_title(_wrap(title, figure))
    figure.legend(loc="outside upper center", ncols=3)
    assumption = "" if is_independent else " It takes the trials as independent, which those of this oracle are not."
    _note(figure, "Band: 95 % of the draws of k trials from those made (Dodge et al. 2019)." + assumption + _BELOW)
    return figure


_BELOW = " Triangles at the edge: trials beyond it."


def draw_slices(
    trials: Sequence[Trial], objective: Objective, title: str, log_scaled: frozenset[str] = frozenset()
) -> Figure:
    """Draw for each hyperparameter that varies the trials' values against its own.

    Args:
        trials: Those that have runs.
        objective: What is drawn.
        title: Heads it.
        log_scaled: Hyperparameters with a logarithmic axis.
    """
    known = dict.fromkeys(name for trial in trials for name in trial.values)
    names = [name for name in known if len({str(trial.values.get(name)) for trial in trials}) > 1]
    num_rows = max(1, math.ceil(len(names) / _NUM_COLUMNS))
    figure = Figure((7.8, 1.9 * num_rows + 0.8), layout="constrained")
    axes = figure.subplots(num_rows, _NUM_COLUMNS, squeeze=False, sharey=True)
    limits = _limits(_shown_values(trials, objective), objective)
    best = rank_trials(trials, objective)[0]
    for place, axis in enumerate(axes.ravel()):
        if place >= len(names):
            axis.set_visible(False)
            continue
        _draw_slice(axis, trials, names[place], objective, limits, best, names[place] in log_scaled)
        if place % _NUM_COLUMNS == 0:
            axis.set_ylabel(_LABELS[objective.name].replace(" (", "\n("))
    figure.suptitle(_wrap(title, figure), fontsize=9)
    _note(figure, "Only trials where the hyperparameter applies. Diamond: the best trial." + _BELOW)
    return figure


def _draw_slice(
    axis: Axes,
    trials: Sequence[Trial],
    name: str,
    objective: Objective,
    limits: tuple[float, float],
    best: Trial,
    is_log: bool,
) -> None:
    having = [trial for trial in trials if name in trial.values]
    values = [trial.values[name] for trial in having]
    shown = _shown_values(having, objective)
    is_continuous = all(isinstance(value, float) for value in values) and (is_log or len(set(values)) > len(values) / 2)
    if is_continuous:
        places = np.array(values, np.float64)
        if is_log:
            axis.set_xscale("log")
            # Without matplotlib's formulas, which would stand there as they are written.
            is_narrow = max(values) < 50 * min(values)  # too few powers of ten to read the others from
            axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)) if is_narrow else LogLocator(numticks=4))
            axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.xaxis.set_minor_formatter(NullFormatter())
    else:
        choices = sorted(set(values), key=lambda value: (str(type(value)), value))
        jitter = np.random.default_rng(0).uniform(-0.2, 0.2, len(values))
        places = np.array([choices.index(value) for value in values]) + jitter
        labels = [shorten(describe_value(choice), 16) for choice in choices]
        is_long = sum(map(len, labels)) > 15
        axis.set_xticks(range(len(choices)), labels, rotation=25 if is_long else 0, ha="right" if is_long else "center")
        axis.set_xlim(-0.5, len(choices) - 0.5)
    _draw_points(axis, places, shown, limits)
    if best in having:
        place = having.index(best)
        axis.plot(places[place], shown[place], "D", color=_BEST, markersize=5, zorder=5)
    axis.set_title(shorten(name, 30))


def draw_importance(report: ForestReport, title: str) -> Figure:
    """Draw the importances with their intervals, the greatest on top."""
    items = report.importances[::-1]
    figure = Figure((5.6, 0.22 * len(items) + 1.5), layout="constrained")
    axis = figure.subplots()
    places = np.arange(len(items))
    axis.hlines(places, [item.low for item in items], [item.high for item in items], color=_POINTS, linewidth=1)
    axis.plot([item.mean for item in items], places, "o", color=_POINTS)
    axis.axvline(0, color=_LINE, linewidth=0.6)
    axis.set_yticks(places, [shorten(item.name, 30) for item in items])
    axis.set_xlabel("share of the variance of the trials' ranks that is lost when its values are shuffled")
    axis.set_title(_wrap(title, figure))
    _note(
        figure,
        "Permutation importance of random forests on trials that they had not seen; lines: 95 % over resamples of the "
        f"trials. The forests explain {100 * report.explained:.0f} % of the variance of unseen trials.",
    )
    return figure


def _shown_values(trials: Sequence[Trial], objective: Objective) -> NDArray[np.float64]:
    """What is drawn of each trial, float64 [trials]: percent or nats."""
    scale = 100 if objective.is_accuracy else 1
    return np.array([scale * objective.value(trial) for trial in trials], np.float64)


def _limits(shown: NDArray[np.float64], objective: Objective) -> tuple[float, float]:
    """The axis that shows the better three quarters of the trials well; the others lie at its edge."""
    low, high = float(shown.min()), float(shown.max())
    if objective.is_accuracy:
        low = max(low, high - 2 * (high - float(np.percentile(shown, 25))))
    else:
        high = min(high, low + 2 * (float(np.percentile(shown, 75)) - low))
    room = max(0.06 * (high - low), 0.01 if objective.is_accuracy else 1e-3)
    return low - room, high + room


def _draw_points(
    axis: Axes, places: NDArray[Any], shown: NDArray[np.float64], limits: tuple[float, float], label: str = ""
) -> None:
    """Draw the trials, those beyond the axis as triangles at its edge."""
    low, high = limits
    edge = 0.025 * (high - low)
    inside = (shown >= low) & (shown <= high)
    options: dict[str, Any] = {"color": _POINTS, "markersize": 3.2, "alpha": 0.8, "linestyle": "none"}
    axis.plot(places[inside], shown[inside], "o", label=label or None, **options)
    axis.plot(places[shown < low], np.full(int((shown < low).sum()), low + edge), "v", **options)
    axis.plot(places[shown > high], np.full(int((shown > high).sum()), high - edge), "^", **options)
    axis.set_ylim(low, high)


def _wrap(text: str, figure: Figure) -> str:
    return textwrap.fill(one_line(text), int(15 * figure.get_figwidth()))


def _note(figure: Figure, text: str) -> None:
    figure.supxlabel(textwrap.fill(text, int(20 * figure.get_figwidth())), fontsize=6.5, x=0.01, ha="left")
