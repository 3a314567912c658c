"""The main job, without training: what is planned, trained, judged, printed, written and exported."""

import csv
import io
import math
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from made_engine import Engine, work_in
from rich.console import Console
from stored_runs import commit

from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import Dataset
from fashion_keras.errors import ConfigError
from fashion_keras.execution import Outcome, RunTask
from fashion_keras.execution.tasks import TimingTask
from fashion_keras.experiments.definition import Arm, Experiment
from fashion_keras.experiments.registry import load_experiment
from fashion_keras.export.task import ExportTask
from fashion_keras.inference.record import RECORD
from fashion_keras.statistics import Design
from fashion_keras.storage.comparison import read_record
from fashion_keras.storage.runs import RunStore
from fashion_keras.storage.stored_comparisons import load_stored
from fashion_keras.workflows import plan as planning
from fashion_keras.workflows.run import QUICK_EPOCHS, RunOptions, compare, run_experiments
from fashion_keras.workflows.session import DataOptions, Session, fill

EXPERIMENT = Experiment(
    "rates", "Two rates", RunConfig(epochs=2), (Arm("slow"), Arm("fast", learning_rate=0.1, text_only=True))
)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setattr("fashion_keras.execution.batch.BUSY_WAIT_SEC", 0.01)
    return work_in(tmp_path, Engine(), monkeypatch)


@pytest.fixture
def output() -> io.StringIO:
    """What the runs of a test print, one after another."""
    return io.StringIO()


@pytest.fixture
def run(engine: Engine, sample_dir: Path, output: io.StringIO) -> Callable[..., tuple[int, str]]:
    """Run comparisons on the sample and return exit status and output."""

    def run(*experiments: Experiment, **options: Any) -> tuple[int, str]:
        before = len(output.getvalue())
        values = {"dataset": str(sample_dir), "seeds": 2, **options}
        session = Session.of(values, Console(file=output, width=200))
        status = run_experiments(experiments or [EXPERIMENT], fill(RunOptions, values), session)
        return status, output.getvalue()[before:]

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


def test_requested_arms_and_seeds_alone_are_shown_and_the_files_have_all_arms(run: Run, tmp_path: Path) -> None:
    run(seeds=3)
    _, output = run(seeds=2, arms=("fast",))
    assert ("\nfast " in output, "\nslow " in output) == (True, False)
    found = rows(tmp_path / "runs" / "rates__sample")
    assert [(row["arm"], row["seed"]) for row in found] == [(arm, seed) for arm in ("slow", "fast") for seed in "01"]


def test_failed_run_is_reported_at_the_end_and_the_others_finish(run: Run, engine: Engine, tmp_path: Path) -> None:
    def respond(task: Any) -> Outcome | None:
        is_first = isinstance(task, RunTask) and task is engine.tasks[0]
        return Outcome("failed", "out of memory", "the/log.txt") if is_first else None

    engine.respond = respond
    status, output = run()
    assert status == 1
    assert len(engine.runs) == 4
    assert "Failed: slow, seed 0: out of memory; log: the/log.txt" in output.splitlines()
    assert len(rows(tmp_path / "runs" / "rates__sample")) == 3
    assert len(engine.exports) == 1, "the first seed of the other arm"


def test_failed_export_is_reported_and_makes_the_status_1(run: Run, engine: Engine) -> None:
    engine.respond = lambda task: Outcome("failed", "it disagrees") if isinstance(task, ExportTask) else None
    status, output = run()
    assert status == 1
    assert "Failed: runs/rates__sample/saved_models/fast/1: it disagrees" in output.splitlines()


def test_models_of_arms_that_are_no_more_are_named(run: Run, tmp_path: Path) -> None:
    models = tmp_path / "runs" / "rates__sample" / "saved_models"
    for arm in ("slow", "renamed"):
        (models / arm / "1" / RECORD).parent.mkdir(parents=True)
        (models / arm / "1" / RECORD).touch()
    (models / "mine").mkdir()
    _, output = run(arms=("fast",))
    assert "Models of no arm any more: runs/rates__sample/saved_models/renamed" in output.splitlines()


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


