"""What a worker does with a run: train it once, keep its output, say what became of it, and never raise."""

import errno
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from stored_runs import commit, make_result
from workloads import run_talking, run_without_room

from fashion_keras.config.custom_code import find_function, import_function
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import DataLocation, Dataset, locate
from fashion_keras.execution import LocalEngine, Outcome, RunTask, execute_run
from fashion_keras.execution.tasks import never_raising
from fashion_keras.export.task import ExportTask, execute_export
from fashion_keras.storage.runs import RunStore, StoredRun


@pytest.fixture(scope="module")
def location(sample_dir: Path) -> DataLocation:
    return locate(dataset=sample_dir)


@pytest.fixture
def config(sample_dataset: Dataset) -> RunConfig:
    return RunConfig(epochs=2, data=sample_dataset.content_hash)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "store")


@dataclass(frozen=True)
class Trained:
    """What several runs one after another in one worker became, and one of them in a process of its own."""

    outcomes: list[Outcome]
    warm: StoredRun | None
    fresh: StoredRun | None
    diverged: StoredRun | None


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, location: DataLocation, sample_dataset: Dataset) -> Trained:
    folder = tmp_path_factory.mktemp("trained")
    warm, fresh = RunStore(folder / "warm"), RunStore(folder / "fresh")
    base = RunConfig(epochs=2, data=sample_dataset.content_hash)
    # Everything that draws random numbers or keeps a state: dropout, batch norm, an adaptive optimizer.
    config = base.with_changes(dropout_rate=0.3, batch_norm=True, optimizer="adam", learning_rate=0.001, seed=5)
    cnn = replace(base, model={"name": "cnn", "filters": [2, 3], "dense_units": [8]}, precision="mixed_bfloat16")
    diverging = base.with_changes(learning_rate=1e30)
    failing = replace(base, train_examples=9999)
    configs = [cnn, diverging, failing, config, config, replace(base, threads=2)]
    tasks = [RunTask(each, warm.root, location) for each in configs]
    outcomes = [outcome for _, outcome in LocalEngine(1).run(execute_run, tasks)]
    list(LocalEngine(1).run(execute_run, [RunTask(config, fresh.root, location)]))
    return Trained(outcomes, warm.find(config), fresh.find(config), warm.find(diverging))


def without_times(history: Mapping[str, Any]) -> dict[str, Any]:
    return {key: values for key, values in history.items() if key != "seconds"}


def test_run_is_done_once_and_then_found(trained: Trained) -> None:
    assert [outcome.status for outcome in trained.outcomes] == ["done", "done", "failed", "done", "found", "done"]


def test_run_in_a_warm_worker_is_bit_identical_to_a_fresh_one(trained: Trained) -> None:
    # The worker had trained another model in another precision, diverged and failed before.
    assert trained.warm is not None
    assert trained.fresh is not None
    assert trained.warm.path != trained.fresh.path
    assert without_times(trained.warm.history) == without_times(trained.fresh.history)
    for warm, fresh in zip(trained.warm.load_weights(), trained.fresh.load_weights(), strict=True):
        assert warm.tobytes() == fresh.tobytes()
    for name, warm in vars(trained.warm.load_predictions()).items():
        assert warm.tobytes() == getattr(trained.fresh.load_predictions(), name).tobytes()


def test_loss_that_is_no_number_is_a_result(trained: Trained) -> None:
    assert trained.diverged is not None
    assert trained.diverged.status == "diverged"
    assert trained.diverged.history["train_loss"][-1] is None


def test_failure_says_why_in_a_line_and_keeps_the_traceback_in_its_log(trained: Trained) -> None:
    failed = trained.outcomes[2]
    assert "train_examples must be at most 540 here, got 9999" in failed.message
    assert "\n" not in failed.message
    assert "Traceback" in Path(failed.log).read_text()


def test_run_of_another_process_is_left_to_it(store: RunStore, config: RunConfig, location: DataLocation) -> None:
    with store.lock(config):
        assert execute_run(RunTask(config, store.root, location)) == Outcome("busy")
    assert not store.partial_folder(config).exists()


def test_output_of_a_run_goes_to_its_log(
    store: RunStore, config: RunConfig, location: DataLocation, capfd: pytest.CaptureFixture[str]
) -> None:
    ((_, outcome),) = LocalEngine(1).run(run_talking, [RunTask(config, store.root, location)])
    assert outcome == Outcome(
        "failed", "ValueError: a first line", str(store.root / "failed" / config.folder / "log.txt")
    )
    log = Path(outcome.log).read_text()
    for said in ("printed", "from below Python", "by a child", "Traceback", "and a second"):
        assert said in log
    assert capfd.readouterr() == ("", "")


