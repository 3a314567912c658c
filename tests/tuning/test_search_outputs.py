"""Outputs of a search: budget, importances, leaderboard, pictures, comparison."""

import ast
import csv
import importlib
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from stored_runs import commit
from trying import make_search, make_study, search, worth

from fashion_keras.config.components import Component
from fashion_keras.config.run_config import RunConfig
from fashion_keras.experiments.definition import BASE
from fashion_keras.experiments.names import TUNED_NAMES
from fashion_keras.experiments.registry import check_name, load_experiment
from fashion_keras.experiments.source import experiment_source
from fashion_keras.reporting.search_figures import draw_best_so_far, draw_slices
from fashion_keras.reporting.search_files import SearchResults, describe_results, write_outputs
from fashion_keras.reporting.search_tables import leaderboard_rows, trials_csv
from fashion_keras.storage.runs import RunStore
from fashion_keras.storage.trials import Objective, Trial, TrialRun
from fashion_keras.tuning.search import analysis
from fashion_keras.tuning.search.analysis import best_of_k, encode, measure_importance
from fashion_keras.tuning.search.spaces import load_space
from fashion_keras.tuning.study import Study, TuneOptions


def make_trials(store: RunStore, rates: Sequence[float], dropouts: Sequence[float], epochs: int = 4) -> list[Trial]:
    trials = []
    for number, (rate, dropout) in enumerate(zip(rates, dropouts, strict=True), start=1):
        config = RunConfig(epochs=epochs, seed=1_000_000, evaluate_test="never")
        config = config.with_changes(learning_rate=rate, dropout_rate=dropout)
        run = commit(store, config, [0.5, worth(config)], with_test=False)
        values = {"learning_rate": rate, "dropout_rate": dropout}
        trials.append(Trial(values, (TrialRun.of(run),), number, planned=config))
    return trials


@pytest.fixture
def results(tmp_path: Path) -> SearchResults:
    """Twelve trials: ten that finished, one that diverged, one that failed."""
    rng = np.random.default_rng(0)
    store = RunStore(tmp_path / "store")
    trials = make_trials(store, (10.0 ** rng.uniform(-3, 0, 12)).tolist(), rng.uniform(0, 0.6, 12).tolist())
    trials[3] = replace(trials[3], runs=(), message="out of memory")
    diverged = commit(store, trials[5].config, [0.3, None], with_test=False)
    trials[5] = replace(trials[5], runs=(TrialRun.of(diverged),))
    return SearchResults("tests-random", make_study(budget=12), tuple(trials), 60, (), frozenset({"learning_rate"}))


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "NUM_RESAMPLES", 20)  # seconds, each time


def test_expected_best_of_two_values_fits_in_the_head() -> None:
    found = best_of_k([1.0, 3.0])
    assert found.mean.tolist() == [2.0, 2.5]
    assert found.low.tolist() == [1.0, 1.0]
    assert found.high.tolist() == [3.0, 3.0]


def test_expected_best_is_the_mean_over_draws_with_replacement() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=15)
    found = best_of_k(values)
    for k in (1, 4, 15):
        draws = rng.choice(values, size=(20_000, k)).max(axis=1)
        assert found.mean[k - 1] == pytest.approx(draws.mean(), abs=0.02)
        assert found.low[k - 1] == np.quantile(draws, 0.025, method="inverted_cdf")
        assert found.high[k - 1] == np.quantile(draws, 0.975, method="inverted_cdf")


def test_words_are_numbered_and_what_does_not_apply_tells_nothing() -> None:
    values = [{"a": "x", "b": 1.0}, {"a": "y"}, {"a": "x", "b": 3.0}, {"a": "x", "b": 9.0}, {"a": "x", "c": 1}]
    names, features = encode(values)
    assert names == ["a", "b"], "c never varies"
    assert features[:, 0].tolist() == [0, 1, 0, 0, 0]
    assert features[:, 1].tolist() == [1, 3, 3, 9, 3]


def test_importance_finds_what_matters_and_gives_nothing_to_what_does_not() -> None:
    rng = np.random.default_rng(0)
    values = [
        {"noise": float(rng.normal()), "main": float(rng.uniform()), "weak": bool(rng.integers(2))} for _ in range(50)
    ]
    scores = [3 * trial["main"] + 0.5 * trial["weak"] for trial in values]
    report = measure_importance(values, scores)
    assert report is not None
    assert report.importances[0].name == "main"
    by_name = {item.name: item for item in report.importances}
    assert by_name["main"].low > 0.5
    assert by_name["noise"].low < 0.02
    assert by_name["noise"].mean < 0.05
    assert by_name["main"].low < by_name["main"].mean < by_name["main"].high
    assert report.explained > 0.7
    assert measure_importance(values, scores) == report


