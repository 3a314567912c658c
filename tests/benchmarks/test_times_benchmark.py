"""Timing runs: their order, their file, what is told; and a few epochs really timed."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from made_engine import Engine
from timing_runs import ENVIRONMENT

from benchmarks import times
from benchmarks.times import UNFINISHED, order_of
from fashion_keras.config.components import Component
from fashion_keras.config.run_config import RunConfig
from fashion_keras.execution import Outcome
from fashion_keras.storage.times import TIMES, TimedArm, read_times, timed_arms

VALUE = {"timed_epochs": 5, "train_seconds": 0.5, "epoch_seconds": 0.75, "other_cores": 0.0, **ENVIRONMENT}


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine(value=VALUE)
    monkeypatch.setattr(times, "LocalEngine", engine)
    return engine


def measure(data: Path, folder: Path, **options: Any) -> int:
    words = [f"--{name}={value}" for name, value in {"rounds": 2, **options}.items()]
    return times.main(["--dataset", str(data), "--out", str(folder), *words])


def test_over_all_rounds_each_arm_comes_once_at_each_place_and_once_after_each_other() -> None:
    orders = [order_of("abcdefghij", number) for number in range(10)]
    assert len(timed_arms()) == 10, "an even number, or the order is not balanced"
    for place in range(10):
        assert len({order[place] for order in orders}) == 10
    assert len({pair for order in orders for pair in itertools.pairwise(order)}) == 90


def test_each_round_measures_every_arm_once_with_its_seed_and_an_epoch_to_warm_up(
    engine: Engine, sample_dir: Path, tmp_path: Path
) -> None:
    assert measure(sample_dir, tmp_path, epochs=10) == 0
    assert (engine.workers, engine.options) == (1, {"alone": True})
    configs = [task.config for task in engine.tasks]
    assert [{config.seed for config in configs[start : start + 10]} for start in (0, 10)] == [{0}, {1}]
    assert len(set(configs[:10])) == 10
    assert {config.with_changes(seed=0) for config in configs[10:]} == set(configs[:10])
    assert {config.model.name: config.epochs for config in configs} == {"fcn": 11, "cnn": 3}


def test_every_measurement_is_a_row_of_the_file(engine: Engine, sample_dir: Path, tmp_path: Path) -> None:
    measure(sample_dir, tmp_path)
    rows = read_times(tmp_path / TIMES).measurements
    assert [(row.round, row.place) for row in rows] == [(number, place) for number in (1, 2) for place in range(1, 11)]
    base = next(row for row in rows if "optimizers/sgd" in row.arms.split())
    assert (base.train_seconds, base.epoch_seconds, base.timed_epochs, base.epochs) == (0.5, 0.75, 5, 50)
    assert (base.threads, base.precision, base.data, base.processor) == (1, "float32", "sample", "A processor")
    assert not (tmp_path / UNFINISHED).exists()


def test_a_failed_measurement_is_told_the_others_go_on_and_the_earlier_file_stays(
    engine: Engine, sample_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measure(sample_dir, tmp_path)
    before = (tmp_path / TIMES).read_text()
    engine.respond = lambda task: Outcome("failed", "out of memory") if task.config.model.name == "cnn" else None
    assert measure(sample_dir, tmp_path) == 1
    assert "Failed: round 2, cnn/cnn: out of memory" in capsys.readouterr().out.splitlines()
    assert len(read_times(tmp_path / UNFINISHED).measurements) == 18
    assert (tmp_path / TIMES).read_text() == before


def test_epochs_are_really_timed(sample_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = RunConfig(model=Component.of("fcn", hidden_units=(8,)))
    arms = (TimedArm(("a/small",), small, None), TimedArm(("a/slow",), small.with_changes(batch_size=4), None))
    monkeypatch.setattr(times, "timed_arms", lambda: arms)
    assert measure(sample_dir, tmp_path, rounds=1, epochs=3) == 0
    quick, slow = sorted(read_times(tmp_path / TIMES).measurements, key=lambda row: row.place)
    assert (quick.arms, quick.timed_epochs) == ("a/small", 3)
    assert 0 < quick.train_seconds < quick.epoch_seconds < 1
    assert slow.train_seconds > quick.train_seconds, "135 steps and not two"
    assert quick.other_cores >= 0
    assert [path.name for path in tmp_path.iterdir()] == [TIMES]
