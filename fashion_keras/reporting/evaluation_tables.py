"""Evaluation on a terminal: accuracy, calibration, classes and confusions."""

from collections.abc import Sequence

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fashion_keras.formatting import count_noun, shorten
from fashion_keras.reporting.terminal import natural_width
from fashion_keras.reporting.units import ABSENT, ACCURACY
from fashion_keras.statistics.classifier import Evaluation

__all__ = ["print_evaluation"]

_LONGEST_NAME = 20


def print_evaluation(evaluation: Evaluation, class_names: Sequence[str], console: Console) -> None:
    """Print an evaluation, with the confusion matrix where the terminal is wide enough for it.

    Args:
        evaluation: Of a model on a test set.
        class_names: K names.
        console: Where to print.
    """
    for line in (_describe_accuracy(evaluation), *_describe_calibration(evaluation)):
        console.print(Text(line))
    console.print()
    console.print(_class_table(evaluation, class_names))
    console.print()
    matrix = _confusion_table(evaluation, class_names)
    if natural_width(console, matrix) <= console.width:
        console.print(Text("Test images by true class (rows) and predicted class (columns)"))
        console.print(matrix)
    else:
        console.print(Text("The confusion matrix is wider than this terminal: confusion_matrix.png shows it"))


def _percent(share: float) -> str:
    """Return a share in percent with two decimal places, or a dash where there is none."""
    return ABSENT if np.isnan(share) else ACCURACY.text(share)


def _describe_accuracy(evaluation: Evaluation) -> str:
    """Return the accuracy with its interval on other images of the kind."""
    low, high = (_percent(end) for end in evaluation.interval)
    return (
        f"Accuracy {_percent(evaluation.accuracy)} % (95 % interval {low} to {high}): {evaluation.num_correct:,} of "
        f"{evaluation.num_images:,} test images"
    )


def _describe_calibration(evaluation: Evaluation) -> tuple[str, str]:
    """Return how far the probabilities can be believed, in two lines."""
    calibration = evaluation.calibration
    excess = 100 * (calibration.mean_confidence - evaluation.accuracy)
    bins, much = count_noun(len(calibration.count), "bin"), "much" if excess > 0 else "little"
    return (
        f"ECE {_percent(calibration.expected_error)} points ({bins}); on average "
        f"{_percent(calibration.mean_confidence)} % sure, {abs(excess):.2f} points too {much}",
        f"Cross-entropy {evaluation.negative_log_likelihood:.4f} nats, Brier score {evaluation.brier:.4f}",
    )


def _class_table(evaluation: Evaluation, class_names: Sequence[str]) -> Table:
    """Return precision, recall and F1 of each class in percent, and what it is most often taken for."""
    scores = evaluation.scores
    table = _grid(("id", "class"), ("images", "precision", "recall", "F1"))
    table.add_column("most often taken for", no_wrap=True)
    for number, name in enumerate(class_names):
        values = (scores.precision[number], scores.recall[number], scores.f1[number])
        table.add_row(
            str(number),
            Text(shorten(name, _LONGEST_NAME)),
            f"{scores.support[number]:,}",
            *(_percent(value) for value in values),
            Text(_commonest_mistake(evaluation, number, class_names)),
        )
    table.add_section()
    means = (_percent(scores.macro(values)) for values in (scores.precision, scores.recall, scores.f1))
    table.add_row("", "mean of classes", f"{evaluation.num_images:,}", *means)
    return table


def _confusion_table(evaluation: Evaluation, class_names: Sequence[str]) -> Table:
    """Return the confusion matrix: a row for each true class, a column for each predicted one, dots for zeros."""
    width = len(f"{evaluation.matrix.max():,}")
    table = _grid(("", ""), [str(number).rjust(width) for number in range(len(class_names))])
    for number, (name, row) in enumerate(zip(class_names, evaluation.matrix, strict=True)):
        cells = [
            Text(f"{count:,}" if count else "·", style="bold" if column == number else "")
            for column, count in enumerate(row)
        ]
        table.add_row(str(number), Text(shorten(name, _LONGEST_NAME)), *cells)
    return table


def _commonest_mistake(evaluation: Evaluation, number: int, class_names: Sequence[str]) -> str:
    """Return which other class the images of one class are most often taken for, and how many percent of them."""
    row = evaluation.matrix[number].copy()
    row[number] = 0
    if not row.any():
        return ""
    share = row.max() / evaluation.matrix[number].sum()
    return f"{shorten(class_names[int(row.argmax())], _LONGEST_NAME)} {_percent(share)} %"


def _grid(names: Sequence[str], numbers: Sequence[str]) -> Table:
    table = Table(box=box.HORIZONTALS, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for title in names:
        table.add_column(title, no_wrap=True)
    for title in numbers:
        table.add_column(title, justify="right", no_wrap=True)
    return table