def test_importance_of_noise_explains_nothing() -> None:
    rng = np.random.default_rng(0)
    values = [{"a": float(rng.normal()), "b": float(rng.normal())} for _ in range(30)]
    report = measure_importance(values, rng.normal(size=30))
    assert report is not None
    assert report.explained < 0.1


def test_importance_needs_trials_that_differ() -> None:
    values = [{"a": float(number)} for number in range(20)]
    assert measure_importance(values[:9], np.arange(9.0)) is None
    assert measure_importance(values, np.ones(20)) is None
    assert measure_importance([{"a": 1.0}] * 20, np.arange(20.0)) is None


@pytest.mark.parametrize(("objective", "column", "sign"), [("val_accuracy", 2, -1), ("val_loss", 3, 1)])
def test_leaderboard_has_the_best_first_and_failures_last(
    results: SearchResults, objective: str, column: int, sign: int
) -> None:
    rows = leaderboard_rows(results.trials, Objective(objective))
    values = [sign * float(row[column]) for row in rows[:10]]
    assert values == sorted(values)
    assert [row[2] for row in rows[10:]] == ["diverged", "failed"]
    assert rows[-1][6].endswith("out of memory")


def test_trials_csv_has_every_trial_with_its_hyperparameters(results: SearchResults) -> None:
    rows = list(csv.DictReader(io.StringIO(trials_csv(results.trials))))
    assert [int(row["trial"]) for row in rows] == list(range(1, 13))
    assert [row["status"] for row in rows].count("finished") == 10
    assert float(rows[0]["hp:learning_rate"]) == pytest.approx(results.trials[0].values["learning_rate"], rel=1e-6)
    assert rows[3]["message"] == "out of memory"


def test_what_is_said_names_seed_test_set_and_noise(results: SearchResults) -> None:
    text = "\n".join(describe_results(results))
    assert "10 trials finished, 1 diverged (taken for the worst value), 1 failed" in text
    assert "seed 1000000" in text
    assert "The test set was never read" in text
    assert "On 60 validation images an accuracy has a standard error of 4." in text


def test_a_search_leaves_leaderboard_trials_comparison_importances_and_pictures(
    results: SearchResults, tmp_path: Path
) -> None:
    paths = write_outputs(results, tmp_path / "out")
    names = {path.name for path in paths}
    assert {"leaderboard.md", "trials.csv", "tuned_tests_space.py"} <= names
    for name in ("best_so_far", "slices", "importance"):
        assert {f"{name}.png", f"{name}.svg"} <= names
        with Image.open(tmp_path / "out" / f"{name}.png") as picture:
            assert len(set(picture.convert("L").resize((60, 60)).tobytes())) > 10
    before = {path: path.read_bytes() for path in paths}
    assert {path: path.read_bytes() for path in write_outputs(results, tmp_path / "out")} == before


def test_a_search_in_which_all_diverged_has_no_best_trial(results: SearchResults, tmp_path: Path) -> None:
    lost = SearchResults(results.name, results.study, (results.trials[5],), 60)
    assert lost.best is None
    assert "No trial finished" in "\n".join(describe_results(lost))
    assert "tuned_tests_space.py" not in {path.name for path in write_outputs(lost, tmp_path / "out")}


def lines_of(figure: Figure, label: str) -> np.ndarray:
    (line,) = (line for line in figure.axes[0].get_lines() if line.get_label() == label)
    return np.asarray(line.get_ydata())


def test_picture_of_the_budget_shows_every_trial_and_the_best_so_far(results: SearchResults) -> None:
    figure = draw_best_so_far(results.done, Objective(), "title", is_independent=True)
    accuracies = np.array([100 * Objective().value(trial) for trial in results.done])
    assert lines_of(figure, "best so far") == pytest.approx(np.maximum.accumulate(accuracies))
    assert lines_of(figure, "best of k trials, expected") == pytest.approx(best_of_k(accuracies).mean)
    low, high = figure.axes[0].get_ylim()
    assert low > 50, "the one that diverged does not flatten the others"
    assert high > accuracies.max()


def test_slices_have_a_panel_for_each_hyperparameter_that_varies(results: SearchResults) -> None:
    figure = draw_slices(results.done, Objective(), "title", frozenset({"learning_rate"}))
    panels = {axis.get_title(): axis for axis in figure.axes if axis.get_visible()}
    assert set(panels) == {"learning_rate", "dropout_rate"}
    assert panels["learning_rate"].get_xscale() == "log"
    assert panels["dropout_rate"].get_xscale() == "linear"