def test_a_level_and_a_margin_that_came_after_the_first_look_are_said_to_be_left_out(run: Run, engine: Engine) -> None:
    engine.accuracy = noisy
    _, first = run(seeds=5)
    _, same = run(seeds=6)
    _, other = run(seeds=6, margin=5.0)
    assert ["margin 0.2 points stay" in output for output in (first, same, other)] == [False, False, True]


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
    monkeypatch.setattr("fashion_keras.execution.batch.time.sleep", nap)
    assert run()[0] == 0
    assert len(naps) == 3
    assert len(engine.runs) == 5, "only the busy run was asked for again, once"


def interrupt_after(engine: Engine, num_runs: int) -> None:
    def respond(_: Any) -> None:
        if len(engine.runs) > num_runs:
            raise KeyboardInterrupt

    engine.respond = respond


@pytest.mark.parametrize(
    ("num_runs", "says", "num_rows"),
    [
        (2, "Interrupted after 2 new runs. They are kept: the same command goes on from there.", 2),
        (1, "Interrupted after 1 new run. It is kept: the same command goes on from there.", 1),
        (0, "Interrupted before a new run was done: the same command starts again.", None),
    ],
)
@pytest.mark.parametrize("shard", [None, (0, 1)])
def test_interrupt_writes_the_table_of_what_is_done_and_says_how_to_go_on(
    run: Run, engine: Engine, tmp_path: Path, output: io.StringIO, num_runs: int, says: str, num_rows: int, shard: Any
) -> None:
    interrupt_after(engine, num_runs)
    with pytest.raises(KeyboardInterrupt):
        run(shard=shard)
    assert says in output.getvalue().splitlines()
    folder = tmp_path / "runs" / "rates__sample"
    assert folder.exists() == (num_runs > 0 and shard is None), "a shard has no table, nor have no runs"
    if folder.exists():
        assert len(rows(folder)) == num_rows


def test_what_was_decided_stays_decided_while_more_seeds_are_trained(
    run: Run, engine: Engine, tmp_path: Path, output: io.StringIO
) -> None:
    store = RunStore(tmp_path / "runs" / "store")
    table = tmp_path / "runs" / "rates__sample" / "differences.csv"
    engine.accuracy = noisy
    run(seeds=5)
    judged = interval_in(table)
    engine.tasks.clear()
    interrupt_after(engine, 1)
    with pytest.raises(KeyboardInterrupt):
        run(seeds=40)
    assert "Shown as at the look at 5 seeds" in output.getvalue()
    assert interval_in(table) == judged
    (results,) = load_stored(store, ["rates"])
    assert [len(arm.runs) for arm in results.arms] == [5, 5]
    assert looks(store.root) == [5]
    engine.respond = lambda _: None
    run(seeds=40)
    assert len(load_stored(store, ["rates"])[0].seeds) == 40
    assert looks(store.root) == [5, 40]
    assert load_stored(store, ["rates"])[0].record.design == Design.up_to(5).extend(40)


def interval_in(table: Path) -> list[str]:
    with table.open(newline="") as file:
        (row,) = csv.DictReader(file)
    return [row[f"difference_{name}"] for name in ("mean", "low", "high", "level")]


def test_runs_before_any_look_are_shown_of_all_planned_seeds(run: Run, engine: Engine, tmp_path: Path) -> None:
    interrupt_after(engine, 5)
    with pytest.raises(KeyboardInterrupt):
        run(seeds=40)
    (results,) = load_stored(RunStore(tmp_path / "runs" / "store"), ["rates"])
    assert (len(results.seeds), [len(arm.runs) for arm in results.arms]) == (40, [3, 2])
    engine.respond = lambda _: None
    run(seeds=2)  # the forty were a slip of the finger
    (results,) = load_stored(RunStore(tmp_path / "runs" / "store"), ["rates"])
    assert (len(results.seeds), [len(arm.runs) for arm in results.arms]) == (2, [2, 2])


def test_tables_are_printed_before_the_exports_begin(run: Run, engine: Engine, output: io.StringIO) -> None:
    seen: list[str] = []
    engine.respond = lambda task: seen.append(output.getvalue()) if isinstance(task, ExportTask) else None
    run()
    assert "verdict" in seen[0]


def test_time_that_is_said_is_that_of_the_whole_command(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "seconds", 3660.0)
    assert "Took 1 h 01 min" in run()[1].splitlines()


