"""Forest plot as a picture: the difference of each arm from the baseline with its intervals and its verdict in words.

Made for a page 800 pixels wide, where its letters are as large as the page's own.
"""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fashion_keras.formatting import break_name, one_line, shorten
from fashion_keras.reporting.forest import Forest, ForestRow
from fashion_keras.reporting.summary import describe_results, examples_of
from fashion_keras.storage.comparison import ComparisonResults

__all__ = ["draw_forest"]

_WIDTH = 8.0  # inches, at 200 dots twice the 800 pixels
_ROW, _HEAD = 0.44, 1.45
_DECIDED, _OPEN = "#0072B2", "#6b6b6b"
_LONGEST_NAME = 44


def draw_forest(plot: Forest, results: ComparisonResults) -> Figure:
    """Draw the arms against their baseline, a row each, the first on top, under the comparison's title."""
    figure = Figure((_WIDTH, _ROW * len(plot.rows) + _HEAD), layout="constrained")
    axis = figure.subplots()
    _set_up(axis, plot, [break_name(shorten(item.arm, _LONGEST_NAME), 22) for item in plot.rows])
    for place, row in enumerate(plot.rows):
        _draw_row(axis, row, place)
    figure.suptitle(one_line(results.record.heading), fontsize=11, fontweight="bold", x=0.01, ha="left")
    axis.set_title(one_line(describe_results(results)), loc="left", fontsize=9)
    figure.supxlabel(textwrap.fill(_describe_marks(plot, examples_of(results)), 116), fontsize=7.5, x=0.01, ha="left")
    return figure


def _set_up(axis: Axes, plot: Forest, names: Sequence[str]) -> None:
    axis.set(xlim=(0, 100), ylim=(len(names) - 0.5, -0.5))
    axis.set_xticks([place for place, _ in plot.ticks], [text for _, text in plot.ticks], fontsize=9)
    axis.set_yticks(range(len(names)), names, fontsize=9.5)
    axis.set_xlabel(f"{plot.quantity} above {plot.baseline}", fontsize=9)
    axis.tick_params(axis="y", length=0)
    axis.grid(visible=False, axis="y")
    axis.spines["left"].set_visible(False)
    axis.axvspan(*plot.margin, color="#000000", alpha=0.06, linewidth=0)
    axis.axvline(plot.zero, color="#444444", linewidth=1)


def _draw_row(axis: Axes, row: ForestRow, place: int) -> None:
    style: Mapping[str, Any] = {"color": _DECIDED if row.decided else _OPEN, "solid_capstyle": "butt"}
    for ends, width in ((row.new_images, 1.1), (row.this_test_set, 3.2)):
        if ends is not None:
            axis.plot(ends, (place, place), linewidth=width, **style)
    if row.dot is not None:
        face = _DECIDED if row.decided else "#ffffff"
        axis.plot(row.dot, place, "o", markersize=7, color=style["color"], markerfacecolor=face, markeredgewidth=1.6)
    for beyond, edge, mark in ((row.beyond_left, 0, "<"), (row.beyond_right, 100, ">")):
        if beyond:
            axis.plot(edge, place, mark, markersize=5, color=style["color"], clip_on=False)
    weight = "bold" if row.decided else "normal"
    axis.text(
        1.02,
        place - 0.17,
        row.verdict,
        transform=axis.get_yaxis_transform(),
        va="center",
        fontweight=weight,
        fontsize=9.5,
    )
    axis.text(
        1.02, place + 0.2, row.text, transform=axis.get_yaxis_transform(), va="center", fontsize=8, color="#444444"
    )


def _describe_marks(plot: Forest, examples: str) -> str:
    sentences = ["Dot: mean over the seeds."]
    if any(row.this_test_set for row in plot.rows):
        sentences[0] = "Dot: mean over the seeds; thick line: interval on this test set, as the arm was judged."
    if any(row.new_images for row in plot.rows):
        sentences[0] = f"{sentences[0][:-1]}; thin: on new {examples}."
    sentences.append("Grey band: equivalent.")
    if not all(row.decided for row in plot.rows):
        sentences.append("Hollow: undecided.")
    if any(row.beyond_left or row.beyond_right for row in plot.rows):
        sentences.append("Arrow: goes on beyond the plot.")
    return " ".join(sentences)