def test_a_slice_within_a_power_of_ten_has_a_scale_that_can_be_read(tmp_path: Path) -> None:
    trials = make_trials(RunStore(tmp_path / "store"), [3e-4, 8e-4, 4e-3], [0.0, 0.1, 0.2])
    rates = draw_slices(trials, Objective(), "title", frozenset({"learning_rate"})).axes[0]
    low, high = rates.get_xlim()
    assert sum(low <= tick <= high for tick in rates.get_xticks()) >= 3


SEARCHED = [
    RunConfig(optimizer=Component.of("sgd", momentum=0.9), epochs=7),
    RunConfig(
        model=Component.of("fcn", hidden_units=(64, 32), batch_norm=True, initializer=Component("he_uniform")),
        optimizer=Component.of("adamw", learning_rate=0.02, weight_decay=0.3),
        schedule=Component.of("cosine", warmup_epochs=2),
        loss=Component.of("cross_entropy", label_smoothing=0.1),
        batch_size=128,
        precision="mixed_bfloat16",
    ),
    RunConfig(model=Component.of("cnn", filters=(8, 16)), epochs=10),
]


def results_of(tmp_path: Path, config: RunConfig) -> SearchResults:
    """A search of one trial."""
    searched = replace(config, seed=1_000_000, evaluate_test="never")
    run = commit(RunStore(tmp_path / "store"), searched, [0.5, 0.9], with_test=False)
    study = make_study(base=RunConfig(epochs=config.epochs, precision=config.precision))
    return SearchResults("fcn-random-s0-12345678", study, (Trial({}, (TrialRun.of(run),), planned=searched),), 60)


@pytest.mark.parametrize("config", SEARCHED)
def test_the_written_file_is_the_comparison_of_the_best_trial_with_the_base(config: RunConfig, tmp_path: Path) -> None:
    results = results_of(tmp_path, config)
    write_outputs(results, tmp_path / "out")
    experiment = load_experiment(str(tmp_path / "out" / "tuned_tests_space.py"))
    assert experiment == results.experiment()
    base, tuned = (experiment.config_of(arm) for arm in experiment.arms)
    assert tuned == config, "with the test set, and on no tuning seed"
    assert base == replace(BASE, precision=config.precision)
    assert experiment.baseline == "base"
    check_name(experiment)


def test_the_written_file_names_its_search(tmp_path: Path) -> None:
    write_outputs(results_of(tmp_path, SEARCHED[0]), tmp_path / "out")
    docstring = ast.get_docstring(ast.parse((tmp_path / "out" / "tuned_tests_space.py").read_text())) or ""
    for words in ("study fcn-random-s0-12345678", "random search of tests:space with seed 0", "reached 90.00 %"):
        assert words in docstring
    assert f"fashion-keras run {tmp_path}/out/tuned_tests_space.py" in docstring


def test_a_best_trial_that_is_the_base_is_compared_with_nothing(tmp_path: Path) -> None:
    results = results_of(tmp_path, BASE)
    assert results.experiment() is None
    assert "tuned_tests_space.py" not in {path.name for path in write_outputs(results, tmp_path / "out")}


@pytest.mark.parametrize("name", TUNED_NAMES)
def test_the_comparisons_of_published_searches_are_such_files(name: str) -> None:
    module = importlib.import_module(f"fashion_keras.experiments.{name}")
    assert experiment_source(module.EXPERIMENT, module.__doc__) == Path(module.__file__).read_text()


@pytest.mark.parametrize(
    ("space", "options", "epochs"), [("fcn_small", {"budget": 40}, 20), ("fcn_regularised", {"budget": 20}, 50)]
)
def test_a_published_search_has_the_name_that_its_module_states(
    space: str, options: dict[str, int], epochs: int, tmp_path: Path
) -> None:
    base = RunConfig(epochs=epochs, precision="mixed_bfloat16")
    made, _ = make_search(Study.of(load_space(space), base, TuneOptions(space, **options)), tmp_path)
    module = importlib.import_module(f"fashion_keras.experiments.tuned_{space}")
    assert f"study {made.name} " in module.__doc__


def test_results_of_a_whole_search_can_be_written(tmp_path: Path) -> None:
    made = search(make_study("hyperband", base=RunConfig(epochs=9), budget=None), tmp_path / "store")
    whole = SearchResults(made.name, made.study, tuple(made.trials), 60)
    write_outputs(whole, tmp_path / "out")
    page = (tmp_path / "out" / "leaderboard.md").read_text()
    # Of nine epochs there are too few trials: with the shorter ones, the number of epochs is a hyperparameter.
    (line,) = [line for line in page.splitlines() if "What mattered most" in line]
    assert all(name in line for name in ("learning_rate", "dropout_rate", "epochs")), line
