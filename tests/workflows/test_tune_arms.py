"""Fair comparisons: the values that are tried, what is picked, and the command with a fake training and a real one."""

import csv
import io
import json
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from stored_runs import make_result
from test_run import Engine

from fashion_keras import cli
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import Dataset
from fashion_keras.errors import ConfigError, StoreError
from fashion_keras.execution import Outcome, RunTask
from fashion_keras.experiments.definition import Arm, Experiment
from fashion_keras.experiments.names import command_of, split_tuned, tuned_name
from fashion_keras.experiments.registry import load_experiment
from fashion_keras.reporting.sweep import compare_pairs
from fashion_keras.storage.runs import RunStore
from fashion_keras.storage.stored_comparisons import load_stored, tuned_names
from fashion_keras.storage.tunings import Trial, TrialRun, TunedArm, TuningRecord
from fashion_keras.tuning.sweep.study import FIRST_TUNING_SEED, Study, TuneOptions, tuned_experiment
from fashion_keras.tuning.sweep.values import Space
from fashion_keras.workflows import run as running
from fashion_keras.workflows import tune_arms as fair_run
from fashion_keras.workflows.publish import fill_blocks, publish
from fashion_keras.workflows.report import load_published, report_comparisons
from fashion_keras.workflows.run import RunOptions
from fashion_keras.workflows.tune_arms import run_tuned

RATE = "learning_rate"

EXPERIMENT = Experiment(
    "rates",
    "Rates and more",
    RunConfig(epochs=2),
    (
        Arm("slow"),
        Arm("fast", learning_rate=0.1, described=True),
        Arm("drop", dropout_rate=0.3),
        Arm("adam", optimizer="adam", learning_rate=0.1),
    ),
)

BEST_RATES = {"slow": 0.1, "drop": 0.01, "adam": 1e-4}
BEST_ACCURACIES = {"slow": 0.9, "drop": 0.9, "adam": 0.96}


# The values that are tried.


def test_values_are_spread_evenly_over_a_logarithmic_range() -> None:
    values = Space(RATE, ((1e-4, 1.0),), 16).values
    strata = [int(4 * (math.log10(value) + 4)) for value in values]
    assert strata == list(range(16))


def test_values_of_a_share_are_spread_evenly_over_a_linear_range() -> None:
    values = Space("dropout_rate", ((0.0, 0.8),), 8).values
    assert [int(value / 0.1) for value in values] == list(range(8))


def test_equal_spaces_have_equal_values() -> None:
    assert Space(RATE, ((1e-5, 1.0),)).values == Space(RATE, ((1e-5, 1.0),)).values


def test_larger_budget_keeps_the_values_of_the_smaller() -> None:
    small, large = Space(RATE, ((1e-5, 1.0),), 10), Space(RATE, ((1e-5, 1.0),), 16)
    assert large.stages[0][:10] == small.stages[0]


def test_wider_range_keeps_the_values_and_adds_as_dense_ones_outside() -> None:
    narrow, wide = Space(RATE, ((1e-3, 0.1),), 8), Space(RATE, ((1e-3, 0.1), (1e-4, 1.0), (1e-4, 10.0)), 8)
    assert wide.stages[0] == narrow.stages[0]
    assert [len(stage) for stage in wide.stages] == [8, 8, 4]
    assert all(1e-4 <= value <= 1e-3 or 0.1 <= value <= 1.0 for value in wide.stages[1])
    assert {value < 0.01 for value in wide.stages[1]} == {True, False}, "on both sides"
    assert all(1.0 <= value <= 10.0 for value in wide.stages[2])
    assert len(set(wide.values)) == 20


