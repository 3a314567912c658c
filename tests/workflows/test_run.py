"""The main job: plan, train, export, report; interrupted, killed, beside another of its kind, and for real."""

import csv
import io
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from stored_runs import commit

from fashion_keras import cli
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import Dataset
from fashion_keras.execution import Outcome, RunTask
from fashion_keras.experiments.definition import Arm, Experiment
from fashion_keras.experiments.names import NAMES
from fashion_keras.experiments.registry import load_experiment
from fashion_keras.export.task import ExportTask
from fashion_keras.storage.comparison import read_record
from fashion_keras.storage.runs import RunStore
from fashion_keras.workflows import run as running
from fashion_keras.workflows.run import QUICK_EPOCHS, RunOptions, run_experiments

EXPERIMENT = Experiment(
    "rates", "Two rates", RunConfig(epochs=2), (Arm("slow"), Arm("fast", learning_rate=0.1, described=True))
)


class Engine:
    """Does every task at once and without training; `respond` may say otherwise.

    Attributes:
        respond: From a task to its outcome; None is done.
        tasks: What it was given.
    """

    def __init__(self) -> None:
        self.workers = 2
        self.tasks: list[Any] = []
        self.respond: Callable[[Any], Outcome | None] = lambda _: None

    def __call__(self, workers: int) -> "Engine":
        self.workers = workers
        return self

    def run(self, _: object, tasks: Sequence[Any]) -> Iterator[tuple[Any, Outcome]]:
        for task in tasks:
            self.tasks.append(task)
            outcome = self.respond(task)
            if outcome is None and isinstance(task, RunTask):
                commit(RunStore(task.store), task.config)
            yield task, outcome or Outcome("done")

    @property
    def runs(self) -> list[RunConfig]:
        """The runs that it was given, in their order."""
        return [task.config for task in self.tasks if isinstance(task, RunTask)]

    @property
    def exports(self) -> list[str]:
        """The folders that it was told to export to."""
        return [str(task.path) for task in self.tasks if isinstance(task, ExportTask)]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.chdir(tmp_path)
    engine = Engine()
    monkeypatch.setattr(running, "LocalEngine", engine)
    monkeypatch.setattr("fashion_keras.execution.batch.BUSY_WAIT_SEC", 0.01)
    monkeypatch.setattr("fashion_keras.reporting.figures.draw_curves", lambda *_: [])  # seconds, each time
    monkeypatch.setattr("fashion_keras.reporting.forest_figure.draw_differences", lambda *_: [])
    return engine


@pytest.fixture
def run(engine: Engine, sample_dir: Path) -> Callable[..., tuple[int, str]]:
    """Run comparisons on the sample and return exit status and output."""

    def run(*experiments: Experiment, **options: Any) -> tuple[int, str]:
        output = io.StringIO()
        chosen = RunOptions(**{"dataset": str(sample_dir), "seeds": 2, **options})
        status = run_experiments(experiments or [EXPERIMENT], chosen, Console(file=output, width=200))
        return status, output.getvalue()

    return run


Run = Callable[..., tuple[int, str]]


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "runs.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_comparison_ends_in_tables_and_exports(run: Run, engine: Engine, tmp_path: Path) -> None:
    status, output = run()
    assert status == 0
    folder = tmp_path / "runs" / "rates__sample"
    assert {path.name for path in folder.iterdir()} == {"table.md", "table.csv", "differences.csv", "runs.csv"}
    assert "4 runs: 0 in the store, 4 to train" in output
    assert "Two rates" in output
    assert engine.exports == [f"runs/rates__sample/saved_models/{arm}/1" for arm in ("slow", "fast")]


def test_second_invocation_trains_nothing(run: Run, engine: Engine) -> None:
    run()
    engine.tasks.clear()
    status, output = run()
    assert (status, engine.runs) == (0, [])
    assert "4 in the store, 0 to train" in output


def test_only_what_is_missing_is_trained(run: Run, engine: Engine) -> None:
    run(arms=("fast",), seeds=1)
    assert len(engine.runs) == 1
    engine.tasks.clear()
    run()
    assert [(config.seed, config.optimizer.as_dict()) for config in engine.runs] == [
        (0, {}),
        (1, {}),
        (1, {"learning_rate": 0.1}),
    ]


