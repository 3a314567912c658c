"""The measurement behind `--precision auto`, with an engine that makes its numbers up."""

import csv
import json
from pathlib import Path

import pytest
from made_engine import Engine

from fashion_keras.errors import ConfigError
from fashion_keras.execution import Outcome
from fashion_keras.workflows import precision
from fashion_keras.workflows.precision import choose_precision, gains_file, resolve_precision


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.fixture
def engine() -> Engine:
    return Engine(value={"dense": 1.5, "convolution": 1.25})


def resolve(asked: str, engine: Engine) -> tuple[str, list[str]]:
    said: list[str] = []
    return resolve_precision(asked, engine, said.append), said  # type: ignore[arg-type]


def test_a_machine_is_measured_once_and_what_was_measured_is_said_each_time(engine: Engine, tmp_path: Path) -> None:
    for _ in range(2):
        chosen, (line,) = resolve("auto", engine)
        assert chosen == "mixed_bfloat16"
        assert "1.50 of dense layers, 1.25 of convolution layers" in line
    assert len(engine.tasks) == 1
    assert tmp_path in gains_file().parents


def test_another_processor_or_tensorflow_is_measured_anew(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve("auto", engine)
    (tmp_path / "cpuinfo").write_text("model name\t: other\nflags\t\t: fpu amx_bf16\n\nmodel name\t: other\n")
    monkeypatch.setattr(precision, "_PROCESSOR", tmp_path / "cpuinfo")
    resolve("auto", engine)
    monkeypatch.setattr(precision, "version", lambda _: "99.0")
    resolve("auto", engine)
    assert len(engine.tasks) == 3
    assert len(json.loads(gains_file().read_text())) == 3


@pytest.mark.parametrize("text", ["{", "[1]", '{"x": 1}', '{"x": {"dense": "fast"}}'])
def test_a_damaged_file_of_measurements_is_written_anew(engine: Engine, text: str) -> None:
    gains_file().parent.mkdir(parents=True)
    gains_file().write_text(text)
    assert resolve("auto", engine)[0] == "mixed_bfloat16"
    assert resolve("auto", engine)[0] == "mixed_bfloat16"
    assert len(engine.tasks) == 1


def test_a_cache_that_cannot_be_written_costs_the_memory_alone(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "fashion_keras").write_text("no folder")
    chosen, said = resolve("auto", engine)
    assert chosen == "mixed_bfloat16"
    assert "Measured for this call alone" in said[0]


@pytest.mark.parametrize("named", ["float32", "mixed_bfloat16"])
def test_a_named_precision_stays_and_nothing_is_measured(engine: Engine, named: str) -> None:
    assert resolve(named, engine) == (named, [])
    assert len(engine.tasks) == 0


def test_a_measurement_that_fails_is_one_line_with_a_remedy(engine: Engine) -> None:
    engine.respond = lambda _: Outcome("failed", "no memory")
    with pytest.raises(ConfigError, match=r"cannot be measured here \(no memory\): say --precision float32"):
        resolve("auto", engine)


def test_auto_is_bfloat16_where_layers_of_every_kind_are_a_tenth_quicker_with_it() -> None:
    assert choose_precision({"dense": 1.5, "convolution": 1.1}) == "mixed_bfloat16"
    assert choose_precision({"dense": 1.5, "convolution": 1.09}) == "float32"


def test_auto_is_float32_where_bfloat16_is_not_known_to_be_equivalent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "BFLOAT16_IS_EQUIVALENT", False)
    assert choose_precision({"dense": 9.0}) == "float32"


def test_what_auto_rests_on_is_what_was_published() -> None:
    verdicts = set()
    for name in ("precision_fcn", "precision_cnn"):
        with (Path(__file__).parents[2] / "experiments" / name / "differences.csv").open() as file:
            verdicts |= {row["verdict_text"] for row in csv.DictReader(file)}
    equivalent = verdicts <= {"equivalent", "better, negligibly", "worse, negligibly"}
    assert equivalent == precision.BFLOAT16_IS_EQUIVALENT
