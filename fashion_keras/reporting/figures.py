"""Curves of a comparison, fit for print: an arm a panel as in the report, and all arms overlaid.

Figures are drawn without pyplot: no global state, no display needed.
"""

import io
import math
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from fashion_keras.formatting import break_name, one_line, shorten
from fashion_keras.reporting.curves import MEASURES, PARTS, Curve, arm_curves, axis_limits, find_outliers
from fashion_keras.reporting.panels import PART_STYLES, PART_TITLES, UNITS, arm_style, draw_panel
from fashion_keras.reporting.summary import describe_results
from fashion_keras.storage.comparison import ArmResults, ComparisonResults
from fashion_keras.storage.files import write_files

__all__ = [
    "PICTURES", "STYLE", "draw_arms_apart", "draw_arms_overlaid", "draw_curves", "finish", "render", "write_figures",
]  # fmt: skip

STYLE = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "legend.handlelength": 3.4,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.2,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.linewidth": 0.4,
    "grid.color": "#dddddd",
    "axes.axisbelow": True,
    "text.parse_math": False,  # an arm called $x$ is a name, no formula
    "svg.hashsalt": "fashion-keras",  # else each file has ids of its own
}
_DPI = 200
_LONGEST_NAME = 60


PICTURES = ("png", "svg")


def draw_curves(results: ComparisonResults) -> dict[str, Figure]:
    """Draw `curves_by_arm`, the panels of each arm, and `curves_overlaid`, all arms in each panel.

    Lines are means over seeds, bands their middle two thirds. An arm far from the others has an axis of its own, or is
    cut off, without a band, where all are overlaid, which the figure says. Nothing is drawn without a run, or where
    trainers told of no epochs.
    """
    arms = [arm for arm in results.arms if arm.runs]
    told = not results.record.trainers or any(run.result["epochs"] > 1 for arm in arms for run in arm.runs.values())
    if not arms or not told:
        return {}
    title = f"{one_line(results.record.heading)}\n{one_line(describe_results(results))}"
    return {"curves_by_arm": draw_arms_apart(arms, title), "curves_overlaid": draw_arms_overlaid(arms, title)}


def write_figures(
    draw: Callable[[], Mapping[str, Figure]], folder: Path, suffixes: Sequence[str] = PICTURES
) -> list[Path]:
    """Draw figures in the style of all and write them; equal figures give equal files.

    Args:
        draw: Returns the figures by the names of their files.
        folder: Where to; made where it is missing.
        suffixes: Formats of the pictures.

    Raises:
        StoreError: The folder cannot be written, in one line.
    """
    # Neither the user's own matplotlib settings nor those of an earlier figure change ours.
    with matplotlib.style.context(["default", STYLE]):
        contents = {
            f"{name}.{suffix}": render(figure, suffix) for name, figure in draw().items() for suffix in suffixes
        }
    return write_files(folder, contents)


def render(figure: Figure, suffix: str) -> bytes:
    """Return a figure as a file of a format, `"png"` or `"svg"`; equal figures give equal bytes."""
    file = io.BytesIO()
    figure.set_dpi(_DPI)
    if suffix == "svg":  # by the canvases themselves: `savefig` draws everything twice
        FigureCanvasSVG(figure).print_svg(file, metadata={"Date": None})
    else:
        FigureCanvasAgg(figure).print_png(file)
    # The second file need not search the layout again, which takes longer than drawing it.
    figure.set_layout_engine("none")
    return _compact(file.getvalue()) if suffix == "svg" else file.getvalue()


def _compact(svg: bytes) -> bytes:
    """Write an SVG's paths in hundredths of a point, without white space between tags: two thirds of the size."""

    def shorten_path(path: re.Match[bytes]) -> bytes:
        return re.sub(rb"(\.\d\d)\d+", rb"\1", path[0]).replace(b" \nL ", b" ")

    return re.sub(rb">\s+<", b"><", re.sub(rb' d="[^"]*"', shorten_path, svg))


@dataclass(frozen=True)
class _Curves:
    """One measure of all arms.

    Attributes:
        by_arm: For each arm its curves by part.
        is_far: For each arm whether it would flatten the others.
    """

    measure: str
    by_arm: Sequence[Mapping[str, Curve]]
    is_far: Sequence[bool]

    @classmethod
    def of(cls, arms: Sequence[ArmResults], measure: str) -> "_Curves":
        by_arm = [arm_curves(arm, measure) for arm in arms]
        levels = [parts["val"].late_level(measure) if "val" in parts else np.nan for parts in by_arm]
        return cls(measure, by_arm, find_outliers(np.array(levels), measure).tolist())

    @property
    def overlaid(self) -> list[Mapping[str, Curve]]:
        """The curves as all arms share a panel: the far ones without their bands, which would paint it over."""
        return [
            {part: curve.without_band() for part, curve in parts.items()} if is_far else parts
            for parts, is_far in zip(self.by_arm, self.is_far, strict=True)
        ]

    def shared_limits(self, shown: Sequence[str] = PARTS) -> tuple[float, float]:
        """The axis that suits these parts of all arms but the far ones."""
        near = [parts for parts, is_far in zip(self.by_arm, self.is_far, strict=True) if not is_far]
        return axis_limits((parts[part] for parts in near for part in shown if part in parts), self.measure)


