"""The job of timing runs: its order, its file, what it says; and a few epochs really timed."""

import io
import itertools
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_engine import Engine
from rich.console import Console
from timing_runs import ENVIRONMENT

from fashion_keras.config.components import Component
from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import StoreError
from fashion_keras.execution import Outcome
from fashion_keras.execution.tasks import TimingTask
from fashion_keras.storage.times import EpochTimes, TimedArm, read_times, timed_arms
from fashion_keras.workflows import time as timing
from fashion_keras.workflows.session import Session, fill
from fashion_keras.workflows.time import TimingOptions, measure_times, order_of


def done(**changes: Any) -> Outcome[EpochTimes]:
    """The outcome of a measurement."""
    found = EpochTimes(5, train_seconds=0.5, epoch_seconds=0.75, other_cores=0.0, environment=ENVIRONMENT)
    return Outcome("done", value=replace(found, **changes))


def rounds_of(engine: Engine) -> list[list[RunConfig]]:
    """What was measured, by rounds of ten arms."""
    configs = [task.config for task in engine.tasks]
    return [configs[:10], configs[10:]]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.chdir(tmp_path)
    engine = Engine(value=done().value)
    monkeypatch.setattr(timing, "LocalEngine", engine)
    monkeypatch.setattr(os, "getloadavg", lambda: (0.0, 0.0, 0.0))
    return engine


@pytest.fixture
def measure(sample_dir: Path) -> Callable[..., tuple[int, str]]:
    """Measure on the sample and return exit status and output."""

    def measure(**options: Any) -> tuple[int, str]:
        output = io.StringIO()
        values = {"dataset": str(sample_dir), "rounds": 2, **options}
        session = Session.of(values, Console(file=output, width=200))
        return measure_times(fill(TimingOptions, values), session), output.getvalue()

    return measure


Measure = Callable[..., tuple[int, str]]
WRITTEN = Path("runs/times__sample.csv")
UNFINISHED = Path("runs/times__sample.unfinished.csv")


def test_over_all_rounds_each_arm_comes_once_at_each_place_and_once_after_each_other() -> None:
    orders = [order_of("abcdefghij", number) for number in range(10)]
    assert len(timed_arms()) == 10, "an even number, or the order is not balanced"
    for place in range(10):
        assert len({order[place] for order in orders}) == 10
    assert len({pair for order in orders for pair in itertools.pairwise(order)}) == 90


def test_each_round_measures_every_arm_once_with_the_round_s_seed(measure: Measure, engine: Engine) -> None:
    assert measure()[0] == 0
    assert (engine.workers, engine.options) == (1, {"alone": True})
    rounds = rounds_of(engine)
    assert [len(configs) for configs in rounds] == [10, 10]
    assert [{config.seed for config in configs} for configs in rounds] == [{0}, {1}]
    plain = [{config.with_changes(seed=0, epochs=50) for config in configs} for configs in rounds]
    assert plain[0] == plain[1]
    assert rounds[0][0].with_changes(seed=1) != rounds[1][0], "another order"


def test_an_epoch_to_warm_up_comes_first_and_the_cnn_gets_a_fifth(measure: Measure, engine: Engine) -> None:
    measure(rounds=1, epochs=10)
    assert {config.model.name: config.epochs for config in rounds_of(engine)[0]} == {"fcn": 11, "cnn": 3}
    measure(rounds=1, epochs=1)
    assert {config.model.name: config.epochs for config in rounds_of(engine)[1]} == {"fcn": 2, "cnn": 2}


def test_every_measurement_is_a_row_of_the_file(measure: Measure, engine: Engine) -> None:
    _, output = measure()
    rows = read_times(WRITTEN).measurements
    assert [(row.round, row.place) for row in rows] == [(number, place) for number in (1, 2) for place in range(1, 11)]
    base = next(row for row in rows if "optimizers/sgd" in row.arms.split())
    assert (base.train_seconds, base.epoch_seconds, base.timed_epochs, base.epochs) == (0.5, 0.75, 5, 50)
    assert (base.threads, base.precision, base.data, base.processor) == (1, "float32", "sample", "A processor")
    assert f"Written to {WRITTEN}" in output
    assert not UNFINISHED.exists()


def test_the_medians_are_printed(measure: Measure, engine: Engine) -> None:
    def respond(task: TimingTask) -> Outcome:
        seconds = 2.0 if task.config.model.name == "cnn" else 1.0 + task.config.seed
        return done(epoch_seconds=seconds)

    engine.respond = respond
    lines = {line.split()[0]: line for line in measure(rounds=3)[1].splitlines() if "[" in line}
    assert "2 [1–3]" in lines["sgd_0.02"]
    assert "x 1.000" in lines["adam"]
    assert lines["cnn"].split()[-3:] == ["0.33", "x", "0.200"]


def test_an_interrupt_keeps_what_was_measured_and_the_earlier_file(measure: Measure, engine: Engine) -> None:
    measure()
    before = WRITTEN.read_text()

    def respond(task: TimingTask) -> Outcome | None:
        if len(engine.tasks) == 24:
            raise KeyboardInterrupt
        return None

    engine.respond = respond
    with pytest.raises(KeyboardInterrupt):
        measure()
    assert len(read_times(UNFINISHED).measurements) == 3
    assert WRITTEN.read_text() == before


def test_a_failed_measurement_is_told_and_the_others_go_on(measure: Measure, engine: Engine) -> None:
    engine.respond = lambda task: Outcome("failed", "out of memory") if task.config.model.name == "cnn" else None
    status, output = measure()
    assert status == 1
    assert "Failed: round 2, cnn/cnn: out of memory" in output.splitlines()
    assert len(read_times(UNFINISHED).measurements) == 18
    assert not WRITTEN.exists()


def test_a_busy_machine_is_told_before_and_after(
    measure: Measure, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "busy" not in measure()[1]
    monkeypatch.setattr(os, "getloadavg", lambda: (1.5, 0.0, 0.0))
    engine.respond = lambda task: done(other_cores=0.7 if task.config.seed else 0.0)
    output = measure()[1]
    assert "The machine is busy (load 1.5 over the last minute)" in output
    assert "In 10 of 20 measurements other programs kept up to 0.7 cores busy" in output


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_measured(measure: Measure, engine: Engine) -> None:
    Path("file").write_text("here first")
    with pytest.raises(StoreError, match="a file is in the way"):
        measure(out=Path("file"))
    assert engine.tasks == []


def test_epochs_are_really_timed_and_bypass_the_store(
    measure: Measure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    small = RunConfig(model=Component.of("fcn", hidden_units=(8,)))
    arms = (TimedArm(("a/small",), small, None), TimedArm(("a/slow",), replace(small, batch_size=4), None))
    monkeypatch.setattr(timing, "timed_arms", lambda: arms)
    status, output = measure(rounds=1, epochs=3)
    assert status == 0, output
    quick, slow = sorted(read_times(WRITTEN).measurements, key=lambda row: row.place)
    assert (quick.arms, quick.timed_epochs) == ("a/small", 3)
    assert 0 < quick.train_seconds < quick.epoch_seconds < 1
    assert slow.train_seconds > quick.train_seconds, "135 steps and not two"
    assert quick.other_cores >= 0
    assert [path.name for path in Path("runs").iterdir()] == [WRITTEN.name]
