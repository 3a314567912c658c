"""What a store has of comparisons: one's own, those with other data or settings, and what is left out."""

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from stored_runs import commit

from fashion_keras import cli
from fashion_keras.data.dataset import FASHION_MNIST_HASH
from fashion_keras.errors import ConfigError, StoreError
from fashion_keras.experiments.definition import BASE, Arm, Experiment
from fashion_keras.experiments.registry import load_experiment
from fashion_keras.storage.comparison import (
    ComparisonRecord,
    add_look,
    make_record,
    read_record,
    record_text,
    save_record,
)
from fashion_keras.storage.files import write_file
from fashion_keras.storage.runs import RunStore
from fashion_keras.storage.stored_comparisons import load_stored
from fashion_keras.workflows.report import report_comparisons

MINE = Experiment("mine", "Mine", BASE, (Arm("plain"), Arm("fast", learning_rate=0.1)))
FASHION = {"name": "fashion_mnist", "content_hash": FASHION_MNIST_HASH, "class_names": ["a"], "is_fashion_mnist": True}
DIGITS = {"name": "digits", "content_hash": "abc", "class_names": ["a"], "is_fashion_mnist": False}


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs" / "store")


def train(
    store: RunStore, experiment: Experiment, modification: str = "", data: Any = FASHION, at: int = 0, **settings: Any
) -> ComparisonRecord:
    """Put a comparison of two seeds into a store, as an invocation with these settings would, written at some time."""
    if data is DIGITS:
        settings["data"] = "abc"
    changed = experiment.with_overrides(**settings)
    record = replace(make_record(changed, data, range(2)), modification=modification)
    path = save_record(store, record).path_in(store)
    write_file(path, record_text(replace(read_record(path), saved_at=f"2026-01-01T00:00:{at:02}")))
    os.utime(path, (1_000 - at, 1_000 - at))  # as of a copied store: the files' times say nothing
    for arm in changed.arms:
        for seed in range(2):
            if store.find(changed.config_of(arm).with_changes(seed=seed)) is None:
                commit(store, changed.config_of(arm).with_changes(seed=seed))
    return record


def folders(store: RunStore, names: Sequence[str] = ()) -> list[str]:
    return [results.record.folder for results in load_stored(store, names)]


def test_everything_is_found_the_project_first(store):
    train(store, MINE)
    train(store, MINE, "digits", DIGITS)
    train(store, load_experiment("learning_rates"), "quick", epochs=3)
    train(store, load_experiment("learning_rates"))
    assert folders(store) == ["learning_rates", "learning_rates__quick", "mine", "mine__digits"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mine", ["mine", "mine__digits"]),
        ("mine__digits", ["mine__digits"]),
        ("learning_rates__quick", ["learning_rates__quick"]),
    ],
)
def test_a_name_is_a_folder_or_everything_of_a_comparison(store, name, expected):
    train(store, MINE)
    train(store, MINE, "digits", DIGITS)
    train(store, load_experiment("learning_rates"), "quick", epochs=3)
    assert folders(store, [name]) == expected


def test_a_file_of_ones_own_names_its_comparison(store, tmp_path):
    train(store, MINE)
    path = tmp_path / "any.py"
    path.write_text(
        "from fashion_keras.experiments import BASE, Arm, Experiment\n"
        "MINE = Experiment('mine', 'Mine', BASE, (Arm('plain'), Arm('other', learning_rate=0.2)))\n"
    )
    assert folders(store, [str(path)]) == ["mine"]


def test_a_modified_comparison_does_not_pass_for_the_plain_one_nor_a_misspelt_name_for_another(store):
    train(store, load_experiment("learning_rates"), "quick", epochs=3)
    train(store, MINE, "digits", DIGITS)
    with pytest.raises(StoreError, match=r"no runs of learning_rates; .*; it has learning_rates__quick"):
        load_stored(store, ["learning_rates"])
    with pytest.raises(ConfigError, match=r"mine__digits.*did you mean 'mine__digits'"):
        load_stored(store, ["mine__digit"])


