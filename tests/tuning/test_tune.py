"""Command `tune`, whole: with runs that take no time, killed, and for real on the sample."""

import csv
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras_tuner as kt
import pytest
from made_engine import Engine, work_in
from rich.console import Console
from stored_runs import commit
from trying import search, worth

from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import Dataset
from fashion_keras.data.pipelines import normalise
from fashion_keras.errors import ConfigError
from fashion_keras.execution import Outcome
from fashion_keras.experiments.registry import load_experiment
from fashion_keras.storage.runs import RunStore
from fashion_keras.tuning import FCNHyperModel
from fashion_keras.tuning.search.spaces import load_space
from fashion_keras.tuning.study import Study, TuneOptions
from fashion_keras.workflows import search as searching
from fashion_keras.workflows.search import tune
from fashion_keras.workflows.session import DataOptions, Session, fill


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setattr("fashion_keras.reporting.figures.write_figures", lambda *_: [])
    return work_in(tmp_path, Engine(accuracy=worth), monkeypatch)


@pytest.fixture
def run(engine: Engine, sample_dir: Path) -> Callable[..., tuple[int, str]]:
    """Tune on the sample and return exit status and output."""

    def run(space: str = "fcn", **options: Any) -> tuple[int, str]:
        output = io.StringIO()
        settings = {"oracle": "random", "budget": 4, "epochs": 3, "final_seeds": 2, "workers": 2}
        values = {"space": space, "dataset": str(sample_dir), **settings, **options}
        status = tune(fill(TuneOptions, values), Session.of(values, Console(file=output, width=250)))
        return status, output.getvalue()

    return run


Run = Callable[..., tuple[int, str]]


def folder_of(tmp_path: Path) -> Path:
    (folder,) = (tmp_path / "runs" / "tune").iterdir()
    return folder


def test_a_search_ends_with_its_best_trial_beside_the_base_on_fresh_seeds(
    run: Run, engine: Engine, tmp_path: Path, sample_dir: Path
) -> None:
    status, output = run()
    assert status == 0
    searched, measured = engine.runs[:4], engine.runs[4:]
    assert {config.evaluate_test for config in searched} == {"never"}
    assert {config.evaluate_test for config in measured} == {"each_epoch"}
    assert [config.seed for config in measured] == [0, 0, 1, 1]
    assert not {config.seed for config in searched} & {config.seed for config in measured}
    path = folder_of(tmp_path) / "tuned_fcn.py"
    experiment = load_experiment(str(path))
    data = {config.data for config in searched}.pop()
    changed = experiment.with_overrides(data=data)
    assert {replace(config, seed=0) for config in measured} == {changed.config_of(arm) for arm in changed.arms}
    command = f"fashion-keras run {path.relative_to(tmp_path)} --dataset {sample_dir}"
    assert output.count(command) == 2
    assert output.rstrip().endswith(f"{command} --seeds 10"), "what decides is a command that exists"
    assert "Best so far: trial " in output
    (table,) = (tmp_path / "runs").glob("tuned_fcn-random-*__sample/table.md")
    assert "| tuned | 2 seeds |" in table.read_text()


def test_without_final_seeds_it_ends_with_the_search(run: Run, engine: Engine, tmp_path: Path) -> None:
    assert run(final_seeds=0)[0] == 0
    assert len(engine.runs) == 4
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"store", "tune"}