def test_the_answer_is_the_last_on_the_screen(run: Run) -> None:
    assert "--seeds 10" in run()[1].splitlines()[-1], "before any look nothing is said of the best"
    assert run(seeds=5)[1].splitlines()[-1].startswith("Best: ")


def test_compare_returns_what_the_command_prints(engine: Engine, sample_dir: Path, output: io.StringIO) -> None:
    session = Session(DataOptions(dataset=str(sample_dir)), console=Console(file=output, width=200))
    outcome = compare(EXPERIMENT, RunOptions(seeds=2), session)
    (found,) = outcome.comparisons
    assert outcome.failures == ()
    assert [arm.name for arm in found.report.results.arms] == ["slow", "fast"]
    assert [item.arm for item in found.report.all_comparisons] == ["fast"]
    assert {path.name for path in found.paths} == {"table.md", "table.csv", "differences.csv", "runs.csv"}
    assert {name: str(path) for name, path in found.exports.items()} == {
        arm: f"runs/rates__sample/saved_models/{arm}/1" for arm in ("slow", "fast")
    }
    assert "Two rates" not in output.getvalue()


def test_runs_are_called_by_the_arms_that_share_them(run: Run, engine: Engine) -> None:
    engine.respond = lambda task: Outcome("failed", "no") if isinstance(task, RunTask) else None
    other = replace(EXPERIMENT, name="other", arms=(Arm("slow"), Arm("drop", dropout_rate=0.3)))
    more = replace(EXPERIMENT, name="more", baseline="base", arms=(Arm("base"), Arm("big", batch_size=1024)))
    _, output = run(EXPERIMENT, other, more, seeds=1)
    failed = [line for line in output.splitlines() if line.startswith("Failed")]
    assert sorted(failed) == [f"Failed: {name}, seed 0: no" for name in ("big", "drop", "fast", "slow and 1 more")]


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


def test_base_that_experiments_share_is_trained_once(run: Run, engine: Engine, tmp_path: Path) -> None:
    arms = (Arm("none"), Arm("some", dropout_rate=0.3))
    other = replace(EXPERIMENT, name="dropout", arms=arms, baseline="none")
    run(EXPERIMENT, other)
    assert len(engine.runs) == 6
    assert len(rows(tmp_path / "runs" / "rates__sample")) == len(rows(tmp_path / "runs" / "dropout__sample")) == 4


def looks(store: Path) -> list[int]:
    (path,) = (store / "comparisons").iterdir()
    return [look["seeds"] for look in read_record(path).looks]


def test_look_is_noted_when_evidence_is_shown(run: Run, engine: Engine, tmp_path: Path) -> None:
    store = tmp_path / "runs" / "store"
    engine.accuracy = noisy
    _, output = run(arms=("slow",), seeds=5)
    assert looks(store) == []
    assert "No differences yet" in output
    _, output = run(arms=("fast",), seeds=5)
    # The family is complete by then, and its verdicts are shown, whichever arm was asked for.
    assert looks(store) == [5]
    assert "No differences yet" not in output
    run(seeds=5)
    run(seeds=20)
    assert looks(store) == [5, 20]
    run(seeds=5)  # fewer seeds later on show nothing else
    assert looks(store) == [5, 20]
    (results,) = load_stored(RunStore(store), ["rates"])
    assert results.record.design == Design.up_to(5).extend(20)


def noisy(config: RunConfig) -> float:
    """Accuracies that do not tell the arms apart; at each look the last one still may."""
    apart = 7.0 * (math.sqrt(config.seed + 1) - math.sqrt(config.seed))
    apart += (3, -2, 1, -4, 2, 0, -1, 4, -3, 0)[config.seed % 10]
    return 0.3 + 0.01 * (config.seed % 7) + 0.03 * apart * (config.optimizer.as_dict() != {})


THREE = replace(EXPERIMENT, arms=(*EXPERIMENT.arms, Arm("clear", dropout_rate=0.3)))


def test_a_decided_arm_gets_no_more_seeds_and_the_baseline_goes_on(run: Run, engine: Engine, tmp_path: Path) -> None:
    engine.accuracy = lambda config: 0.99 if config.model != THREE.base.model else noisy(config)
    _, output = run(THREE, seeds=10)
    (results,) = load_stored(RunStore(tmp_path / "runs" / "store"), ["rates"])
    assert {arm.name: len(arm.runs) for arm in results.arms} == {"slow": 10, "fast": 10, "clear": 5}
    assert looks(tmp_path / "runs" / "store") == [10]
    assert results.record.design.looks == (5, 6, 8, 10)
    assert "clear beats slow" in output


