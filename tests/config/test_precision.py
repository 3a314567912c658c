"""`--precision auto`: by what was measured on the machine, and by what was published."""

import csv
from pathlib import Path

import pytest

from fashion_keras.config import precision
from fashion_keras.config.precision import choose_precision

PUBLISHED = Path(__file__).parents[2] / "experiments"


def test_auto_is_bfloat16_where_layers_of_every_kind_are_a_tenth_quicker_with_it() -> None:
    assert choose_precision({"dense": 1.5, "convolution": 1.1}) == "mixed_bfloat16"
    assert choose_precision({"dense": 1.5, "convolution": 1.09}) == "float32"


def test_auto_is_float32_where_bfloat16_is_not_known_to_be_equivalent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "BFLOAT16_IS_EQUIVALENT", False)
    assert choose_precision({"dense": 9.0}) == "float32"


def test_what_auto_rests_on_is_what_was_published() -> None:
    verdicts = set()
    for name in ("precision_fcn", "precision_cnn"):
        with (PUBLISHED / name / "differences.csv").open() as file:
            verdicts |= {row["verdict_text"] for row in csv.DictReader(file)}
    equivalent = verdicts <= {"equivalent", "better, negligibly", "worse, negligibly"}
    assert equivalent == precision.BFLOAT16_IS_EQUIVALENT