def test_whole_numbers_are_tried_once_each() -> None:
    values = Space("batch_size", ((2, 9),), 8, is_whole=True).values
    assert values == tuple(range(2, 10))
    assert {type(value) for value in values} == {int}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((RATE, ((1.0, 0.1),)), "goes from low to high, got 1,0.1"),
        ((RATE, ((0.0, 0.1),)), "starts above 0, for its scale is logarithmic, got 0"),
        ((RATE, ((0.01, 0.1), (0.02, 1.0))), "holds the one before, 0.01,0.1, and more; got 0.02,1"),
        ((RATE, ((0.01, 0.1), (0.01, 0.1))), "and more"),
        (("batch_size", ((2, 9),), 9, True), "2,9 holds 8 different values of batch_size, and the budget is 9"),
    ],
)
def test_range_that_cannot_be_is_told(arguments: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Space(*arguments)


# What is picked.


def make_trial(value: float, *accuracies: float | None) -> Trial:
    runs = [
        TrialRun(seed, "folder", "diverged" if accuracy is None else "finished", accuracy, 1.0)
        for seed, accuracy in enumerate(accuracies)
    ]
    return Trial(value, tuple(runs))


def test_best_mean_validation_accuracy_is_picked() -> None:
    arm = TunedArm("a", (), (make_trial(0.1, 0.7, 0.8), make_trial(0.2, 0.9, 0.7), make_trial(0.3, 0.5, 0.9)))
    assert (arm.pick.value, arm.pick.val_accuracy, arm.edge) == (0.2, pytest.approx(0.8), "")


def test_value_of_which_a_run_diverged_is_never_picked() -> None:
    arm = TunedArm("a", (), (make_trial(0.1, 0.5, 0.5), make_trial(0.2, 0.9, None)))
    assert arm.pick.value == 0.1


def test_of_equal_values_the_lowest_is_picked() -> None:
    arm = TunedArm("a", (), (make_trial(0.1, 0.4), make_trial(0.2, 0.5), make_trial(0.3, 0.5)))
    assert arm.pick.value == 0.2


@pytest.mark.parametrize(("accuracies", "edge"), [((0.5, 0.4, 0.3), "lowest"), ((0.3, 0.4, 0.5), "highest")])
def test_pick_at_the_end_of_what_was_tried_is_on_the_edge(accuracies: tuple[float, ...], edge: str) -> None:
    trials = [make_trial(value, accuracy) for value, accuracy in zip((0.1, 0.2, 0.3), accuracies, strict=True)]
    assert TunedArm("a", (), tuple(trials)).edge == edge


def test_arm_of_which_every_trial_diverged_is_told() -> None:
    with pytest.raises(ConfigError, match=r"every trial of arm 'a' diverged, from 0\.1 to 0\.2"):
        _ = TunedArm("a", (), (make_trial(0.1, None), make_trial(0.2, None))).pick


# Arms and names.


@pytest.mark.parametrize(
    ("name", "merged"),
    [
        ("optimizers", {"sgd": (), "rmsprop": ("rmsprop_0.02",), "adam": ("adam_0.02",), "sgd_momentum_0.9": ()}),
        ("initializers", dict.fromkeys(("default", "random_normal", "xavier_normal", "he_uniform"), ())),
        (
            "batch_norm",
            {
                "no_batch_norm": (),
                "batch_norm_0.008": ("batch_norm_0.02",),
                **{f"batch_norm_0.008_{scheme}": () for scheme in ("random_normal", "xavier_normal", "he_uniform")},
            },
        ),
    ],
)
def test_arms_that_differ_in_the_rate_alone_are_one(name: str, merged: dict[str, tuple[str, ...]]) -> None:
    assert Study.of(load_experiment(name), TuneOptions(RATE)).merged == merged


def test_tuned_comparison_has_its_picks_and_no_row_of_the_report() -> None:
    experiment = load_experiment("batch_norm")
    merged = Study.of(experiment, TuneOptions(RATE)).merged
    tuned = tuned_experiment(experiment, RATE, dict.fromkeys(merged, 0.5), merged)
    assert (tuned.name, tuned.title) == ("batch_norm_tuned", "Batch norm, each arm at its tuned learning rate")
    assert [arm.name for arm in tuned.arms] == list(merged)
    assert {tuned.config_of(arm).optimizer.as_dict()[RATE] for arm in tuned.arms} == {0.5}
    assert {(arm.published, arm.described) for arm in tuned.arms} == {(None, False)}


def test_baseline_that_was_merged_is_the_arm_that_stands_for_it() -> None:
    experiment = replace(EXPERIMENT, baseline="fast")
    merged = Study.of(experiment, TuneOptions(RATE)).merged
    assert tuned_experiment(experiment, RATE, dict.fromkeys(merged, 0.5), merged).baseline == "slow"


@pytest.mark.parametrize(
    ("setting", "options", "message"),
    [
        ("learnin_rate", {}, r"a number of arm 'slow' of rates is one of .*\(did you mean 'learning_rate'\?\)"),
        ("momentum", {}, "a number of arm 'adam' of rates is one of"),
        ("batch_norm", {}, "a number of arm 'slow' of rates is one of"),
        ("epochs", {}, "a number of arm 'slow' of rates is one of"),
        ("batch_size", {}, "--tune batch_size needs a range beside it: --range LOW,HIGH"),
        ("dropout_rate", {"range": (0.0, 1.0)}, r"arm 'slow': dropout_rate must be in \[0, 1\), got 1"),
        (RATE, {"widen": ((1e-3, 10.0),)}, "holds the one before"),
    ],
)
def test_setting_that_cannot_be_tuned_is_told_in_one_line(setting: str, options: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as told:
        Study.of(EXPERIMENT, TuneOptions(setting, **options))
    assert "\n" not in str(told.value)


def test_comparison_of_which_nothing_is_left_is_told() -> None:
    with pytest.raises(ConfigError, match="learning_rates differ in learning_rate alone"):
        Study.of(load_experiment("learning_rates"), TuneOptions(RATE))


def test_dropout_rate_is_tuned_too() -> None:
    experiment = load_experiment("initializers")
    study = Study.of(experiment, TuneOptions("dropout_rate", budget=4))
    assert study.space.scale == "linear"
    rates = {config.model.as_dict()["dropout_rate"] for config in study.configs}
    assert rates == set(study.space.values)


@pytest.mark.parametrize(
    ("name", "setting", "tuned"), [("cnn", RATE, "cnn_tuned"), ("cnn", "momentum", "cnn_tuned_momentum")]
)
def test_tuned_name_says_what_it_is_made_of(name: str, setting: str, tuned: str) -> None:
    assert tuned_name(name, setting) == tuned
    assert split_tuned(tuned) == (name, setting)
    assert command_of(tuned) == f"fashion-keras run {name} --tune {setting}"
    assert split_tuned(name) is None


# The command.


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


def commit_scored(task: Any) -> Outcome | None:
    if not isinstance(task, RunTask):
        return None
    config, store = task.config, RunStore(task.store)
    store.begin(config)
    result = make_result(config, (0.5, accuracy_of(config)), with_test=config.evaluate_test != "never")
    store.commit(result)
    return Outcome("done")


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.chdir(tmp_path)
    engine = Engine()
    engine.respond = commit_scored
    monkeypatch.setattr(running, "LocalEngine", engine)
    monkeypatch.setattr("fashion_keras.reporting.figures.draw_curves", lambda *_: [])
    monkeypatch.setattr("fashion_keras.reporting.sweep_figure.draw_tuning", lambda *_: [])
    return engine


Tune = Callable[..., tuple[int, str]]


@pytest.fixture
def tune(engine: Engine, sample_dir: Path) -> Tune:
    """Tune comparisons on the sample and return exit status and output."""

    def tune(*experiments: Experiment, tuning: TuneOptions | None = None, **options: Any) -> tuple[int, str]:
        output = io.StringIO()
        chosen = RunOptions(**{"dataset": str(sample_dir), "seeds": 6, **options})
        wanted = tuning or TuneOptions(RATE, budget=8, range=(1e-5, 10.0))
        status = run_tuned(experiments or [EXPERIMENT], chosen, wanted, Console(file=output, width=250))
        return status, output.getvalue()

    return tune


def trials(engine: Engine) -> list[RunConfig]:
    return [config for config in engine.runs if config.evaluate_test == "never"]


def measured(engine: Engine) -> list[RunConfig]:
    return [config for config in engine.runs if config.evaluate_test != "never"]


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_arm_tries_the_same_values_on_tuning_seeds_without_the_test_set(tune: Tune, engine: Engine) -> None:
    tune(tuning=TuneOptions(RATE, budget=4, seeds=2))
    tried = {kind: sorted((c.seed, rate_of(c)) for c in trials(engine) if kind_of(c) == kind) for kind in BEST_RATES}
    assert tried["slow"] == tried["drop"] == tried["adam"]
    assert len(tried["slow"]) == len(set(tried["slow"])) == 8
    assert {config.seed for config in trials(engine)} == {FIRST_TUNING_SEED, FIRST_TUNING_SEED + 1}
    assert len(trials(engine)) == 24


def test_arms_are_measured_at_their_picks_on_fresh_seeds(tune: Tune, engine: Engine) -> None:
    assert tune()[0] == 0
    values = Space(RATE, ((1e-5, 10.0),), 8).values
    nearest = {kind: min(values, key=lambda v: abs(math.log10(v / best))) for kind, best in BEST_RATES.items()}
    untuned = {"slow": {0.02, 0.1}, "drop": {0.02}, "adam": {0.1}}
    for kind, pick in nearest.items():
        found = {rate_of(config) for config in measured(engine) if kind_of(config) == kind}
        assert found == {pick} | untuned[kind]
    assert {config.seed for config in measured(engine)} == set(range(6))
    assert len(measured(engine)) == 6 * (3 + 4)


def test_tables_show_budget_range_and_picks_beside_the_untuned_ones(tune: Tune, tmp_path: Path) -> None:
    _, output = tune()
    folder = tmp_path / "runs" / "rates_tuned__sample"
    rows = read_csv(folder / "tuned_untuned.csv")
    assert [row["arm"] for row in rows] == ["slow", "drop", "adam"]
    assert {(row["tried_values"], row["tried_low"], row["tried_high"]) for row in rows} == {("8", "1e-05", "10")}
    assert [row["untuned_value"] for row in rows] == ["0.02", "0.02", "0.1"]
    assert all(float(row["gain_mean"]) > 0 for row in rows if row["arm"] != "drop")
    page = (folder / "table.md").read_text()
    for text in (
        "Rates, each arm at its tuned learning rate",
        "tuning seed 1,000,000",
        "slow stands for fast too",
        "The verdicts hold for the values of learning_rate that were picked",
        "tuned: ",
        "Against slow",
    ):
        assert text in page
    assert "none was tuned" not in page
    assert "picked by validation accuracy" in output


def test_every_trial_is_kept_for_programs(tune: Tune, engine: Engine, tmp_path: Path) -> None:
    tune()
    rows = read_csv(tmp_path / "runs" / "rates_tuned__sample" / "tuning.csv")
    assert len(rows) == 24
    assert {row["folder"] for row in rows} == {config.folder for config in trials(engine)}
    assert [row["arm"] for row in rows if row["picked"] == "1"] == ["slow", "drop", "adam"]
    content = json.loads((tmp_path / "runs" / "rates_tuned__sample" / "tuning.json").read_text())
    picked = {row["arm"]: float(row[RATE]) for row in rows if row["picked"] == "1"}
    assert {name: pick["value"] for name, pick in content["picks"].items()} == picked
    assert (content["setting"], content["ranges"], content["seeds"]) == (RATE, [[1e-5, 10.0]], [FIRST_TUNING_SEED])


def test_order_that_tuning_turns_over_is_said(tune: Tune, tmp_path: Path) -> None:
    tune(seeds=10)
    folder = tmp_path / "runs" / "rates_tuned__sample"
    rows = {row["arm"]: row for row in read_csv(folder / "ordering.csv")}
    assert list(rows) == ["drop − slow", "adam − slow", "adam − drop"]
    for pair in ("adam − slow", "adam − drop"):
        row = rows[pair]
        assert (row["tuned_verdict"], row["untuned_verdict"], row["survival_text"]) == ("better", "worse", "reversed")
        assert float(row["tuned_mean"]) > 0 > float(row["untuned_mean"])
    page = (folder / "table.md").read_text()
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
    tune(EXPERIMENT, other)
    assert len(trials(engine)) == len(set(trials(engine))) == 24


def test_wider_range_gives_every_arm_the_same_further_trials_and_keeps_the_others(tune: Tune, engine: Engine) -> None:
    narrow = TuneOptions(RATE, budget=4, range=(1e-3, 1e-1))
    tune(tuning=narrow)
    engine.tasks.clear()
    _, output = tune(tuning=replace(narrow, widen=((1e-5, 1e-1),)))
    added = {kind: sorted(rate_of(c) for c in trials(engine) if kind_of(c) == kind) for kind in BEST_RATES}
    assert added["slow"] == added["drop"] == added["adam"]
    assert len(added["slow"]) == 4
    assert max(added["slow"]) <= 1e-3
    assert "try the same 8 values of learning_rate from 1e-05 to 0.1" in output


def test_pick_on_the_edge_is_warned_of_with_the_way_on(tune: Tune, tmp_path: Path) -> None:
    _, output = tune(tuning=TuneOptions(RATE, budget=4, range=(1e-3, 1e-2)))
    assert "the pick of adam, is the lowest learning_rate that was tried: a better one may lie beyond" in output
    assert "the pick of slow, is the highest" in output
    assert "--widen 0.0001,0.1 keeps every trial" in output
    page = (tmp_path / "runs" / "rates_tuned__sample" / "table.md").read_text()
    assert "The pick of adam is the lowest value that was tried" in page
    assert "Warning" not in tune(tuning=TuneOptions(RATE, budget=16, range=(1e-6, 10.0)))[1]


def test_failed_trial_ends_before_anything_is_picked(tune: Tune, engine: Engine, tmp_path: Path) -> None:
    engine.respond = lambda task: Outcome("failed", "no", "log") if len(engine.tasks) == 3 else commit_scored(task)
    status, output = tune()
    assert status == 1
    assert measured(engine) == []
    assert f"Failed: {engine.runs[2].folder}: no; log: log" in output
    assert "tries what failed again; nothing was picked" in output
    engine.respond = commit_scored
    engine.tasks.clear()
    assert tune()[0] == 0
    assert len(trials(engine)) == 1


def test_interrupted_tuning_goes_on_where_it_was(tune: Tune, engine: Engine, sample_dir: Path, tmp_path: Path) -> None:
    def respond(task: Any) -> Outcome | None:
        if len(engine.runs) == 11:
            raise KeyboardInterrupt
        return commit_scored(task)

    engine.respond = respond
    output = io.StringIO()
    options = RunOptions(dataset=str(sample_dir), seeds=6)
    wanted = TuneOptions(RATE, budget=8, range=(1e-5, 10.0))
    with pytest.raises(KeyboardInterrupt):
        run_tuned([EXPERIMENT], options, wanted, Console(file=output, width=200))
    assert "Interrupted after 10 tuning runs. They are kept" in output.getvalue()
    engine.respond = commit_scored
    engine.tasks.clear()
    tune()
    assert len(trials(engine)) == 14


def test_dry_run_says_trials_runs_and_time_and_writes_nothing(
    tune: Tune, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans: list[Any] = []
    monkeypatch.setattr(fair_run, "estimate_seconds", lambda plan, *_: plans.append(plan) or 200.0)
    status, output = tune(dry_run=True)
    assert status == 0
    assert "24 tuning runs: 0 in the store, 24 to train" in output
    assert "rates_tuned: 3 arms at their picks, 6 seeds each; beside it the 4 untuned arms" in output
    assert "About 3 min 20 s with 2 workers" in output
    assert [len(plan.pending) for plan in plans] == [24 + 18 + 24]
    assert engine.tasks == []
    assert list(tmp_path.iterdir()) == []


def test_dry_run_after_the_trials_knows_the_picks(tune: Tune, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    tune()
    engine.tasks.clear()
    monkeypatch.setattr(running, "estimate_seconds", lambda *_: 0.0)
    _, output = tune(dry_run=True)
    assert "rates_tuned: Rates, each arm at its tuned learning rate" in output
    assert "18 runs: 18 in the store, 0 to train" in output
    assert engine.tasks == []


def test_untuned_comparison_in_float32_stands_beside_picks_in_bfloat16(
    tune: Tune, engine: Engine, sample_dir: Path, tmp_path: Path
) -> None:
    running.run_experiments([EXPERIMENT], RunOptions(dataset=str(sample_dir), seeds=6), Console(file=io.StringIO()))
    engine.tasks.clear()
    tune(precision="mixed_bfloat16")
    assert {config.precision for config in engine.runs} == {"mixed_bfloat16"}
    assert len(measured(engine)) == 18
    page = (tmp_path / "runs" / "rates_tuned__mixed_bfloat16-sample" / "table.md").read_text()
    assert "The tuned arms were trained in mixed_bfloat16 and the untuned ones in float32" in page


def test_quick_look_tunes_as_quickly(tune: Tune, engine: Engine, tmp_path: Path) -> None:
    tune(quick=True, seeds=None)
    assert {config.epochs for config in engine.runs} == {running.QUICK_EPOCHS}
    assert (tmp_path / "runs" / "rates_tuned__quick-sample" / "tuning.csv").is_file()


@pytest.mark.parametrize(
    ("options", "message"), [({"shard": (0, 2)}, "--shard does not go with --tune"), ({"arms": ("slow",)}, "--arms")]
)
def test_option_that_does_not_go_with_tuning_is_refused(tune: Tune, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        tune(**options)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--budget", "4"], "--budget goes with --tune SETTING"),
        (["--tune-seeds", "4"], "--tune-seeds goes with --tune SETTING"),
        (["--tune", "learnin_rate"], "did you mean 'learning_rate'?"),
        (["--tune", "learning_rate", "--range", "1"], "--range: must be LOW,HIGH, two numbers such as 1e-5,1, got '1'"),
        (["--tune", "learning_rate", "--range", "1,0.1"], "--range: must be LOW,HIGH"),
        (["--tune", "learning_rate", "--budget", "0"], "--budget: must be a whole number of at least 1"),
        (["--tune", "learning_rate", "--shard", "0/2"], "--shard does not go with --tune"),
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


@pytest.fixture
def store(tune: Tune, tmp_path: Path, sample_dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    """A store with tuned initialisers of ten seeds, as if the sample were Fashion-MNIST."""
    for name in ("data.dataset", "storage.stored_comparisons"):
        monkeypatch.setattr(f"fashion_keras.{name}.FASHION_MNIST_HASH", sample_dataset.content_hash)
    tune(load_experiment("initializers"), seeds=10, tuning=TuneOptions(RATE, budget=4))
    return RunStore(tmp_path / "runs" / "store")


def test_tuned_comparison_is_published_with_its_trials_and_computed_again_byte_by_byte(
    store: RunStore, tmp_path: Path
) -> None:
    assert tuned_names(store) == ["initializers_tuned"]
    folder, again = tmp_path / "experiments", tmp_path / "again"
    publish(load_stored(store, []), folder, None)
    assert {"tuning.csv", "tuning.json", "ordering.csv"} <= {
        path.name for path in (folder / "initializers_tuned").iterdir()
    }
    assert [found.record.name for found in load_published(folder)][-1] == "initializers_tuned"
    assert report_comparisons([], again, folder, Console(quiet=True)) == 0
    for path in (folder / "initializers_tuned").iterdir():
        if path.name != "comparison.json":
            assert (again / "initializers_tuned" / path.name).read_bytes() == path.read_bytes(), path.name


def test_record_reads_what_it_wrote(store: RunStore) -> None:
    (results,) = load_stored(store, ["initializers_tuned"])
    assert results.record.tuning is not None
    tuning = TuningRecord.from_json(results.record.tuning)
    assert json.loads(json.dumps(tuning.to_json())) == results.record.tuning
    assert tuning.picks == {arm.name: arm.pick.value for arm in tuning.arms}


def test_every_pair_is_compared_once_and_with_its_sign(store: RunStore) -> None:
    (results,) = load_stored(store, ["initializers_tuned"])
    names = [arm.name for arm in results.arms]
    pairs = compare_pairs(results, names)
    assert len(pairs) == 6
    assert pairs[0].arm == f"{names[1]} − {names[0]}"
    means = [arm.finals("test_accuracy").mean() for arm in results.arms]
    assert pairs[0].mean_difference == pytest.approx(means[1] - means[0])


def test_wider_tuning_is_reported_and_the_narrower_is_not(store: RunStore, tune: Tune, tmp_path: Path) -> None:
    tune(load_experiment("initializers"), seeds=10, tuning=TuneOptions(RATE, 4, widen=((1e-5, 10.0),)))
    (results,) = load_stored(store, ["initializers_tuned"])
    assert results.record.tuning is not None
    assert list(results.record.tuning["budgets"]) == [4, 1]


def test_published_tuning_is_never_left_without_its_runs(store: RunStore, tmp_path: Path) -> None:
    folder = tmp_path / "experiments"
    publish(load_stored(store, []), folder, None)
    before = (folder / "runs.json.xz").read_bytes()
    with pytest.raises(StoreError, match="`fashion-keras run initializers --tune learning_rate` makes it, or remove"):
        publish(load_stored(store, ["initializers"]), folder, None)
    assert (folder / "runs.json.xz").read_bytes() == before


def test_tuning_is_published_with_all_runs_or_not_at_all(store: RunStore, tmp_path: Path) -> None:
    (results,) = load_stored(store, ["initializers_tuned"])
    assert results.untuned is not None
    shutil.rmtree(results.untuned.arms[1].runs[3].path)
    with pytest.raises(StoreError, match=r"initializers has 9 of 10 runs of random_normal"):
        publish(load_stored(store, ["initializers_tuned"]), tmp_path / "experiments", None)


def test_untuned_runs_are_archived_with_the_tuned_ones(store: RunStore, tmp_path: Path) -> None:
    publish(load_stored(store, ["initializers_tuned"]), tmp_path / "experiments", None)
    (found,) = load_published(tmp_path / "experiments")
    assert found.untuned is not None
    assert found.untuned.is_complete


def test_page_takes_the_tables_of_a_tuning_by_name(store: RunStore, tmp_path: Path) -> None:
    folder = tmp_path / "experiments"
    publish(load_stored(store, []), folder, None)
    found = load_published(folder)
    page = "<!-- {} of experiments/{} -->\n<!-- end -->\n"
    assert "| tried | picked |" in fill_blocks(page.format("tuning", "initializers_tuned"), found)
    assert "he_uniform − xavier_normal" in fill_blocks(page.format("ordering", "initializers_tuned"), found)
    with pytest.raises(StoreError, match="there is no tuning"):
        fill_blocks(page.format("tuning", "initializers"), found)


# For real.


def test_real_training_is_tuned_measured_and_pictured(sample_dir: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    experiment = Experiment(
        "widths", "Widths", RunConfig(epochs=2, model="fcn", batch_size=64), (Arm("a"), Arm("b", hidden_units=(16,)))
    )
    options = RunOptions(dataset=str(sample_dir), seeds=1, workers=1)
    tuning = TuneOptions(RATE, budget=2, range=(1e-3, 1.0))
    # Exports and curves take long, and other tests cover them.
    monkeypatch.setattr(running._Invocation, "_export", lambda *_: ("", []))
    monkeypatch.setattr("fashion_keras.reporting.figures.draw_curves", lambda *_: [])
    assert run_tuned([experiment], options, tuning, Console(quiet=True)) == 0
    folder = tmp_path / "runs" / "widths_tuned__sample"
    rows = read_csv(folder / "tuning.csv")
    assert len(rows) == 4
    assert all(0 <= float(row["val_accuracy"]) <= 1 for row in rows)
    assert (folder / "tuning.png").stat().st_size > 10_000
    for path in (tmp_path / "runs" / "store" / "runs").iterdir():
        if f"__s{FIRST_TUNING_SEED}__" in path.name:
            assert json.loads((path / "result.json").read_text())["final"]["test_accuracy"] is None
            assert not (path / "predictions.npz").exists()