def test_table_shows_the_requested_arms_and_seeds_alone(run: Run, tmp_path: Path) -> None:
    run(seeds=3)
    run(seeds=2, arms=("fast",))
    found = rows(tmp_path / "runs" / "rates__sample")
    assert [(row["arm"], row["seed"]) for row in found] == [("fast", "0"), ("fast", "1")]


def test_failed_run_is_reported_at_the_end_and_the_others_finish(run: Run, engine: Engine, tmp_path: Path) -> None:
    def respond(task: Any) -> Outcome | None:
        is_first = isinstance(task, RunTask) and task is engine.tasks[0]
        return Outcome("failed", "out of memory", "the/log.txt") if is_first else None

    engine.respond = respond
    status, output = run()
    assert status == 1
    assert len(engine.runs) == 4
    assert f"Failed: {engine.runs[0].folder}: out of memory; log: the/log.txt" in output.splitlines()
    assert len(rows(tmp_path / "runs" / "rates__sample")) == 3
    assert len(engine.exports) == 1, "the first seed of the other arm"


def test_failed_export_is_reported_and_makes_the_status_1(run: Run, engine: Engine) -> None:
    engine.respond = lambda task: Outcome("failed", "it disagrees") if isinstance(task, ExportTask) else None
    status, output = run()
    assert status == 1
    assert "Failed: runs/rates__sample/saved_models/fast/1: it disagrees" in output.splitlines()


def test_diverged_run_is_no_failure_and_is_not_exported(run: Run, engine: Engine, tmp_path: Path) -> None:
    def respond(task: Any) -> Outcome | None:
        if isinstance(task, RunTask) and task.config.optimizer.as_dict():
            commit(RunStore(task.store), task.config, [1.0, None])
            return Outcome("done")
        return None

    engine.respond = respond
    status, _ = run()
    assert status == 0
    assert [row["status"] for row in rows(tmp_path / "runs" / "rates__sample")].count("diverged") == 2
    assert engine.exports == ["runs/rates__sample/saved_models/slow/1"]


