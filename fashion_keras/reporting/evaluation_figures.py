"""Pictures of an evaluation: the confusion matrix, the reliability diagram and the most confident mistakes.

Drawn like the curves, without pyplot; class names come from users and may hold any character.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fashion_keras.formatting import shorten
from fashion_keras.reporting.figures import write_figures
from fashion_keras.reporting.samples import draw_images, put_title
from fashion_keras.statistics.classifier import Calibration, Evaluation, Mistake, wilson_interval

__all__ = ["draw_confusion_matrix", "draw_evaluation", "draw_mistakes", "draw_reliability"]

_BLUE = "#0072B2"
_ORANGE = "#D55E00"
_LONGEST_NAME = 16
_MOST_NUMBERS = 30
"""Classes of which the confusion matrix still has room for numbers."""


def draw_evaluation(
    evaluation: Evaluation, images: NDArray[np.uint8], class_names: Sequence[str], title: str, folder: Path
) -> list[Path]:
    """Draw `confusion_matrix.png`, `reliability.png` and `mistakes.png`.

    Args:
        evaluation: What is drawn.
        images: uint8 [N, H, W], or [N, H, W, 3] in colour: those that were evaluated, in their order.
        class_names: K names.
        title: What was evaluated on what, a line above each picture.
        folder: Where to; made where it is missing.

    Raises:
        StoreError: The folder cannot be written, in one line.
    """
    wrong = images[[mistake.index for mistake in evaluation.mistakes]]
    return write_figures(
        lambda: {
            "confusion_matrix": draw_confusion_matrix(evaluation.matrix, class_names, title),
            "reliability": draw_reliability(evaluation.calibration, title),
            "mistakes": draw_mistakes(evaluation.mistakes, wrong, class_names, title),
        },
        folder,
        ["png"],
    )


def draw_confusion_matrix(matrix: NDArray[np.int64], class_names: Sequence[str], title: str) -> Figure:
    """Draw the number of images in each cell, coloured by its share of the true class; empty cells have no number.

    The colours follow the root of the share: confusions of a few percent could not be seen beside the diagonal.

    Args:
        matrix: Counts, int64 [K, K]: a row for each true class, a column for each predicted one.
        class_names: K names.
        title: Above the matrix.
    """
    num_classes = len(matrix)
    shares = 100 * matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    side = min(max(0.42 * num_classes, 2.0), 10.0)
    figure = Figure((side + 2.2, side + 1.5), layout="constrained")
    axis = figure.subplots()
    image = axis.imshow(shares, cmap="Blues", norm=PowerNorm(0.5, 0, 100))
    bar = figure.colorbar(image, ax=axis, shrink=0.7, pad=0.02, ticks=[0, 1, 5, 20, 50, 100])
    bar.set_label("% of the true class")
    bar.outline.set_linewidth(0.6)
    if num_classes <= _MOST_NUMBERS:
        _write_counts(axis, matrix, shares)
    names = [shorten(name, _LONGEST_NAME) for name in class_names]
    size = 7 if num_classes <= _MOST_NUMBERS else max(2.5, 7 * _MOST_NUMBERS / num_classes)
    axis.set_xticks(range(num_classes), names, rotation=90 if num_classes > 12 else 45, fontsize=size)
    axis.set_yticks(range(num_classes), names, fontsize=size)
    if num_classes <= 12:
        for label in axis.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
    axis.tick_params(length=0)
    axis.grid(False)
    axis.set_xlabel("predicted class")
    axis.set_ylabel("true class")
    put_title(figure, title)
    return figure


def _write_counts(axis: Axes, matrix: NDArray[np.int64], shares: NDArray[np.float64]) -> None:
    for true, predicted in np.argwhere(matrix):
        dark = shares[true, predicted] > 30  # where the root of the share is more than half of its greatest
        text = f"{matrix[true, predicted]:,}"
        axis.text(predicted, true, text, ha="center", va="center", fontsize=6.5, color="white" if dark else "black")


def draw_reliability(calibration: Calibration, title: str) -> Figure:
    """Draw, for each bin of confidence, how often its images are right, and below how many of them there are."""
    figure = Figure((4.4, 5.2), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 100], [0, 100], color="#777777", linestyle="--", linewidth=0.9, label="as sure as right")
    filled = calibration.count > 0
    confidence, accuracy = 100 * calibration.confidence[filled], 100 * calibration.accuracy[filled]
    ends = [
        wilson_interval(int(right), int(count))
        for right, count in zip(calibration.num_correct[filled], calibration.count[filled], strict=True)
    ]
    half_widths = np.abs(100 * np.array(ends).T - accuracy)
    style = {"color": _BLUE, "marker": "o", "linestyle": "-", "capsize": 2, "elinewidth": 0.8}
    upper.errorbar(confidence, accuracy, yerr=half_widths, label="bins, with 95 % intervals", **style)
    upper.set(xlim=(-2, 102), ylim=(-2, 102), ylabel="images classified rightly (%)")
    upper.legend(loc="upper left")
    upper.text(0.97, 0.05, _calibration_text(calibration), transform=upper.transAxes, ha="right", va="bottom")
    edges = 100 * calibration.edges
    shares = 100 * calibration.count / calibration.count.sum()
    lower.bar(edges[:-1], shares, np.diff(edges), align="edge", color=_BLUE, edgecolor="white", linewidth=0.4)
    lower.axvline(100 * calibration.mean_confidence, color=_ORANGE, linewidth=1.2, label="mean")
    lower.set(xlabel="confidence: probability of the predicted class (%)", ylabel="images (%)")
    lower.legend(loc="upper left")
    put_title(figure, title)
    return figure


def _calibration_text(calibration: Calibration) -> str:
    accuracy = calibration.num_correct.sum() / calibration.count.sum()
    return (
        f"ECE {100 * calibration.expected_error:.2f} points, {len(calibration.count)} bins\n"
        f"sure {100 * calibration.mean_confidence:.2f} %, right {100 * accuracy:.2f} %"
    )


def draw_mistakes(
    mistakes: Sequence[Mistake], images: NDArray[np.uint8], class_names: Sequence[str], title: str
) -> Figure:
    """Draw mistakes six in a row, each with its true class, the predicted one, its probability and the image's number.

    Args:
        mistakes: In the order in which they are drawn.
        images: uint8 [E, H, W], or [E, H, W, 3] in colour, in the same order.
        class_names: K names.
        title: The first of the two lines above.
    """
    captions = [_caption(mistake, class_names) for mistake in mistakes]
    what = f"the {len(mistakes)} most confident mistakes" if mistakes else "no mistake"
    return draw_images(images, captions, [title, what])


def _caption(mistake: Mistake, class_names: Sequence[str]) -> str:
    true, predicted = (shorten(class_names[number], _LONGEST_NAME) for number in (mistake.label, mistake.class_id))
    return f"no. {mistake.index}: {true}\ntaken for {predicted}\n{100 * mistake.probability:.2f} % sure"
