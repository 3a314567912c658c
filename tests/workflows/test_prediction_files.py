"""How predictions are written, batch by batch."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from fashion_keras.images.reading import Picture
from fashion_keras.inference.classifier import Prediction, Predictions
from fashion_keras.inference.collecting import Unreadable
from fashion_keras.workflows.predict import WRITERS, Predicted

PIXELS = np.zeros((28, 28), np.uint8)
BOOT = Picture("boot.png", PIXELS, True, "light border")
BAG = Picture("images.gz", PIXELS, False, "as an IDX file has it", index=17)
FILM = Picture("a\nb.webp", PIXELS, False, "as asked", num_frames=12)
PREDICTIONS = (Prediction(9, "Ankle boot", 0.98), Prediction(8, "Bag", 0.02))


def written(form: str, *batches: list[Predicted]) -> str:
    stream = io.StringIO()
    WRITERS[form](batches, stream, ("Ankle boot", "Bag"))
    return stream.getvalue()


def test_text_is_aligned_and_says_what_was_done() -> None:
    text = written("text", [(BOOT, PREDICTIONS[:1]), (BAG, PREDICTIONS[1:])])
    assert text.splitlines() == [
        "boot.png       Ankle boot   98.0%  (inverted: light border)",
        "images.gz[17]  Bag           2.0%  (not inverted: as an IDX file has it)",
    ]


def test_text_names_the_most_probable_classes_on_one_line_and_leaves_errors_out() -> None:
    text = written("text", [(FILM, PREDICTIONS), (Unreadable("x.png", "x.png is empty"), ())])
    assert (
        text == "a\\nb.webp  Ankle boot   98.0%  Bag           2.0%  (not inverted: as asked; the first of 12 frames)\n"
    )


def test_json_is_one_array_with_errors_in_their_places() -> None:
    text = written("json", [(BOOT, PREDICTIONS), (Unreadable("x.png", "x.png is empty"), ())], [(BAG, PREDICTIONS[:1])])
    assert len(text.splitlines()) == 5
    boot, unreadable, bag = json.loads(text)
    assert unreadable == {"image": "x.png", "error": "x.png is empty"}
    assert boot == {
        "image": "boot.png",
        "class_name": "Ankle boot",
        "predictions": [
            {"class_id": 9, "class_name": "Ankle boot", "probability": 0.98},
            {"class_id": 8, "class_name": "Bag", "probability": 0.02},
        ],
        "inverted": True,
        "reason": "light border",
        "trimmed": False,
        "num_frames": 1,
        "plain_ground": None,
        "advice": None,
    }
    assert (bag["image"], bag["index"], len(bag["predictions"])) == ("images.gz", 17, 1)


def test_json_without_pictures_is_an_empty_array() -> None:
    assert json.loads(written("json")) == []


def test_json_keeps_a_name_that_is_no_unicode() -> None:
    name = "\udcff.png"
    assert json.loads(written("json", [(Unreadable(name, "it is empty"), ())]))[0]["image"] == name


def test_csv_has_a_row_per_picture_and_class() -> None:
    rows = list(
        csv.DictReader(
            io.StringIO(written("csv", [(BOOT, PREDICTIONS)], [(BAG, PREDICTIONS[:1])], [(FILM, PREDICTIONS[:1])]))
        )
    )
    assert [(row["image"], row["index"], row["rank"], row["class_name"], row["probability"]) for row in rows] == [
        ("boot.png", "", "1", "Ankle boot", "0.98"),
        ("boot.png", "", "2", "Bag", "0.02"),
        ("images.gz", "17", "1", "Ankle boot", "0.98"),
        ("a\nb.webp", "", "1", "Ankle boot", "0.98"),
    ]
    assert [(row["inverted"], row["reason"], row["num_frames"]) for row in rows[1:]] == [
        ("true", "light border", "1"),
        ("false", "as an IDX file has it", "1"),
        ("false", "as asked", "12"),
    ]


def test_on_a_terminal_csv_does_nothing_to_it() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    WRITERS["csv"]([[(replace(FILM, name="a\x1b[2J\nb"), (Prediction(0, "\x1b]0;x\x07", 1.0),))]], stream, ())
    assert "".join(stream.getvalue().splitlines()).isprintable()
    assert stream.getvalue().count("\n") == 2


def test_advice_is_in_every_output() -> None:
    crowded = replace(BOOT, plain_ground=False, advice="crop it")
    assert "(inverted: light border; crop it)" in written("text", [(crowded, PREDICTIONS)])
    said = json.loads(written("json", [(crowded, PREDICTIONS)]))[0]
    assert (said["plain_ground"], said["advice"]) == (False, "crop it")
    row = next(csv.DictReader(io.StringIO(written("csv", [(crowded, PREDICTIONS)]))))
    assert (row["plain_ground"], row["advice"]) == ("false", "crop it")


def test_top_orders_classes_by_probability_and_equal_ones_by_id() -> None:
    probabilities = np.array([[0.2, 0.5, 0.3], [0.25, 0.5, 0.25]], np.float32)
    predictions = Predictions(np.array([1, 1]), ["b", "b"], probabilities, ("a", "b", "c"))
    assert [[each.class_name for each in classes] for classes in predictions.top(2)] == [["b", "c"], ["b", "a"]]
    assert predictions.top(99)[1] == (Prediction(1, "b", 0.5), Prediction(0, "a", 0.25), Prediction(2, "c", 0.25))
    assert predictions.top(1)[0][0].probability == pytest.approx(0.5)
