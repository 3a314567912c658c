"""Command `run --tune`: with runs that take no time, published, and for real on the sample."""

import csv
import io
import json
import math
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from made_engine import Engine, work_in
from rich.console import Console
from stored_runs import TUNABLE

from fashion_keras import cli
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import Dataset
from fashion_keras.errors import StoreError
from fashion_keras.execution import Outcome, RunTask
from fashion_keras.experiments.definition import Arm, Experiment
from fashion_keras.experiments.registry import load_experiment
from fashion_keras.reporting.sweep import compare_pairs
from fashion_keras.statistics import Design
from fashion_keras.storage.comparison import ComparisonResults, read_record, record_text
from fashion_keras.storage.runs import RunStore
from fashion_keras.storage.stored_comparisons import load_stored, tuned_names
from fashion_keras.storage.tunings import TuningRecord
from fashion_keras.training.run import train_run
from fashion_keras.tuning.study import FIRST_TUNING_SEED, TuneOptions
from fashion_keras.tuning.sweep.values import SettingSpace
from fashion_keras.workflows import plan as planning
from fashion_keras.workflows.publish import publish
from fashion_keras.workflows.published import load_published
from fashion_keras.workflows.report import report_comparisons
from fashion_keras.workflows.run import QUICK_EPOCHS, RunOptions, run_experiments
from fashion_keras.workflows.session import DataOptions, Session, fill
from fashion_keras.workflows.tune_arms import run_tuned

RATE = "learning_rate"

BEST_RATES = {"slow": 0.1, "drop": 0.01, "adam": 1e-4}
BEST_ACCURACIES = {"slow": 0.9, "drop": 0.9, "adam": 0.96}


def rate_of(config: RunConfig) -> float:
    return config.optimizer.as_dict().get(RATE, 0.02)


def kind_of(config: RunConfig) -> str:
    if config.optimizer.name == "adam":
        return "adam"
    return "drop" if config.model.options else "slow"


def accuracy_of(config: RunConfig) -> float:
    """The closer to the arm's best rate, the better; each seed a little otherwise."""
    kind = kind_of(config)
    distance = abs(math.log10(rate_of(config) / BEST_RATES[kind]))
    return BEST_ACCURACIES[kind] - 0.05 * distance + 0.001 * (config.seed * len(kind) % 7)


@contextmanager
def fake_training(folder: Path) -> Iterator[Engine]:
    """An engine whose runs are worth what `accuracy_of` says, in a working folder."""
    with pytest.MonkeyPatch.context() as patch:
        yield work_in(folder, Engine(accuracy=accuracy_of), patch)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    return work_in(tmp_path, Engine(accuracy=accuracy_of), monkeypatch)


Tune = Callable[..., tuple[int, str]]


def tune_on(data: Path, *experiments: Experiment, tuning: TuneOptions | None = None, **options: Any) -> tuple[int, str]:
    """Tune comparisons on data and return exit status and output."""
    output = io.StringIO()
    values = {"dataset": str(data), "seeds": 6, "fixed": True, "workers": 2, **options}
    session = Session.of(values, Console(file=output, width=250))
    wanted = tuning or TuneOptions(RATE, budget=8, range=(1e-5, 10.0))
    status = run_tuned(experiments or [TUNABLE], fill(RunOptions, values), wanted, session)
    return status, output.getvalue()


@pytest.fixture
def tune(engine: Engine, sample_dir: Path) -> Tune:
    """Tune comparisons on the sample and return exit status and output."""
    return lambda *experiments, **options: tune_on(sample_dir, *experiments, **options)


@dataclass(frozen=True)
class Tuned:
    """The tuning of `TUNABLE` on ten seeds, for tests that only look at it."""

    status: int
    output: str
    runs: list[RunConfig]
    folder: Path


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory, sample_dir: Path) -> Tuned:
    folder = tmp_path_factory.mktemp("tuned")
    with fake_training(folder) as engine:
        status, output = tune_on(sample_dir, seeds=10)
    return Tuned(status, output, engine.runs, folder / "runs" / "rates_tuned__sample")


def trials(runs: list[RunConfig]) -> list[RunConfig]:
    return [config for config in runs if config.evaluate_test == "never"]


