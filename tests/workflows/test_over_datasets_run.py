"""Comparisons on several data sets in one command. Nothing is trained: what came out of each is made up."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from stored_runs import commit

from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import ConfigError
from fashion_keras.experiments.definition import Arm, Experiment
from fashion_keras.reporting import Report
from fashion_keras.reporting.over_datasets import find_over_all
from fashion_keras.statistics import Design, compare_arms
from fashion_keras.storage.comparison import load_settled, make_record, save_record
from fashion_keras.storage.runs import RunStore
from fashion_keras.workflows import over_datasets
from fashion_keras.workflows.job import RunOptions
from fashion_keras.workflows.judge import ComparisonOutcome
from fashion_keras.workflows.run import RunOutcome
from fashion_keras.workflows.session import Session

GAINS = {"digits": 0.02, "letters": 0.022, "signs": 0.018}


def experiment(data: str) -> Experiment:
    arms = (Arm("slow"), Arm("fast", learning_rate=0.1), Arm("bad", learning_rate=1.0))
    return Experiment("rates", "Three rates", RunConfig(epochs=1, data=data), arms)


def outcome_of(data: str, gain: float, store: RunStore, seeds: int = 5) -> RunOutcome:
    """Return what comes out where one arm gains so much, and another loses as much."""
    found = experiment(data)
    described = {"name": data, "content_hash": data, "class_names": ["a"], "is_fashion_mnist": False}
    record = save_record(store, make_record(found, described, range(5), Design.fixed(5)))
    for place, (arm, shift) in enumerate(zip(found.arms, (0.0, gain, -gain), strict=True)):
        for seed in range(seeds):
            accuracy = 0.5 + shift + 0.001 * ((place + 1) * seed % 3)
            commit(store, found.config_of(arm).with_changes(seed=seed), [accuracy])
    results = load_settled(store, record)
    return RunOutcome((ComparisonOutcome(Report(results), store.root),), ())


def finish(outcomes: dict[str, RunOutcome], out: Path, **options: bool) -> None:
    over_datasets._finish(outcomes, RunOptions(**options), Session(out=out, console=Console(width=100)))


def test_one_verdict_over_all_says_on_how_many_data_sets_it_rests(tmp_path: Path, capsys) -> None:
    outcomes = {name: outcome_of(name, gain, RunStore(tmp_path / "store")) for name, gain in GAINS.items()}
    finish(outcomes, tmp_path, json=False)
    text = capsys.readouterr().out
    (line,) = [line for line in text.splitlines() if "fast against slow" in line]
    assert line.startswith("Over 3 data sets")
    assert line.endswith(": better")
    folder = tmp_path / "rates__over_3_data_sets"
    rows = {row["arm"]: row for row in csv.DictReader((folder / "table.csv").open())}
    assert float(rows["fast"]["difference_mean"]) == pytest.approx(np.mean(list(GAINS.values())), abs=1e-3)
    assert (folder / "ranks.png").exists()


def test_an_arm_that_was_decided_early_is_ranked_by_the_seeds_that_it_shares_with_the_baseline() -> None:
    harder = np.repeat([0.8, 0.9], 5)
    arms = {"base": harder, "good": harder[:5] + 0.02, "open": harder + np.resize([0.02, -0.02], 10)}
    comparisons = dict.fromkeys("abc", compare_arms(arms, "base", Design.up_to(10)))
    ranks = find_over_all(comparisons).ranks
    assert ranks is not None
    assert ranks.average["good"] == 1.0


def test_without_a_verdict_on_each_data_set_there_is_none_over_all(tmp_path: Path, capsys) -> None:
    store = RunStore(tmp_path / "store")
    outcomes = {name: outcome_of(name, gain, store, 5 if name == "digits" else 3) for name, gain in GAINS.items()}
    finish(outcomes, tmp_path, json=True)
    text = capsys.readouterr().out
    assert "(letters, signs)" in text.splitlines()[0]
    found = json.loads(text[text.index("{") :])
    assert found["over_datasets"] == {}
    assert [each["data"] for each in found["comparisons"]] == [*GAINS]


def test_two_data_sets_of_one_name_are_refused_before_anything_runs(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        images, labels = np.arange(6 * 64, dtype=np.uint16).reshape(6, 8, 8) % 251, np.array([0, 1] * 3)
        arrays = {"x_train": images.astype(np.uint8), "x_test": (images[::-1] + 1).astype(np.uint8)}
        np.savez(tmp_path / folder / "digits.npz", y_train=labels, y_test=labels, **arrays)
    paths = [str(tmp_path / folder / "digits.npz") for folder in ("a", "b")]
    with pytest.raises(ConfigError, match="'digits'"):
        over_datasets._open({"out": tmp_path, "quiet": True}, paths)