def train_with(monkeypatch: pytest.MonkeyPatch, train_run: Any) -> None:
    """Put a function in the place of the training, without TensorFlow."""
    training = ModuleType("fashion_keras.training.run")
    training.train_run = train_run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, training.__name__, training)


def test_epochs_are_logged_while_the_run_trains(
    store: RunStore, config: RunConfig, location: DataLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def train_run(config: RunConfig, _: Dataset, on_epoch: Any) -> Any:
        for epoch in (1, 2):
            on_epoch(epoch, {"val_loss": 0.5, "seconds": None})
            seen.append((store.partial_folder(config) / "history.jsonl").read_text())
        return make_result(config)

    train_with(monkeypatch, train_run)
    assert execute_run(RunTask(config, store.root, location)) == Outcome("done")
    first = '{"epoch": 1, "val_loss": 0.5, "seconds": null}\n'
    assert seen == [first, first + first.replace("1", "2")]


def test_full_disk_fails_the_run_with_one_line(
    store: RunStore, config: RunConfig, location: DataLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    train_with(monkeypatch, lambda config, *_: make_result(config))
    monkeypatch.setattr(os, "fsync", refuse)
    outcome = execute_run(RunTask(config, store.root, location))
    assert outcome.status == "failed"
    assert "No space left on device; free some space" in outcome.message
    assert outcome.log == "", "there is no room for a log, so none is named"
    monkeypatch.undo()
    train_with(monkeypatch, lambda config, *_: make_result(config))
    assert execute_run(RunTask(config, store.root, location)).status == "done"


def test_disk_that_takes_not_even_a_log_fails_the_run_and_not_the_worker(
    store: RunStore, config: RunConfig, location: DataLocation
) -> None:
    tasks = [RunTask(config.with_changes(seed=seed), store.root, location) for seed in (0, 1)]
    outcomes = [outcome for _, outcome in LocalEngine(1).run(run_without_room, tasks)]
    assert [(outcome.status, outcome.log) for outcome in outcomes] == [("failed", "")] * 2
    assert outcomes[0].message.startswith(f"cannot write {store.root}: File too large")
    assert not store.partial_folder(config).exists(), "what a full disk has no room for"


def test_file_in_the_way_of_the_store_fails_the_run_with_one_line(
    tmp_path: Path, config: RunConfig, location: DataLocation
) -> None:
    (tmp_path / "store").write_text("here first")
    outcome = execute_run(RunTask(config, tmp_path / "store", location))
    assert outcome.status == "failed"
    assert outcome.message.endswith("a file is in the way; choose another folder with --out")


def test_export_of_a_run_that_is_gone_fails_with_one_line(tmp_path: Path, location: DataLocation) -> None:
    outcome = execute_export(ExportTask(tmp_path / "run", tmp_path / "model" / "1", location))
    assert outcome == Outcome("failed", f"{tmp_path / 'run'} holds no complete run")


def test_export_of_a_diverged_run_fails_with_one_line(
    store: RunStore, config: RunConfig, location: DataLocation, tmp_path: Path
) -> None:
    run = commit(store, config, [1.0, None])
    outcome = execute_export(ExportTask(run.path, tmp_path / "model" / "1", location))
    assert outcome.status == "failed"
    assert "diverged: there is no model to export" in outcome.message
    assert not (tmp_path / "model" / "1").exists()


def test_a_failure_names_its_log_only_where_there_is_one() -> None:
    assert Outcome("failed", "no room").failure_of("cnn") == "Failed: cnn: no room"
    assert Outcome("failed", "no room", "log.txt").failure_of("cnn") == "Failed: cnn: no room; log: log.txt"


def test_code_that_ends_the_program_is_a_failure() -> None:
    assert never_raising(sys.exit)(3) == Outcome("failed", "SystemExit: 3")


def test_an_error_within_a_users_code_is_said_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_hook.py").write_text(
        "def hook():\n    def on_epoch_end():\n        1 / 0\n    return on_epoch_end"
    )
    monkeypatch.syspath_prepend(tmp_path)
    hook = import_function(find_function("callbacks", "own_hook:hook"))()
    message = never_raising(lambda _: hook())(None).message
    assert message.endswith("own_hook.py, line 3: ZeroDivisionError: division by zero")