def measured(runs: list[RunConfig]) -> list[RunConfig]:
    return [config for config in runs if config.evaluate_test != "never"]


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_arm_tries_the_same_values_on_tuning_seeds_without_the_test_set(tune: Tune, engine: Engine) -> None:
    tune(tuning=TuneOptions(RATE, budget=4, seeds=2))
    tried = {
        kind: sorted((c.seed, rate_of(c)) for c in trials(engine.runs) if kind_of(c) == kind) for kind in BEST_RATES
    }
    assert tried["slow"] == tried["drop"] == tried["adam"]
    assert len(tried["slow"]) == len(set(tried["slow"])) == 8
    assert {config.seed for config in trials(engine.runs)} == {FIRST_TUNING_SEED, FIRST_TUNING_SEED + 1}
    assert len(trials(engine.runs)) == 24


def test_arms_are_measured_at_their_selected_values_on_fresh_seeds(tuned: Tuned) -> None:
    assert tuned.status == 0
    values = SettingSpace(RATE, ((1e-5, 10.0),), 8).values
    nearest = {kind: min(values, key=lambda v: abs(math.log10(v / best))) for kind, best in BEST_RATES.items()}
    untuned = {"slow": {0.02, 0.1}, "drop": {0.02}, "adam": {0.1}}
    for kind, value in nearest.items():
        found = {rate_of(config) for config in measured(tuned.runs) if kind_of(config) == kind}
        assert found == {value} | untuned[kind]
    assert {config.seed for config in measured(tuned.runs)} == set(range(10))
    assert len(measured(tuned.runs)) == 10 * (3 + 4)


def test_tables_show_budget_range_and_selected_values_beside_the_untuned_ones(tuned: Tuned) -> None:
    rows = read_csv(tuned.folder / "tuned_untuned.csv")
    assert [row["arm"] for row in rows] == ["slow", "drop", "adam"]
    assert {(row["tried_values"], row["tried_low"], row["tried_high"]) for row in rows} == {("8", "1e-05", "10")}
    assert [row["untuned_value"] for row in rows] == ["0.02", "0.02", "0.1"]
    assert all(float(row["gain_mean"]) > 0 for row in rows if row["arm"] != "drop")
    page = (tuned.folder / "table.md").read_text()
    for text in ("tuning seed 1,000,000", "slow stands for fast too", "Against slow"):
        assert text in page
    assert "none was tuned" not in page


def test_every_trial_is_kept_for_programs(tuned: Tuned) -> None:
    rows = read_csv(tuned.folder / "tuning.csv")
    assert len(rows) == 24
    assert {row["folder"] for row in rows} == {config.folder for config in trials(tuned.runs)}
    selected = {row["arm"]: float(row[RATE]) for row in rows if row["picked"] == "1"}
    assert list(selected) == ["slow", "drop", "adam"]
    content = json.loads((tuned.folder / "tuning.json").read_text())
    assert {name: found["value"] for name, found in content["picks"].items()} == selected
    assert (content["setting"], content["ranges"], content["seeds"]) == (RATE, [[1e-5, 10.0]], [FIRST_TUNING_SEED])


def test_order_that_tuning_turns_over_is_said(tuned: Tuned) -> None:
    rows = {row["arm"]: row for row in read_csv(tuned.folder / "ordering.csv")}
    assert list(rows) == ["drop − slow", "adam − slow", "adam − drop"]
    for pair in ("adam − slow", "adam − drop"):
        row = rows[pair]
        assert (row["tuned_verdict"], row["untuned_verdict"], row["survival_text"]) == ("better", "worse", "reversed")
        assert float(row["tuned_mean"]) > 0 > float(row["untuned_mean"])
    page = (tuned.folder / "table.md").read_text()
    assert "tuned: adam, " in page
    assert "The order of the means does not survive." in page


def test_second_invocation_trains_nothing(tune: Tune, engine: Engine) -> None:
    tune()
    engine.tasks.clear()
    status, output = tune()
    assert (status, engine.runs) == (0, [])
    assert "24 tuning runs: 24 in the store, 0 to train" in output


def test_comparisons_share_the_trials_of_the_arms_that_they_share(tune: Tune, engine: Engine) -> None:
    other = Experiment("other", "Other", RunConfig(epochs=2), (Arm("none"), Arm("some", dropout_rate=0.3)))
    tune(TUNABLE, other)
    assert len(trials(engine.runs)) == len(set(trials(engine.runs))) == 24