def test_runs_that_another_process_has_in_work_are_waited_for(run: Run, engine: Engine, tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs" / "store")
    asked: list[RunConfig] = []

    def respond(task: Any) -> Outcome | None:
        if not isinstance(task, RunTask) or task.config.seed == 0:
            return None
        asked.append(task.config)
        if asked.count(task.config) == 1:
            return Outcome("busy")
        commit(store, task.config)  # the other process has finished it
        return Outcome("found")

    engine.respond = respond
    status, _ = run()
    assert status == 0
    assert len(asked) == 4
    assert len(rows(tmp_path / "runs" / "rates__sample")) == 4


def test_waiting_ends_when_the_other_process_gives_the_lock_back(
    run: Run, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RunStore(tmp_path / "runs" / "store")
    naps: list[float] = []
    locked: list[Any] = []

    def respond(task: Any) -> Outcome | None:
        if isinstance(task, RunTask) and not locked:
            locked.append(store.lock(task.config))
            assert locked[0].__enter__()
            return Outcome("busy")
        return None

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            locked[0].__exit__(None, None, None)

    engine.respond = respond
    monkeypatch.setattr(running.time, "sleep", nap)
    assert run()[0] == 0
    assert len(naps) == 3
    assert len(engine.runs) == 5, "only the busy run was asked for again, once"


def test_interrupt_writes_the_table_of_what_is_done_and_says_how_to_go_on(
    engine: Engine, sample_dir: Path, tmp_path: Path
) -> None:
    def respond(_: Any) -> None:
        if len(engine.runs) == 3:
            raise KeyboardInterrupt

    engine.respond = respond
    output = io.StringIO()
    options = RunOptions(dataset=str(sample_dir), seeds=2)
    with pytest.raises(KeyboardInterrupt):
        run_experiments([EXPERIMENT], options, Console(file=output, width=200))
    assert "Interrupted after 2 new runs. They are kept: the same command goes on from there." in output.getvalue()
    assert len(rows(tmp_path / "runs" / "rates__sample")) == 2


def test_interrupt_before_any_run_has_no_table(engine: Engine, sample_dir: Path, tmp_path: Path) -> None:
    def respond(_: Any) -> None:
        raise KeyboardInterrupt

    engine.respond = respond
    with pytest.raises(KeyboardInterrupt):
        run_experiments([EXPERIMENT], RunOptions(dataset=str(sample_dir)), Console(file=io.StringIO()))
    assert not (tmp_path / "runs" / "rates__sample").exists()


@pytest.mark.parametrize(
    ("options", "folder"),
    [
        ({}, "rates__sample"),
        ({"epochs": 5}, "rates__epochs=5-sample"),
        ({"quick": True}, "rates__quick-sample"),
        ({"quick": True, "epochs": 1}, "rates__quick-epochs=1-sample"),
    ],
)
def test_modified_comparison_writes_to_a_folder_of_its_own(
    run: Run, engine: Engine, tmp_path: Path, options: dict[str, Any], folder: str
) -> None:
    run(**options)
    assert (tmp_path / "runs" / folder / "table.md").is_file()
    assert engine.exports[0] == f"runs/{folder}/saved_models/slow/1"


def test_unmodified_comparison_exports_to_saved_models(
    run: Run, engine: Engine, tmp_path: Path, sample_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fashion_keras.data.dataset.FASHION_MNIST_HASH", sample_dataset.content_hash)
    run()
    run(epochs=2)  # which it has anyway
    assert (tmp_path / "runs" / "rates" / "table.md").is_file()
    assert engine.exports == ["saved_models/rates/slow/1", "saved_models/rates/fast/1"] * 2


def test_out_is_the_folder_of_everything(run: Run, engine: Engine, tmp_path: Path) -> None:
    run(out=tmp_path / "elsewhere")
    assert {path.name for path in (tmp_path / "elsewhere").iterdir()} == {"store", "rates__sample"}
    assert engine.exports[0].startswith(str(tmp_path / "elsewhere"))
    assert [path.name for path in tmp_path.iterdir()] == ["elsewhere"]


def test_quick_look_is_one_seed_of_few_epochs_on_part_of_the_data(
    run: Run, engine: Engine, sample_dataset: Dataset
) -> None:
    run(quick=True, seeds=None)
    assert [(config.seed, config.epochs) for config in engine.runs] == [(0, QUICK_EPOCHS)] * 2
    num_train = round(0.9 * len(sample_dataset.train_images))
    assert {config.train_examples for config in engine.runs} == {num_train}


def test_quick_results_never_mix_with_real_ones(run: Run, engine: Engine, tmp_path: Path) -> None:
    run(quick=True, epochs=2)
    run()
    assert len(engine.runs) == 8
    assert len({config.run_id for config in engine.runs}) == 8
    assert len(list((tmp_path / "runs" / "store" / "comparisons").iterdir())) == 2


def test_runs_name_the_data_that_they_were_trained_on(run: Run, engine: Engine, sample_dataset: Dataset) -> None:
    run()
    assert {config.data for config in engine.runs} == {sample_dataset.content_hash}


def test_base_that_experiments_share_is_trained_once(run: Run, engine: Engine, tmp_path: Path) -> None:
    arms = (Arm("none"), Arm("some", dropout_rate=0.3))
    other = replace(EXPERIMENT, name="dropout", arms=arms, baseline="none")
    run(EXPERIMENT, other)
    assert len(engine.runs) == 6
    assert len(rows(tmp_path / "runs" / "rates__sample")) == len(rows(tmp_path / "runs" / "dropout__sample")) == 4


def looks(store: Path) -> list[int]:
    (path,) = (store / "comparisons").iterdir()
    return [look["seeds"] for look in read_record(path).looks]


def test_look_is_noted_when_all_arms_of_all_seeds_are_shown(run: Run, tmp_path: Path) -> None:
    store = tmp_path / "runs" / "store"
    _, output = run(arms=("slow",))
    assert looks(store) == []
    assert "No differences yet" in output
    _, output = run(arms=("fast",))
    # The family is complete by then, and its verdicts are shown, whichever arm was asked for.
    assert looks(store) == [2]
    assert "No differences yet" not in output
    run()
    run()
    run(seeds=3)
    assert looks(store) == [2, 3]


def test_incomplete_table_is_no_look(run: Run, engine: Engine, tmp_path: Path) -> None:
    engine.respond = lambda task: Outcome("failed", "no") if len(engine.tasks) == 1 else None
    run()
    assert looks(tmp_path / "runs" / "store") == []


def test_dry_run_says_what_is_there_and_writes_nothing(
    run: Run, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(arms=("fast",), seeds=1)
    before = sorted(tmp_path.rglob("*"))
    engine.tasks.clear()
    monkeypatch.setattr(running, "estimate_seconds", lambda *_: 200.0)
    status, output = run(dry_run=True, workers=3)
    assert status == 0
    assert "  slow: 2 runs of 2 epochs, 0 in the store" in output
    assert "  fast: 2 runs of 2 epochs, 1 in the store" in output
    assert "4 runs: 1 in the store, 3 to train, 3 at a time" in output
    assert "About 3 min 20 s with 3 workers" in output
    assert engine.tasks == []
    assert sorted(tmp_path.rglob("*")) == before


def test_auto_trains_in_the_precision_that_it_comes_to(
    run: Run, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "resolve_precision", {"auto": "mixed_bfloat16"}.__getitem__)
    run(precision="auto")
    assert {config.precision for config in engine.runs} == {"mixed_bfloat16"}
    assert (tmp_path / "runs" / "rates__mixed_bfloat16-sample").is_dir()


def test_dry_run_says_what_the_planned_seeds_could_show(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run(seeds=3)
    monkeypatch.setattr(running, "estimate_seconds", lambda *_: 0.0)
    assert "would likely show" in run(dry_run=True, seeds=10)[1]
    assert "would likely show" not in run(dry_run=True, seeds=1)[1]


def test_shards_train_each_run_once_and_write_no_table(run: Run, engine: Engine, tmp_path: Path) -> None:
    for shard in range(3):
        status, output = run(seeds=4, shard=(shard, 3))
        assert status == 0
        assert "the same command without --shard writes tables" in output
        assert "Two rates" not in output
    assert len(engine.runs) == len(set(engine.runs)) == 8
    assert engine.exports == []
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["store"]


def test_command_without_shard_trains_nothing_after_all_shards_and_writes_the_table(
    run: Run, engine: Engine, tmp_path: Path
) -> None:
    for shard in range(3):
        run(shard=(shard, 3))
    engine.tasks.clear()
    status, output = run()
    assert (status, engine.runs) == (0, [])
    assert "4 runs: 4 in the store, 0 to train" in output
    assert len(rows(tmp_path / "runs" / "rates__sample")) == 4


def test_shard_says_only_its_own_runs(run: Run) -> None:
    _, output = run(seeds=4, shard=(0, 3))
    assert "3 runs: 0 in the store, 3 to train" in output


def test_interrupted_shard_says_how_to_go_on_and_writes_no_table(
    engine: Engine, sample_dir: Path, tmp_path: Path
) -> None:
    def respond(_: Any) -> None:
        if len(engine.runs) == 2:
            raise KeyboardInterrupt

    engine.respond = respond
    output = io.StringIO()
    options = RunOptions(dataset=str(sample_dir), seeds=2, shard=(0, 2))
    with pytest.raises(KeyboardInterrupt):
        run_experiments([EXPERIMENT], options, Console(file=output, width=200))
    assert "Interrupted after 1 new runs. They are kept: the same command goes on from there." in output.getvalue()
    assert not (tmp_path / "runs" / "rates__sample").exists()


def test_shard_with_a_failed_run_ends_with_status_1(run: Run, engine: Engine) -> None:
    engine.respond = lambda _: Outcome("failed", "out of memory", "the/log.txt") if len(engine.tasks) == 1 else None
    status, output = run(shard=(0, 2))
    assert status == 1
    assert f"Failed: {engine.runs[0].folder}: out of memory; log: the/log.txt" in output.splitlines()


@pytest.mark.parametrize("shard", ["8/8", "9/8", "-1/8", "3", "3/", "a/b", "1/0"])
def test_shard_that_does_not_exist_is_refused_in_one_line(shard: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["run", "initializers", f"--shard={shard}"])
    assert ended.value.code == 2
    _, errors = capsys.readouterr()
    assert errors.count("\n") == 1
    assert f"argument --shard: must be K/N with K from 0 to N-1, such as 0/8 to 7/8, got '{shard}'" in errors


# From here on whole programs run: the console command in processes of its own.


class Program:
    """The console command with a training that takes moments, see `untrained/sitecustomize.py`.

    Args:
        folder: Its current directory.
        dataset: Its data.
    """

    def __init__(self, folder: Path, dataset: Path):
        self.folder = folder
        self.trainings = folder / "trainings"
        tests = Path(__file__).parents[1]
        path = os.pathsep.join([str(tests / "untrained"), str(tests), *filter(None, sys.path)])
        self.environment = {**os.environ, "PYTHONPATH": path, "TRAININGS": str(self.trainings)}
        options = ["--dataset", str(dataset), "--seeds", "2", "--epochs", "4", "--workers", "2"]
        self.command = [sys.executable, "-m", "fashion_keras", "run", "initializers", *options]

    def start(self) -> "subprocess.Popen[str]":
        """Start it in a process group of its own."""
        return subprocess.Popen(
            self.command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self) -> str:
        """Run it to its end and return what it says."""
        process = self.start()
        output, errors = process.communicate(timeout=120)
        assert (process.returncode, errors) == (0, "")
        return output

    def trained(self, what: str = "end") -> list[str]:
        """The runs whose training began or ended, one entry each time."""
        lines = self.trainings.read_text().splitlines() if self.trainings.exists() else []
        return [line.split()[1] for line in lines if line.startswith(what)]

    def finished(self) -> dict[str, tuple[int, int]]:
        """The folders of finished runs, with what changes when one is made again."""
        folders = (self.folder / "runs" / "store" / "runs").glob("*")
        return {path.name: (path.stat().st_ino, (path / "result.json").stat().st_mtime_ns) for path in folders}

    def results(self) -> dict[str, str]:
        """The tables without what depends on the clock, by name."""
        folder = self.folder / "runs" / "initializers__epochs=4-sample"
        texts = {name: (folder / name).read_text() for name in ("table.md", "table.csv", "runs.csv")}
        return {name: without_times(text, name) for name, text in texts.items()}


def without_times(text: str, name: str) -> str:
    """Leave out the columns that tell the time; in Markdown the last one."""
    if name.endswith(".md"):
        assert "| minutes |\n" in text
        return re.sub(r" \| [^|]* \|\n", "\n", text)
    table = list(csv.reader(io.StringIO(text)))
    timeless = [place for place, title in enumerate(table[0]) if not re.search("minutes|seconds|finished_at", title)]
    return "\n".join(",".join(row[place] for place in timeless) for row in table)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, sample_dir: Path) -> Program:
    program = Program(tmp_path_factory.mktemp("undisturbed"), sample_dir)
    program.run()
    return program


def test_program_trains_each_run_once(undisturbed: Program) -> None:
    assert len(undisturbed.trained()) == len(set(undisturbed.trained())) == 8
    assert sorted(undisturbed.finished()) == sorted(undisturbed.trained())


def test_program_says_in_plain_lines_how_far_it_is(undisturbed: Program) -> None:
    output = undisturbed.run()
    assert "8 runs: 8 in the store, 0 to train, 2 at a time" in output
    assert "\x1b" not in output


def test_two_programs_at_once_share_the_runs_and_both_end_with_the_whole_table(
    tmp_path: Path, sample_dir: Path, undisturbed: Program
) -> None:
    program = Program(tmp_path, sample_dir)
    processes = [program.start(), program.start()]
    ends = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], ends
    assert [errors for _, errors in ends] == ["", ""]
    assert len(program.trained("begin")) == len(set(program.trained("begin"))) == 8
    for output, _ in ends:
        assert output.count("2 seeds") >= 4, "every arm has both seeds"
        assert "(4 arms)" in output
    assert program.results() == undisturbed.results()


def test_program_killed_again_and_again_ends_in_the_same_table(
    tmp_path: Path, sample_dir: Path, undisturbed: Program
) -> None:
    program = Program(tmp_path, sample_dir)
    moments = random.Random(0)
    finished: dict[str, tuple[int, int]] = {}
    for _ in range(5):
        num_begun = len(program.trained("begin"))
        process = program.start()
        while len(program.trained("begin")) == num_begun and process.poll() is None:
            time.sleep(0.01)
        time.sleep(0.3 * moments.random())
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        now = program.finished()
        assert now.items() >= finished.items(), "no finished run was made again"
        finished = now
    assert len(program.trained("begin")) > len(program.trained("end")), "some kills hit a training"
    program.run()
    assert program.finished().items() >= finished.items()
    assert program.results() == undisturbed.results()
    assert not list((tmp_path / "runs" / "store" / "partial").iterdir())


def test_interrupted_program_ends_with_status_130_and_no_traceback(tmp_path: Path, sample_dir: Path) -> None:
    program = Program(tmp_path, sample_dir)
    process = program.start()
    while not program.trained():
        time.sleep(0.05)
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "")
    assert "They are kept: the same command goes on from there." in output
    assert "to train" in program.run()


# And for real.


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, sample_dir: Path) -> tuple[Path, str]:
    """A quick look at the initialisers, trained: the folder, and what it said."""
    folder = tmp_path_factory.mktemp("real")
    return folder, look_quickly(folder, sample_dir, "initializers", "--seeds", "2")


def look_quickly(folder: Path, dataset: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "fashion_keras", "run", *arguments, "--quick", "--dataset", str(dataset)]
    process = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=program_environment())
    assert (process.returncode, process.stderr) == (0, "")
    return process.stdout