def test_dry_run_says_what_is_searched_and_how_long_it_takes_and_writes_nothing(
    run: Run, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A minute for each run, whatever it is: 8 trials on 2 workers, 4 more, and 2 seeds of the best and of the base.
    monkeypatch.setattr(searching, "estimate_seconds", lambda *_: 60.0)
    status, output = run(dry_run=True, budget=12, generation=8)
    assert (status, engine.runs, list(tmp_path.iterdir())) == (0, [], [])
    assert "  weight_decay: 0.001 to 1, log (where optimizer in adamw)" in output
    assert "8 trials are proposed first, 8 of them to train: about 4 min 00 s; the whole search, " in output
    assert "about 8 min 00 s with 2 workers" in output
    assert "(3 epochs, about 1 min 00 s)" in output


def test_a_run_between_the_shortest_and_the_longest_takes_a_time_between_theirs(
    sample_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = {1: 10.0, 5: 30.0}
    monkeypatch.setattr(searching, "estimate_seconds", lambda plan, *_: measured[plan.pending[0].epochs])
    session = Session(DataOptions(dataset=str(sample_dir)), console=Console(quiet=True))
    seconds_of = searching._make_clock([RunConfig(epochs=epochs) for epochs in (3, 5, 1)], session)
    assert [seconds_of(RunConfig(epochs=epochs)) for epochs in (1, 3, 5)] == pytest.approx([10, 20, 30])


def test_a_space_that_sets_its_epochs_is_described_so_and_takes_no_others(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_epochs.py").write_text("def space(hp):\n    return {'epochs': hp.Int('epochs', 2, 5)}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    _, output = run("own_epochs:space", epochs=None, final_seeds=0)
    assert "4 trials of as many epochs as the space sets" in output
    assert "trials of 2 to 5 epochs in float32" in output
    with pytest.raises(ConfigError, match="--epochs does not go with own_epochs:space"):
        run("own_epochs:space", epochs=3)


def test_interrupted_it_writes_what_is_done_and_says_how_to_go_on(run: Run, engine: Engine, tmp_path: Path) -> None:
    def respond(_: Any) -> None:
        if len(engine.runs) == 4:
            raise KeyboardInterrupt

    engine.respond = respond
    with pytest.raises(KeyboardInterrupt):
        run(oracle="bayesian", budget=6, generation=2)
    assert (folder_of(tmp_path) / "leaderboard.md").read_text().count("\n| ") == 2 + 2


# For real, on the sample.


def test_the_hypermodel_works_with_keras_tuner_s_own_random_search(tmp_path: Path, sample_dataset: Dataset) -> None:
    images = normalise(sample_dataset.train_images.reshape(-1, 28, 28, 1)).numpy()
    tuner = kt.RandomSearch(
        FCNHyperModel(num_examples=480, epochs=2),
        objective="val_accuracy",
        max_trials=2,
        seed=1,
        directory=tmp_path,
        project_name="own",
    )
    names = {hp.name for hp in tuner.oracle.get_space().space}
    assert {"depth", "width", "optimizer", "weight_decay", "label_smoothing"} <= names
    tuner.search(images, sample_dataset.train_labels, validation_split=0.2, epochs=2, verbose=0)
    trials = tuner.oracle.get_best_trials(2)
    assert [trial.status for trial in trials] == ["COMPLETED"] * 2
    assert all(0 < trial.score <= 1 for trial in trials)


# A program of its own, with a training that takes moments, see `untrained/sitecustomize.py`.


def test_a_search_killed_and_started_again_has_the_trials_that_it_would_have_had(
    tmp_path: Path, sample_dir: Path, sample_dataset: Dataset
) -> None:
    tests = Path(__file__).parents[1]
    paths = [str(tests / "untrained"), str(tests), *filter(None, sys.path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "TRAININGS": str(tmp_path / "trainings")}
    options = ["--trials", "6", "--generation", "2", "--epochs", "8", "--final-seeds", "0", "--workers", "2"]
    command = [sys.executable, "-m", "fashion_keras.tuning", "fcn", *options, "--dataset", str(sample_dir)]
    settings: dict[str, Any] = {"cwd": tmp_path, "env": environment, "text": True, "start_new_session": True}

    def finished() -> dict[str, int]:
        return {path.parent.name: path.stat().st_mtime_ns for path in tmp_path.glob("runs/store/runs/*/result.json")}

    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **settings)
    while len(finished()) < 3:  # in the second generation
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    before = finished()
    done = subprocess.run(command, capture_output=True, **settings)
    assert (done.returncode, done.stderr) == (0, "")
    assert finished().items() >= before.items(), "what was finished is not trained again"
    assert len(finished()) == 6
    rows = list(csv.DictReader((folder_of(tmp_path) / "trials.csv").open()))
    assert [row["run_id"] for row in rows] == undisturbed_trials(tmp_path / "undisturbed", sample_dataset)


def undisturbed_trials(store: Path, dataset: Dataset) -> list[str]:
    """The runs of the same search in one piece, of the values that `untrained/sitecustomize.py` gives them."""

    def respond(task: Any) -> Outcome:
        config = task.config
        losses = [round(int(config.run_id[:4], 16) / 65536 / epoch, 6) for epoch in range(1, config.epochs + 1)]
        commit(RunStore(store), config, losses)
        return Outcome("done")

    engine = Engine()
    engine.respond = respond
    base = RunConfig(epochs=8, data=dataset.content_hash)
    study = Study.of(load_space("fcn"), base, TuneOptions("fcn", budget=6, generation=2))
    return [trial.config.run_id for trial in search(study, store, engine).trials]