def test_wider_range_gives_every_arm_the_same_further_trials_and_keeps_the_others(tune: Tune, engine: Engine) -> None:
    narrow = TuneOptions(RATE, budget=4, range=(1e-3, 1e-1))
    tune(tuning=narrow)
    engine.tasks.clear()
    _, output = tune(tuning=replace(narrow, widen=((1e-5, 1e-1),)))
    added = {kind: sorted(rate_of(c) for c in trials(engine.runs) if kind_of(c) == kind) for kind in BEST_RATES}
    assert added["slow"] == added["drop"] == added["adam"]
    assert len(added["slow"]) == 4
    assert max(added["slow"]) <= 1e-3
    assert "try the same 8 values of learning_rate from 1e-05 to 0.1" in output


def test_selected_value_on_the_edge_is_warned_of_with_the_way_on(tune: Tune, tmp_path: Path) -> None:
    _, output = tune(tuning=TuneOptions(RATE, budget=4, range=(1e-3, 1e-2)))
    assert "selected for adam, is the lowest learning_rate that was tried: a better one may lie beyond" in output
    assert "selected for slow, is the highest" in output
    assert "--widen 0.0001,0.1 keeps every trial" in output
    page = (tmp_path / "runs" / "rates_tuned__sample" / "table.md").read_text()
    assert "The pick of adam is the lowest value that was tried" in page
    assert "Warning" not in tune(tuning=TuneOptions(RATE, budget=16, range=(1e-6, 10.0)))[1]


def test_failed_trial_ends_before_anything_is_selected(tune: Tune, engine: Engine, tmp_path: Path) -> None:
    engine.respond = lambda task: Outcome("failed", "no", "log") if len(engine.tasks) == 3 else None
    status, output = tune()
    assert status == 1
    assert measured(engine.runs) == []
    assert f"Failed: {engine.runs[2].label}, seed {FIRST_TUNING_SEED}: no; log: log" in output
    assert "tries what failed again; nothing was selected" in output
    engine.respond = lambda _: None
    engine.tasks.clear()
    assert tune()[0] == 0
    assert len(trials(engine.runs)) == 1


def test_interrupted_tuning_goes_on_where_it_was(tune: Tune, engine: Engine) -> None:
    def respond(_: Any) -> None:
        if len(engine.runs) == 11:
            raise KeyboardInterrupt

    engine.respond = respond
    with pytest.raises(KeyboardInterrupt):
        tune()
    engine.respond = lambda _: None
    engine.tasks.clear()
    _, output = tune()
    assert "24 tuning runs: 10 in the store, 14 to train" in output
    assert len(trials(engine.runs)) == 14