@pytest.mark.parametrize(
    ("options", "num_runs"), [({"fixed": True}, 30), ({"looks": (7, 10)}, 27), ({"looks": (8,), "seeds": None}, 24)]
)
def test_looks_are_those_that_were_asked_for(run: Run, engine: Engine, options: dict[str, Any], num_runs: int) -> None:
    engine.accuracy = lambda config: 0.99 if config.model != THREE.base.model else noisy(config)
    run(THREE, **{"seeds": 10, **options})
    assert len(engine.runs) == num_runs


@pytest.mark.parametrize("shard", [None, (0, 1)])
def test_an_arm_that_all_seeds_would_hardly_decide_gets_no_more(run: Run, engine: Engine, shard: Any) -> None:
    engine.accuracy = lambda config: 0.5 + 0.01 * (-1) ** config.seed * (config.optimizer.as_dict() != {})
    _, output = run(seeds=10, shard=shard)
    assert len(engine.runs) == 5 + 5
    assert "are missing" not in output


def test_an_interrupted_design_goes_on_from_its_look(run: Run, engine: Engine) -> None:
    engine.accuracy = lambda config: 0.99 if config.model != THREE.base.model else noisy(config)
    interrupt_after(engine, 18)
    with pytest.raises(KeyboardInterrupt):
        run(THREE, seeds=10)
    engine.respond = lambda _: None
    run(THREE, seeds=10)
    assert len(engine.runs) == 25 + 1, "the run that was interrupted is tried again"


def test_a_run_that_fails_is_tried_once_and_holds_the_looks_up(run: Run, engine: Engine) -> None:
    engine.accuracy = noisy
    engine.respond = lambda task: (
        Outcome("failed", "no") if isinstance(task, RunTask) and task.config.seed == 3 else None
    )
    status, _ = run(seeds=10)
    assert (status, len(engine.runs)) == (1, 10)


def test_looks_that_do_not_fit_are_one_line(run: Run) -> None:
    with pytest.raises(ConfigError, match="looks must ascend from 5 seeds"):
        run(looks=(3, 10), seeds=10)
    with pytest.raises(ConfigError, match="--looks does not go with --fixed"):
        run(looks=(5,), fixed=True)


def test_margin_and_level_are_the_experiments_unless_the_command_says_otherwise(run: Run, tmp_path: Path) -> None:
    run(replace(EXPERIMENT, margin=0.01, level=0.01), seeds=5)
    (results,) = load_stored(RunStore(tmp_path / "runs" / "store"), ["rates"])
    assert (results.record.design.margin, results.record.design.level) == (0.01, 0.01)
    notes = (tmp_path / "runs" / "rates__sample" / "table.md").read_text()
    assert "margin of equivalence is 1 points" in notes
    assert RunOptions(margin=0.5, level=0.1).design_of(EXPERIMENT).margin == 0.005


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
    monkeypatch.setattr(planning, "estimate_seconds", lambda *_: 200.0)
    status, output = run(dry_run=True, workers=3)
    assert status == 0
    assert "  slow: at most 2 runs of 2 epochs, 0 in the store" in output
    assert "  fast: at most 2 runs of 2 epochs, 1 in the store" in output
    assert "4 runs: 1 in the store, 3 to train, 3 at a time" in output
    assert "About 3 min 20 s with 3 workers" in output
    assert engine.tasks == []
    assert sorted(tmp_path.rglob("*")) == before


BFLOAT16 = replace(EXPERIMENT, base=RunConfig(epochs=2, precision="mixed_bfloat16"))


@pytest.mark.parametrize(
    ("experiment", "asked", "precision", "folder"),
    [
        (EXPERIMENT, None, "float32", "rates__sample"),
        (EXPERIMENT, "auto", "mixed_bfloat16", "rates__mixed_bfloat16-sample"),
        (EXPERIMENT, "float32", "float32", "rates__sample"),
        (BFLOAT16, None, "mixed_bfloat16", "rates__sample"),
        (BFLOAT16, "float32", "float32", "rates__float32-sample"),
    ],
)
def test_precision_that_is_asked_for_replaces_the_experiments_own(
    run: Run,
    engine: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    experiment: Experiment,
    asked: str | None,
    precision: str,
    folder: str,
) -> None:
    resolved = {"auto": "mixed_bfloat16", "float32": "float32"}
    monkeypatch.setattr("fashion_keras.workflows.session.resolve_precision", lambda asked, *_: resolved[asked])
    run(experiment, precision=asked)
    assert {config.precision for config in engine.runs} == {precision}
    assert (tmp_path / "runs" / folder).is_dir()


