"""The base against itself: how it is split and judged, on runs that are made up. Nothing is trained."""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from stored_runs import commit

from benchmarks import false_verdicts
from benchmarks.false_verdicts import BASE, NUM_PAIRS, NUM_RUNS, draw_splits, jackknife_error, judge, measure
from fashion_keras.errors import StoreError
from fashion_keras.execution import Outcome
from fashion_keras.storage.runs import RunStore

NUM_SPLITS = 200


@pytest.fixture
def accuracies():
    return 0.86 + 0.003 * np.random.default_rng(1).standard_normal(NUM_RUNS)


@pytest.fixture
def splits():
    return draw_splits(NUM_SPLITS, np.random.default_rng(2))


@pytest.fixture
def console():
    return Console(quiet=True)


@pytest.fixture
def store(tmp_path, accuracies):
    store = RunStore(tmp_path / "runs" / "store")
    for seed, accuracy in enumerate(accuracies):
        commit(store, BASE.with_changes(seed=seed), (1.0, float(accuracy)))
    return store


@pytest.fixture
def few_splits(monkeypatch):
    monkeypatch.setattr(false_verdicts, "NUM_SPLITS", NUM_SPLITS)
    monkeypatch.setattr(false_verdicts, "NUM_EXPERIMENTS", 2)
    monkeypatch.setattr(false_verdicts, "SPLITS_PER_EXPERIMENT", 100)


def options(tmp_path, **settings):
    given = {"out": tmp_path / "runs", "data_dir": None, "offline": True, "workers": 1, "from_results": False}
    return argparse.Namespace(**{**given, **settings})


def test_no_run_is_twice_in_a_split_and_every_run_is_as_often_in_either_arm(splits):
    assert splits.shape == (NUM_SPLITS, 2, NUM_PAIRS)
    assert all(len(set(split.ravel())) == 2 * NUM_PAIRS for split in splits)
    counts = np.array([np.bincount(splits[:, arm].ravel(), minlength=NUM_RUNS) for arm in (0, 1)])
    assert np.abs(counts - NUM_SPLITS / 4).max() < 5 * np.sqrt(NUM_SPLITS * 0.25 * 0.75)


def test_runs_of_one_setting_are_seldom_told_apart(accuracies, splits):
    found = judge(accuracies, splits)
    false = sum(comparison.verdict in false_verdicts.FALSE for comparison in found)
    assert 0 < false < 0.12 * NUM_SPLITS


def test_a_difference_that_is_there_is_told_with_its_sign():
    runs = 0.86 + 0.001 * np.random.default_rng(3).standard_normal(NUM_RUNS) + 0.01 * (np.arange(NUM_RUNS) >= 20)
    split = np.arange(20).reshape(1, 2, 10) + np.array([0, 10])[:, None]  # seeds 0 to 9 against 20 to 29
    (up,) = judge(runs, split)
    (down,) = judge(runs, split[:, ::-1])
    assert (up.verdict, down.verdict) == ("better", "worse")
    assert (up.num_seeds, up.undecided_because) == (NUM_PAIRS, None)


def test_the_jackknife_sees_a_single_run_that_decides_everything():
    splits = draw_splits(20_000, np.random.default_rng(4))
    with_run_7 = (splits == 7).any(axis=(1, 2))
    # The share without run 7 is 0, and 20 / 39 without any other.
    expected = np.sqrt(39 / 40 * sum((share - 0.5) ** 2 for share in [0.0] + [20 / 39] * 39))
    error, drawing = jackknife_error(with_run_7, splits)
    assert error == pytest.approx(expected, rel=0.05)
    assert drawing < 0.05


def test_the_jackknife_knows_what_the_drawing_of_splits_makes():
    rng = np.random.default_rng(5)
    splits = draw_splits(1_000, rng)
    errors, drawings = np.array([jackknife_error(rng.random(1_000) < 0.05, splits) for _ in range(40)]).T
    assert np.mean(errors) == pytest.approx(np.mean(drawings), rel=0.15)


def test_what_the_store_has_is_not_trained_and_no_comparison_is_touched(
    tmp_path, store, console, few_splits, monkeypatch, accuracies
):
    monkeypatch.setattr(false_verdicts, "train_runs", lambda *_: pytest.fail("it trains"))
    assert measure(options(tmp_path), tmp_path / "results" / "page.md", console) == 0
    kept = json.loads((tmp_path / "results" / "page.json").read_text())
    assert [run["test_accuracy"] for run in kept["runs"]] == pytest.approx(accuracies, abs=0.0005)
    assert not (store.root / "comparisons").exists()


def test_only_what_the_store_lacks_is_trained(tmp_path, store, console, few_splits, monkeypatch):
    missing = BASE.with_changes(seed=3)
    shutil.rmtree(store.root / "runs" / missing.folder)
    asked = []

    def train(configs, to, *_):
        asked.extend(configs)
        commit(to, missing, (1.0, 0.86))
        return {}

    monkeypatch.setattr(false_verdicts, "train_runs", train)
    monkeypatch.setattr(false_verdicts, "locate", lambda *_: None)
    assert measure(options(tmp_path), tmp_path / "page.md", console) == 0
    assert asked == [missing]


def test_a_run_that_fails_is_one_line_and_nothing_is_written(tmp_path, console, monkeypatch):
    monkeypatch.setattr(false_verdicts, "train_runs", lambda *_: {BASE: Outcome("failed", "no memory")})
    monkeypatch.setattr(false_verdicts, "locate", lambda *_: None)
    with pytest.raises(StoreError, match=rf"^1 run failed, such as {BASE.folder}: no memory"):
        measure(options(tmp_path), tmp_path / "results" / "page.md", console)
    assert not list(tmp_path.glob("results/*.*"))


def test_the_page_comes_again_from_the_kept_accuracies(tmp_path, store, console, few_splits):
    path = tmp_path / "results" / "page.md"
    measure(options(tmp_path), path, console)
    text = path.read_text()
    path.unlink()
    measure(options(tmp_path / "nowhere", from_results=True), path, console)
    assert path.read_text() == text
    assert '**A false "better" or "worse": ' in text
    assert "200 times (seed 20261125), 20 of the 40 runs" in text


def test_without_kept_accuracies_one_line_says_how_to_make_them(tmp_path, console):
    with pytest.raises(StoreError, match="without --from-results they are made"):
        measure(options(tmp_path, from_results=True), tmp_path / "page.md", console)


@pytest.mark.slow
def test_the_published_page_is_that_of_its_accuracies():
    results = Path(false_verdicts.OUTPUT).with_suffix(".json")
    if not results.exists():
        pytest.skip("not measured yet")
    assert false_verdicts.OUTPUT.read_text() == false_verdicts.page(json.loads(results.read_text()))