def test_of_versions_in_one_folder_the_last_run_one_is_shown_and_the_others_are_told(store):
    old = train(store, MINE, at=1)
    new = train(store, replace(MINE, arms=(Arm("plain"), Arm("fast", learning_rate=0.2))), at=2)
    said: list[str] = []
    (results,) = load_stored(store, [], said.append)
    assert results.record.identity == new.identity
    assert said == [f"Left out: 1 earlier version of mine (`fashion-keras report mine__{old.identity}`)"]
    (results,) = load_stored(store, [f"mine__{old.identity}"])
    assert results.record.identity == old.identity


def test_seeds_that_were_planned_later_and_not_done_take_nothing_from_what_was_finished(store):
    for arm, seed in product(MINE.arms, range(5)):
        commit(store, MINE.config_of(arm).with_changes(seed=seed))
    add_look(store, save_record(store, make_record(MINE, FASHION, range(5))), 5)
    save_record(store, make_record(MINE, FASHION, range(40)))
    (results,) = load_stored(store, ["mine"])
    assert (results.seeds, [len(arm.runs) for arm in results.arms]) == ((0, 1, 2, 3, 4), [5, 5])
    commit(store, MINE.config_of(MINE.arms[0]).with_changes(seed=5))
    assert load_stored(store, ["mine"])[0].seeds == (0, 1, 2, 3, 4)


def test_names_that_mean_the_same_comparison_report_it_once(store):
    train(store, MINE)
    assert folders(store, ["mine", "mine"]) == ["mine"]
    assert folders(store, ["mine", f"mine__{make_record(MINE, FASHION, ()).identity}"]) == ["mine"]


def test_a_version_without_runs_does_not_hide_the_one_before(store):
    old = train(store, MINE, at=1)
    begun = replace(MINE, base=BASE.with_changes(batch_size=64))
    save_record(store, make_record(begun, FASHION, range(2)))
    (results,) = load_stored(store)
    assert results.record.identity == old.identity


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"protocol": 999}', '{"protocol": 1, "arms": []}', "\x00"])
def test_a_record_that_cannot_be_read_is_left_out_and_told(store, text):
    train(store, MINE)
    (store.root / "comparisons" / "torn.json").write_text(text)
    said: list[str] = []
    assert [results.record.name for results in load_stored(store, [], said.append)] == ["mine"]
    assert len(said) == 1
    assert said[0].startswith("Left out: ")
    assert "torn.json" in said[0]


def test_a_comparison_of_the_project_as_it_was_before_a_change_gets_a_name_of_its_own(store):
    earlier = train(store, load_experiment("learning_rates"), epochs=3)
    assert folders(store) == [f"learning_rates__{earlier.identity}"]


def test_the_published_values_are_beside_plain_comparisons_alone(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    train(store, load_experiment("learning_rates"), "quick", epochs=3)
    report_comparisons([], tmp_path / "runs", None, Console(quiet=True), pictures=())
    folder = tmp_path / "runs" / "learning_rates__quick"
    assert sorted(path.name for path in folder.iterdir()) == ["differences.csv", "runs.csv", "table.csv", "table.md"]
    assert "published" not in (folder / "table.md").read_text()
    assert not (tmp_path / "runs" / "claims.md").exists(), "no comparison of the report was run as it stands"
    train(store, load_experiment("learning_rates"))
    report_comparisons([], tmp_path / "runs", None, Console(quiet=True), pictures=())
    assert "published" in (tmp_path / "runs" / "learning_rates" / "table.md").read_text()
    assert (tmp_path / "runs" / "claims.md").exists()


def test_the_page_shows_ones_own_comparison_with_its_modification(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    title = "<script>alert('mine')</script>"
    monkeypatch.setattr("fashion_keras.workflows.report._find_data", lambda *_: ())  # the runs answered three images
    train(store, replace(MINE, title=title), "epochs=3", epochs=3)
    assert cli.main(["report", "--html"]) == 0
    page = (tmp_path / "runs" / "report.html").read_text()
    assert "&lt;script&gt;alert(&#39;mine&#39;)&lt;/script&gt; (epochs=3)" in page
    assert title not in page