def test_precision_is_refused_where_the_arms_differ_in_it(run: Run, engine: Engine) -> None:
    with pytest.raises(ConfigError, match=r"^--precision does not go with precision_fcn: arms 'float32' and"):
        run(load_experiment("precision_fcn"), precision="float32")
    assert engine.tasks == []


def test_warm_up_that_few_epochs_shorten_is_said(run: Run, engine: Engine) -> None:
    _, said = run(load_experiment("tuned_fcn_regularised"), quick=True)
    assert "tuned_fcn_regularised: the warm-up of" in said
    assert {config.epochs for config in engine.runs} == {QUICK_EPOCHS}


def test_ray_is_asked_how_long_its_runs_take(run: Run, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = ModuleType("fashion_keras.execution.ray_engine")
    cluster.RayEngine = lambda _: engine  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, cluster.__name__, cluster)
    monkeypatch.setattr("fashion_keras.workflows.session.LocalEngine", lambda *_, **__: pytest.fail("local processes"))
    engine.respond = lambda task: Outcome("done", value=(50.0, 0.0))
    _, output = run(engine="ray", dry_run=True)
    assert output.splitlines()[-1] == "About 1 min 40 s with 2 workers on the cluster"
    assert {type(task) for task in engine.tasks} == {TimingTask}


def test_dry_run_says_what_the_planned_seeds_could_show(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run(seeds=3)
    monkeypatch.setattr(planning, "estimate_seconds", lambda *_: 0.0)
    assert "would likely show" in run(dry_run=True, seeds=10)[1]
    assert "would likely show" not in run(dry_run=True, seeds=1)[1]


def test_shards_train_each_run_once_and_the_command_without_them_writes_the_table(
    run: Run, engine: Engine, tmp_path: Path
) -> None:
    for shard in range(3):
        status, output = run(seeds=4, shard=(shard, 3))
        assert status == 0
        assert f"{2 + (shard < 2)} runs: 0 in the store" in output
        assert "the same command without --shard writes tables" in output
        assert "Two rates" not in output
    assert len(engine.runs) == len(set(engine.runs)) == 8
    assert engine.exports == []
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["store"]
    status, output = run(seeds=4)
    assert (status, len(engine.runs)) == (0, 8)
    assert "8 runs: 8 in the store, 0 to train" in output
    assert len(rows(tmp_path / "runs" / "rates__sample")) == 8


def test_shards_leave_out_seeds_of_arms_that_the_store_shows_decided(run: Run, engine: Engine) -> None:
    engine.accuracy = lambda config: 0.99 if config.model != THREE.base.model else noisy(config)
    _, output = run(THREE, seeds=10, shard=(0, 2))
    assert (len(engine.runs), "are not waited for" in output) == (15, True), "all: the others are not there"
    run(THREE, seeds=10, shard=(1, 2))
    clear = [config.seed for config in engine.runs if config.model != THREE.base.model]
    assert len(engine.runs) < 30
    assert {0, 1, 2, 3, 4} < set(clear) < set(range(10))


def test_an_arm_that_is_asked_for_alone_stops_where_the_others_let_it_be_judged(run: Run, engine: Engine) -> None:
    engine.accuracy = lambda config: 0.99 if config.model != THREE.base.model else noisy(config)
    run(THREE, seeds=10, arms=("slow", "fast"))
    run(THREE, seeds=10, arms=("clear",))
    assert len(engine.runs) == 10 + 10 + 5


def test_shard_with_a_failed_run_ends_with_status_1(run: Run, engine: Engine) -> None:
    engine.respond = lambda _: Outcome("failed", "out of memory", "the/log.txt") if len(engine.tasks) == 1 else None
    status, output = run(shard=(0, 2))
    assert status == 1
    assert "Failed: slow, seed 0: out of memory; log: the/log.txt" in output.splitlines()