def test_dry_run_says_trials_runs_and_time_and_writes_nothing(
    tune: Tune, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans: list[Any] = []
    monkeypatch.setattr(planning, "estimate_seconds", lambda plan, *_: plans.append(plan) or 200.0)
    status, output = tune(dry_run=True)
    assert status == 0
    assert "24 tuning runs: 0 in the store, 24 to train" in output
    assert "rates_tuned: 3 arms at their selected values, 6 seeds each; beside it the 4 untuned arms" in output
    assert "About 3 min 20 s with 2 workers" in output
    assert [len(plan.pending) for plan in plans] == [24 + 18 + 24]
    assert engine.tasks == []
    assert list(tmp_path.iterdir()) == []


def test_dry_run_after_the_trials_knows_the_selected_values(
    tune: Tune, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune()
    engine.tasks.clear()
    monkeypatch.setattr(planning, "estimate_seconds", lambda *_: 0.0)
    _, output = tune(dry_run=True)
    assert "rates_tuned: Rates, each arm at its tuned learning rate" in output
    assert "18 runs: 18 in the store, 0 to train" in output
    assert engine.tasks == []


def test_untuned_comparison_in_float32_stands_beside_tuned_arms_in_bfloat16(
    tune: Tune, engine: Engine, sample_dir: Path, tmp_path: Path
) -> None:
    session = Session(DataOptions(dataset=str(sample_dir)), console=Console(file=io.StringIO()))
    run_experiments([TUNABLE], RunOptions(seeds=6), session)
    engine.tasks.clear()
    tune(precision="mixed_bfloat16")
    assert {config.precision for config in engine.runs} == {"mixed_bfloat16"}
    assert len(measured(engine.runs)) == 18
    page = (tmp_path / "runs" / "rates_tuned__mixed_bfloat16-sample" / "table.md").read_text()
    assert "The tuned arms were trained in mixed_bfloat16 and the untuned ones in float32" in page


def test_quick_look_tunes_as_quickly(tune: Tune, engine: Engine, tmp_path: Path) -> None:
    tune(quick=True, seeds=None)
    assert {config.epochs for config in engine.runs} == {QUICK_EPOCHS}
    assert (tmp_path / "runs" / "rates_tuned__quick-sample" / "tuning.csv").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--budget", "4"], "--budget goes with --tune SETTING"),
        (["--tune-seeds", "4"], "--tune-seeds goes with --tune SETTING"),
        (["--tune", "learnin_rate"], "did you mean 'learning_rate'?"),
        (["--tune", "learning_rate", "--range", "1"], "--range: must be LOW,HIGH, two numbers such as 1e-5,1, got '1'"),
        (["--tune", "learning_rate", "--range", "1,0.1"], "--range: must be LOW,HIGH"),
        (["--tune", "learning_rate", "--budget", "0"], "--budget: must be a whole number of at least 1"),
        (["--tune", "learning_rate", "--budget", "9" * 20], "--budget: must be at most 10,000"),
        (["--seeds", "9" * 20, "--dry-run"], "--seeds: must be at most 10,000"),
        (["--epochs", "9" * 400], "--epochs: must be at most 10,000"),
        (["--tune", "learning_rate", "--shard", "0/2"], "--shard does not go with --tune"),
        (["--tune", "learning_rate", "--arms", "default"], "--arms does not go with --tune"),
    ],
)
def test_mistake_in_tuning_is_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        status: Any = cli.main(["run", "initializers", *arguments])
    except SystemExit as end:
        status = end.code
    output, errors = capsys.readouterr()
    assert (status, output, errors.count("\n")) == (2, "", 1)
    assert said in errors
    assert list(tmp_path.iterdir()) == []


# Publishing.


@pytest.fixture(scope="module")
def tuned_initializers(tmp_path_factory: pytest.TempPathFactory, sample_dir: Path, sample_dataset: Dataset) -> Path:
    """Results with tuned initialisers of ten seeds."""
    folder = tmp_path_factory.mktemp("initializers")
    with fake_training(folder), as_fashion_mnist(sample_dataset):
        tune_on(sample_dir, load_experiment("initializers"), seeds=10, tuning=TuneOptions(RATE, budget=4))
    return folder / "runs"


