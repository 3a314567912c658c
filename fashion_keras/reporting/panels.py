"""Panels of a figure: curves and their bands against the epoch, in styles for colour-blind eyes and grey print."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from fashion_keras.reporting.curves import Curve

__all__ = ["PART_STYLES", "PART_TITLES", "UNITS", "Style", "arm_style", "draw_panel"]

Style = Mapping[str, Any]

UNITS = {"loss": "nats", "accuracy": "%"}
PART_TITLES = {"train": "training", "val": "validation", "test": "test"}
PART_STYLES: Mapping[str, Style] = {
    "train": {"color": "#0072B2", "linestyle": "-", "marker": "o"},
    "val": {"color": "#D55E00", "linestyle": "--", "marker": "s"},
    "test": {"color": "#000000", "linestyle": ":", "marker": "^"},
}

# Okabe and Ito's colours (Color Universal Design, 2008) without the yellow, which vanishes on white.
_COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
_LINES = ("-", "--", "-.", ":", (0, (6, 1.5, 1, 1.5, 1, 1.5)), (0, (8, 2)), (0, (2, 1)), (0, (1, 2.5)))
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<")
_NUM_MARKERS = 6


def arm_style(number: int) -> Style:
    """Return the style of the arm of this number; colour, line and marker first recur together after 504 arms."""
    return {
        "color": _COLOURS[number % len(_COLOURS)],
        "linestyle": _LINES[number % len(_LINES)],
        "marker": _MARKERS[number % len(_MARKERS)],
    }


def draw_panel(axis: Axes, curves: Sequence[tuple[Curve | None, Style]], limits: tuple[float, float]) -> None:
    """Draw curves into a panel.

    Args:
        axis: The panel.
        curves: Each with its style; None where there are no values.
        limits: Of the vertical axis.
    """
    for number, (curve, style) in enumerate(curves):
        if curve is not None:
            _draw_curve(axis, curve, style, phase=number / len(curves))
    known = [curve for curve, _ in curves if curve is not None]
    if not known:
        axis.text(0.5, 0.5, "no values", transform=axis.transAxes, ha="center", va="center")
    last = max((len(curve.mean) for curve in known), default=1)
    axis.set_xlim((0.5, 1.5) if last == 1 else (1 - 0.02 * last, 1.02 * last))
    axis.set_ylim(*limits)
    axis.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    axis.yaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))


def _draw_curve(axis: Axes, curve: Curve, style: Style, phase: float) -> None:
    """Draw mean and band; the phase, in [0, 1), keeps the markers of several curves apart."""
    num_epochs = len(curve.mean)
    every = max(1, num_epochs // _NUM_MARKERS)
    epochs = curve.epochs if num_epochs > 1 else curve.epochs + 0.4 * (phase - 0.5)  # single points beside each other
    axis.plot(epochs, curve.mean, markevery=(int(phase * every), every), **style)
    if not curve.has_band:
        return
    if num_epochs == 1:  # a band needs two epochs
        axis.vlines(epochs, curve.low, curve.high, color=style["color"], linewidth=0.8)
    else:
        axis.fill_between(epochs, curve.low, curve.high, color=style["color"], alpha=0.18, linewidth=0)
