import io
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from rich.console import Console

from fashion_keras.data.dataset import FASHION_MNIST_CLASSES
from fashion_keras.errors import StoreError
from fashion_keras.formatting import one_line
from fashion_keras.reporting.evaluation_figures import (
    draw_confusion_matrix,
    draw_evaluation,
    draw_mistakes,
    draw_reliability,
)
from fashion_keras.reporting.evaluation_tables import print_evaluation
from fashion_keras.statistics.classifier import Evaluation, evaluate


def guesses(num_classes: int, num_images: int = 400, sharpness: float = 1.5) -> Evaluation:
    """PredictionViews that are right about half of the time."""
    random = np.random.default_rng(0)
    labels = random.permutation(np.arange(num_images) % num_classes)
    logits = random.normal(size=(num_images, num_classes)) + 2 * np.eye(num_classes)[labels]
    probabilities = np.exp(sharpness * logits)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return evaluate(labels, probabilities.argmax(axis=1), probabilities)


def perfect(num_classes: int = 3) -> Evaluation:
    labels = np.arange(num_classes)
    return evaluate(labels, labels, np.eye(num_classes))


def show(evaluation: Evaluation, names: tuple[str, ...], width: int) -> str:
    console = Console(file=io.StringIO(), width=width)
    print_evaluation(evaluation, names, console)
    return console.file.getvalue()  # type: ignore[attr-defined]


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for axis in figure.axes for text in axis.texts]


# On the terminal


@pytest.mark.parametrize("width", [80, 100])
def test_ten_classes_are_shown_whole(width: int) -> None:
    evaluation = guesses(10, 10_000)
    text = show(evaluation, FASHION_MNIST_CLASSES, width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    for number, row in enumerate(evaluation.matrix):
        line = f"{number}  {FASHION_MNIST_CLASSES[number]} " + " ".join(f"{count:,}" if count else "·" for count in row)
        assert line.split() in [shown.split() for shown in text.splitlines()]


def test_terminal_says_accuracy_classes_and_calibration() -> None:
    labels, class_id = [0, 0, 0, 1], [0, 0, 1, 1]
    evaluation = evaluate(labels, class_id, [[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9]])
    text = show(evaluation, ("shirt", "coat"), 200)
    assert "Accuracy 75.00 % (95 % interval 30.06 to 95.44): 3 of 4 test images" in text
    assert "ECE 15.00 points (15 bins); on average 90.00 % sure, 15.00 points too much" in text
    rows = [line.split() for line in text.splitlines()]
    assert ["0", "shirt", "3", "100.00", "66.67", "80.00", "coat", "33.33", "%"] in rows
    assert ["1", "coat", "1", "50.00", "100.00", "66.67"] in rows
    assert ["mean", "of", "classes", "4", "75.00", "83.33", "73.33"] in rows
    assert ["0", "shirt", "2", "1"] in rows


def test_class_without_images_has_dashes() -> None:
    text = show(evaluate([0, 0], [0, 0], [[1.0, 0.0]] * 2), ("a", "b"), 80)
    assert ["1", "b", "0", "–", "–", "–"] in [line.split() for line in text.splitlines()]


def test_matrix_wider_than_the_terminal_is_left_to_its_picture() -> None:
    names = tuple(f"letter {number}" for number in range(47))
    text = show(guesses(47, 2000), names, 100)
    assert max(map(len, text.splitlines())) <= 100
    assert "confusion_matrix.png" in text
    assert "confusion_matrix.png" not in show(guesses(47, 2000), names, 400)


def test_class_name_is_no_markup_on_the_terminal(awkward_name: str) -> None:
    text = show(perfect(2), (awkward_name, "b"), 200)
    assert "\x1b" not in text
    assert one_line(awkward_name)[:19] in text


# As pictures


def test_pictures_are_written_under_their_names(tmp_path: Path) -> None:
    before = dict(matplotlib.rcParams)
    images = np.random.default_rng(0).integers(0, 256, (400, 28, 28), np.uint8)
    paths = draw_evaluation(guesses(10), images, FASHION_MNIST_CLASSES, "a model", tmp_path / "new")
    assert [path.name for path in paths] == ["confusion_matrix.png", "reliability.png", "mistakes.png"]
    for path in paths:
        with Image.open(path) as picture:
            assert np.asarray(picture.convert("L")).std() > 10
    assert dict(matplotlib.rcParams) == before


def test_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"a file is in the way; choose another folder with --out$"):
        draw_evaluation(perfect(), np.zeros((3, 4, 4), np.uint8), "abc", "a model", tmp_path / "file")


def test_confusion_matrix_shows_each_number_but_zeros() -> None:
    figure = draw_confusion_matrix(np.array([[1200, 0], [3, 97]]), ("a", "b"), "a model")
    assert texts(figure) == ["1,200", "3", "97"]
    axis = figure.axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["a", "b"]
    np.testing.assert_allclose(axis.images[0].get_array(), [[100, 0], [3, 97]])


def test_confusion_matrix_of_many_classes_has_no_numbers() -> None:
    figure = draw_confusion_matrix(guesses(47).matrix, [f"letter {number}" for number in range(47)], "a model")
    assert texts(figure) == []
    assert len(figure.axes[0].get_yticklabels()) == 47


def test_reliability_diagram_has_a_point_for_each_bin_that_is_not_empty() -> None:
    calibration = evaluate([0, 0, 0], [0, 0, 1], [[0.6, 0.4], [0.9, 0.1], [0.1, 0.9]]).calibration
    upper, lower = draw_reliability(calibration, "a model").axes
    points = upper.containers[0].lines[0]
    np.testing.assert_allclose(points.get_xdata(), [60, 90])
    np.testing.assert_allclose(points.get_ydata(), [100, 50])
    np.testing.assert_allclose(sorted(bar.get_height() for bar in lower.patches)[-2:], [100 / 3, 200 / 3])
    assert upper.texts[0].get_text().startswith("ECE ")


def test_sheet_names_number_classes_and_probability_of_each_mistake() -> None:
    evaluation = evaluate([1, 0, 1], [0, 0, 0], [[0.75, 0.25], [1.0, 0.0], [0.875, 0.125]])
    images = np.arange(3, dtype=np.uint8)[[mistake.index for mistake in evaluation.mistakes], None, None] * np.ones(
        (4, 4), np.uint8
    )
    figure = draw_mistakes(evaluation.mistakes, images, ("coat", "$x$"), "a model")
    shown = [axis for axis in figure.axes if axis.images]
    assert [axis.get_title() for axis in shown] == [
        "no. 2: $x$\ntaken for coat\n87.50 % sure",
        "no. 0: $x$\ntaken for coat\n75.00 % sure",
    ]
    assert [axis.images[0].get_array().max() for axis in shown] == [2, 0]


def test_model_without_a_mistake_has_a_sheet_that_says_so() -> None:
    figure = draw_mistakes((), np.zeros((0, 4, 4), np.uint8), ("a", "b"), "a model")
    assert "no mistake" in figure.get_suptitle()
    assert not any(axis.images for axis in figure.axes)


def test_colour_images_and_any_class_name_can_be_drawn(tmp_path: Path, awkward_name: str) -> None:
    images = np.random.default_rng(0).integers(0, 256, (400, 6, 5, 3), np.uint8)
    assert len(draw_evaluation(guesses(3), images, (awkward_name, "$x^$", "c" * 99), "$a_", tmp_path)) == 3