@contextmanager
def as_fashion_mnist(dataset: Dataset) -> Iterator[None]:
    """Let a data set pass for Fashion-MNIST."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("data.dataset", "storage.stored_comparisons"):
            patch.setattr(f"fashion_keras.{name}.FASHION_MNIST_HASH", dataset.content_hash)
        yield


@pytest.fixture
def store(tuned_initializers: Path, tmp_path: Path, engine: Engine, sample_dataset: Dataset) -> Iterator[RunStore]:
    """A copy of the store with tuned initialisers, as if the sample were Fashion-MNIST."""
    shutil.copytree(tuned_initializers, tmp_path / "runs")
    with as_fashion_mnist(sample_dataset):
        yield RunStore(tmp_path / "runs" / "store")


@pytest.fixture
def results(store: RunStore) -> ComparisonResults:
    (results,) = load_stored(store, ["initializers_tuned"])
    return results


def test_tuned_comparison_is_published_with_its_trials_and_computed_again_byte_by_byte(
    store: RunStore, tmp_path: Path
) -> None:
    assert tuned_names(store) == ["initializers_tuned"]
    folder, again = tmp_path / "experiments", tmp_path / "again"
    publish(load_stored(store, []), folder)
    assert {"tuning.csv", "tuning.json", "ordering.csv"} <= {
        path.name for path in (folder / "initializers_tuned").iterdir()
    }
    found = load_published(folder)[-1]
    assert found.record.name == "initializers_tuned"
    assert found.untuned is not None
    assert {len(arm.runs) for arm in found.untuned.arms} == {10}
    assert report_comparisons([], again, folder, Console(quiet=True)) == 0
    for path in (folder / "initializers_tuned").iterdir():
        if path.name != "comparison.json":
            assert (again / "published" / "initializers_tuned" / path.name).read_bytes() == path.read_bytes(), path.name


def test_record_reads_what_it_wrote(store: RunStore) -> None:
    (results,) = load_stored(store, ["initializers_tuned"])
    tuning = results.record.tuning
    assert tuning is not None
    assert TuningRecord.from_json(json.loads(json.dumps(tuning.to_json()))).to_json() == tuning.to_json()
    assert list(tuning.selected) == [arm.name for arm in results.arms]


def test_every_pair_is_compared_once_and_with_its_sign(results: ComparisonResults) -> None:
    names = [arm.name for arm in results.arms]
    pairs = compare_pairs(results, names)
    assert len(pairs) == 6
    assert pairs[0].arm == f"{names[1]} − {names[0]}"
    means = [arm.finals("test_accuracy").mean() for arm in results.arms]
    assert pairs[0].mean_difference == pytest.approx(means[1] - means[0])


def test_pairs_are_judged_more_strictly_after_an_earlier_look(results: ComparisonResults) -> None:
    names = [arm.name for arm in results.arms]

    def levels(*looks: int) -> list[float]:
        record = replace(results.record, design=Design.up_to(10, looks))
        return [pair.level or 1.0 for pair in compare_pairs(replace(results, record=record), names)]

    assert max(levels(6)) < min(levels())


@pytest.mark.parametrize("fewer", [TuneOptions(RATE, 3), TuneOptions(RATE, 2, range=(1e-4, 1e-3))])
def test_tuning_with_most_trials_is_reported_whichever_came_last(
    fewer: TuneOptions, store: RunStore, tune: Tune
) -> None:
    """The first of those with fewer trials selects the same values, the second others."""
    for tuning in (TuneOptions(RATE, 4, widen=((1e-5, 10.0),)), fewer):
        tune(load_experiment("initializers"), seeds=10, tuning=tuning)
    (found,) = load_stored(store, ["initializers_tuned"])
    assert found.record.tuning is not None
    assert list(found.record.tuning.budgets) == [4, 1]


def test_of_equal_tunings_the_one_that_was_looked_at_last_is_reported(store: RunStore, tune: Tune) -> None:
    tune(load_experiment("initializers"), seeds=10, tuning=TuneOptions(RATE, 4, range=(1e-4, 1.0)))
    paths = sorted((store.root / "comparisons").glob("initializers_tuned__*.json"))
    assert len(paths) == 2
    for last in paths:
        for path in paths:
            looks = ({"seeds": 10, "at": "2026-02-02" if path == last else "2026-01-01"},)
            path.write_text(record_text(replace(read_record(path), looks=looks)))
        (found,) = load_stored(store, ["initializers_tuned"])
        assert found.record.path_in(store) == last


def test_tuning_is_published_with_all_runs_or_not_at_all(store: RunStore, tmp_path: Path) -> None:
    (results,) = load_stored(store, ["initializers_tuned"])
    assert results.untuned is not None
    shutil.rmtree(results.untuned.arms[1].runs[3].path)
    with pytest.raises(StoreError, match=r"initializers has 9 of 10 runs of random_normal"):
        publish(load_stored(store, ["initializers_tuned"]), tmp_path / "experiments")


# For real.


def test_real_training_is_tuned_measured_and_pictured(
    sample_dir: Path, sample_dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def train(task: Any) -> Outcome | None:
        if not isinstance(task, RunTask):
            return None
        store = RunStore(task.store)
        store.begin(task.config)
        store.commit(train_run(task.config, sample_dataset))
        return Outcome("done")

    engine = Engine()
    engine.respond = train
    experiment = Experiment(
        "widths", "Widths", RunConfig(epochs=2, batch_size=64), (Arm("a"), Arm("b", hidden_units=(16,)))
    )
    work_in(tmp_path, engine, monkeypatch, draws=True)
    assert tune_on(sample_dir, experiment, seeds=1, tuning=TuneOptions(RATE, budget=2, range=(1e-3, 1.0)))[0] == 0
    folder = tmp_path / "runs" / "widths_tuned__sample"
    rows = read_csv(folder / "tuning.csv")
    assert len(rows) == 4
    assert all(0 <= float(row["val_accuracy"]) <= 1 for row in rows)
    assert (folder / "tuning.png").stat().st_size > 10_000
    for row in rows:
        path = tmp_path / "runs" / "store" / "runs" / row["folder"]
        assert f"__s{FIRST_TUNING_SEED}__" in path.name
        assert json.loads((path / "result.json").read_text())["final"]["test_accuracy"] is None
        assert not (path / "predictions.npz").exists()