def program_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def test_quick_look_reaches_tables_curves_and_exports(real: tuple[Path, str]) -> None:
    folder, output = real
    results = folder / "runs" / "initializers__quick-sample"
    table = (results / "table.md").read_text()
    assert all(arm.name in table for arm in load_experiment("initializers").arms)
    assert "8 runs: 0 in the store, 8 to train" in output
    assert len(rows(results)) == 8
    assert list(results.glob("*.png"))
    exported = sorted(path.parent.parent.name for path in results.glob("saved_models/*/1/saved_model.pb"))
    assert exported == ["default", "he_uniform", "random_normal", "xavier_normal"]
    assert not (folder / "saved_models").exists(), "only an unmodified comparison exports there"


def test_second_look_trains_nothing_and_gives_the_same_bytes(real: tuple[Path, str], sample_dir: Path) -> None:
    folder, _ = real
    results = folder / "runs" / "initializers__quick-sample"
    before = {path.name: path.read_bytes() for path in results.glob("*.*")}
    runs = {path: path.stat().st_ino for path in (folder / "runs" / "store" / "runs").iterdir()}
    output = look_quickly(folder, sample_dir, "initializers", "--seeds", "2")
    assert "8 runs: 8 in the store, 0 to train" in output
    assert {path.name: path.read_bytes() for path in results.glob("*.*") if path.suffix in (".md", ".csv")} == {
        name: content for name, content in before.items() if name.endswith((".md", ".csv"))
    }
    assert {path: path.stat().st_ino for path in (folder / "runs" / "store" / "runs").iterdir()} == runs


@pytest.mark.slow
def test_quick_look_at_every_comparison_reaches_its_exports(tmp_path: Path, sample_dir: Path) -> None:
    look_quickly(tmp_path, sample_dir, "all")
    for name in NAMES:
        results = tmp_path / "runs" / f"{name}__quick-sample"
        assert (results / "table.md").is_file()
        exported = {path.parent.parent.name for path in results.glob("saved_models/*/1/saved_model.pb")}
        assert exported == {arm.name for arm in load_experiment(name).arms}
