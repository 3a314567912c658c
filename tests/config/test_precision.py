"""`--precision auto`: by what the processor has, and by what was published."""

import csv
from pathlib import Path

import pytest

from fashion_keras.config import precision
from fashion_keras.config.precision import resolve_precision

PUBLISHED = Path(__file__).parents[2] / "experiments"


@pytest.fixture
def processor(tmp_path, monkeypatch):
    def have(flags: str) -> None:
        (tmp_path / "cpuinfo").write_text(f"model name\t: amx_bf16\nflags\t\t: {flags}\n")

    monkeypatch.setattr(precision, "PROCESSOR_FILE", tmp_path / "cpuinfo")
    return have


def test_auto_is_bfloat16_with_matrix_units_and_float32_without(processor):
    processor("fpu avx512_bf16 amx_bf16 amx_tile")
    assert resolve_precision("auto") == "mixed_bfloat16"
    processor("fpu avx512_bf16")
    assert resolve_precision("auto") == "float32"


def test_auto_is_float32_where_the_system_does_not_say(processor):
    assert resolve_precision("auto") == "float32"


def test_auto_is_float32_where_bfloat16_is_not_known_to_be_equivalent(processor, monkeypatch):
    processor("amx_bf16")
    monkeypatch.setattr(precision, "BFLOAT16_IS_EQUIVALENT", False)
    assert resolve_precision("auto") == "float32"


@pytest.mark.parametrize("named", ["float32", "mixed_bfloat16"])
def test_a_named_precision_stays(processor, named):
    processor("amx_bf16")
    assert resolve_precision(named) == named


def test_what_auto_rests_on_is_what_was_published():
    verdicts = set()
    for name in ("precision_fcn", "precision_cnn"):
        with (PUBLISHED / name / "differences.csv").open() as file:
            verdicts |= {row["verdict_text"] for row in csv.DictReader(file)}
    equivalent = verdicts <= {"equivalent", "better, negligibly", "worse, negligibly"}
    assert equivalent == precision.BFLOAT16_IS_EQUIVALENT