def _what_is_there(arms: Sequence[ArmResults]) -> tuple[list[str], list[str]]:
    """Return the measures and the parts of the data that have a value: custom trainers need not tell of all."""
    found = {(part, measure) for measure in MEASURES for arm in arms for part in arm_curves(arm, measure)}
    measures = [measure for measure in MEASURES if any(each == measure for _, each in found)]
    return measures or list(MEASURES), [part for part in PARTS if any(each == part for each, _ in found)] or list(PARTS)


def draw_arms_apart(arms: Sequence[ArmResults], title: str) -> Figure:
    """Draw a loss and an accuracy panel for each arm, at most four arms beside each other."""
    num_columns = 3 if len(arms) in (5, 6) else min(len(arms), 4)
    num_blocks, (measures, parts) = math.ceil(len(arms) / num_columns), _what_is_there(arms)
    num_rows = len(measures) * num_blocks
    figure = Figure((max(1.9 * num_columns, 4.2), 1.65 * num_rows + 0.9), layout="constrained")
    axes = figure.subplots(num_rows, num_columns, squeeze=False)
    for axis in axes.ravel():
        axis.set_visible(False)  # the last block may not be full
    for row, measure in enumerate(measures):
        curves = _Curves.of(arms, measure)
        shared = curves.shared_limits()
        for number, (arm, found, is_far) in enumerate(zip(arms, curves.by_arm, curves.is_far, strict=True)):
            axis = axes[len(measures) * (number // num_columns) + row, number % num_columns]
            axis.set_visible(True)
            styled = [(found.get(part), PART_STYLES[part]) for part in parts]
            draw_panel(axis, styled, axis_limits(found.values(), measure) if is_far else shared)
            titles = [] if row else [break_name(shorten(arm.name, _LONGEST_NAME), 26)]
            axis.set_title("\n".join([*titles, "(axis of its own)"] if is_far else titles))
            axis.set_xlabel("epoch" if measure is measures[-1] else "")
            axis.set_ylabel("" if number % num_columns else f"{measure} ({UNITS[measure]})")
    handles = [Line2D([], [], label=PART_TITLES[part], **PART_STYLES[part]) for part in parts]
    finish(figure, title, handles, _describe_lines(arms))
    return figure


def draw_arms_overlaid(arms: Sequence[ArmResults], title: str) -> Figure:
    """Draw all arms in one panel each for the training, validation and test loss and accuracy."""
    styles = [arm_style(number) for number in range(len(arms))]
    measures, parts = _what_is_there(arms)
    figure = Figure((7.2, 5.3 - 2.2 * (2 - len(measures)) + 0.16 * math.ceil(len(arms) / 4)), layout="constrained")
    axes = figure.subplots(len(measures), len(parts), squeeze=False)
    far: set[str] = set()
    for row, measure in enumerate(measures):
        curves = _Curves.of(arms, measure)
        far |= {arm.name for arm, is_far in zip(arms, curves.is_far, strict=True) if is_far}
        for column, part in enumerate(parts):
            axis = axes[row, column]
            styled = [(found.get(part), style) for found, style in zip(curves.overlaid, styles, strict=True)]
            draw_panel(axis, styled, curves.shared_limits([part]))
            axis.set_title(f"{PART_TITLES[part]} {measure}")
            axis.set_xlabel("epoch" if measure is measures[-1] else "")
            axis.set_ylabel("" if column else f"{measure} ({UNITS[measure]})")
    labels = [shorten(arm.name, _LONGEST_NAME) + (" (off the scale)" if arm.name in far else "") for arm in arms]
    handles = [Line2D([], [], label=label, **style) for label, style in zip(labels, styles, strict=True)]
    note = " Off the scale: far from the others, wholly or partly outside the axes, and without a band." if far else ""
    finish(figure, title, handles, _describe_lines(arms) + note)
    return figure


def finish(figure: Figure, title: str, handles: Sequence[Line2D], note: str) -> None:
    """Put title and legend above the panels, and below them what lines, bands and axes are.

    Args:
        figure: Drawn but for these.
        title: One or two lines.
        handles: Of the legend.
        note: The text below.
    """
    width = figure.get_figwidth()
    longest = max(len(str(handle.get_label())) for handle in handles)
    legend = figure.legend(
        title="\n".join(textwrap.fill(line, int(15 * width)) for line in title.splitlines()),
        title_fontsize=9,
        handles=handles,
        loc="outside upper center",
        ncols=max(1, min(len(handles), 4, int(17 * width / (longest + 9)))),
    )
    legend.get_title().set_multialignment("center")
    figure.supxlabel(textwrap.fill(note, int(20 * width)), fontsize=6.5, x=0.01, ha="left")


def _describe_lines(arms: Sequence[ArmResults]) -> str:
    counts = sorted({len(arm.runs) for arm in arms})
    if counts == [1]:
        sentences = ["One run an arm: no spread to show."]
    else:
        number = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
        sentences = [f"Lines: mean over {number} runs, one a seed; bands: the middle two thirds of them."]
    if any(run.has_diverged for arm in arms for run in arm.runs.values()):
        sentences.append("A run that diverged counts up to there.")
    if max(arm.histories("val_loss").shape[1] for arm in arms) > 10:  # fewer are shown whole, see `axis_limits`
        sentences.append("The axes show at least nine tenths of each curve; first epochs and spikes may lie outside.")
    return " ".join(sentences)
