"""What was compared, as the store keeps it, and the results that tables are made of."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from stored_runs import commit

from fashion_keras.config.identity import PROTOCOL_VERSION
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import Dataset
from fashion_keras.errors import StoreError
from fashion_keras.experiments.definition import Arm, Experiment
from fashion_keras.results.metrics import TEST_ACCURACY, Metric
from fashion_keras.statistics import Design
from fashion_keras.storage.comparison import (
    _join,
    add_look,
    describe_data,
    load_results,
    load_settled,
    make_record,
    read_record,
    record_text,
    save_record,
)
from fashion_keras.storage.reading import seal
from fashion_keras.storage.runs import RunStore
from fashion_keras.storage.tunings import TuningRecord

EXPERIMENT = Experiment(
    name="rates",
    title="Two rates",
    base=RunConfig(epochs=3, data="abc"),
    arms=(Arm("slow", published="base"), Arm("fast", learning_rate=0.1, text_only=True)),
)
DATA = {"name": "own", "content_hash": "abc", "class_names": ["a", "b"], "is_fashion_mnist": False}


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "store")


def config_of(arm: int, seed: int) -> RunConfig:
    return EXPERIMENT.config_of(EXPERIMENT.arms[arm]).with_changes(seed=seed)


def test_record_names_the_folder_of_every_run() -> None:
    record = make_record(EXPERIMENT, DATA, [0, 1])
    assert [arm.folders for arm in record.arms] == [
        {seed: config_of(arm, seed).folder for seed in (0, 1)} for arm in (0, 1)
    ]
    assert [(arm.name, arm.published, arm.text_only) for arm in record.arms] == [
        ("slow", "base", False),
        ("fast", None, True),
    ]


def test_record_is_read_as_it_was_written(store: RunStore) -> None:
    record = add_look(store, save_record(store, make_record(EXPERIMENT, DATA, [0, 1])), 2)
    assert read_record(record.path_in(store)) == record


def test_seeds_of_earlier_invocations_stay_in_the_record_and_the_title_can_be_corrected(store: RunStore) -> None:
    save_record(store, make_record(EXPERIMENT, DATA, [0, 1]))
    joined = save_record(store, make_record(replace(EXPERIMENT, title="Another title"), DATA, [1, 2]))
    assert (joined.title, sorted(joined.arms[0].folders)) == ("Another title", [0, 1, 2])
    assert read_record(joined.path_in(store)) == joined


def test_runs_of_another_version_of_keras_take_the_place_of_those_of_before(store: RunStore) -> None:
    record = save_record(store, make_record(EXPERIMENT, DATA, [0, 1]))
    later = replace(record, arms=tuple(replace(arm, folders={0: f"{arm.name}__s0__new"}) for arm in record.arms))
    assert save_record(store, later).arms[1].folders == {0: "fast__s0__new", 1: config_of(1, 1).folder}


def test_look_is_noted_once_for_a_number_of_seeds(store: RunStore) -> None:
    first = save_record(store, make_record(EXPERIMENT, DATA, [0, 1]))
    add_look(store, first, 2)
    add_look(store, first, 2)  # by another invocation that began before the first look
    add_look(store, save_record(store, make_record(EXPERIMENT, DATA, range(4))), 4)
    record = save_record(store, make_record(EXPERIMENT, DATA, [0]))
    assert [look["seeds"] for look in record.looks] == [2, 4]


def test_identity_is_the_definition_and_not_the_seeds() -> None:
    identity = make_record(EXPERIMENT, DATA, [0]).identity
    assert make_record(EXPERIMENT, DATA, range(10)).identity == identity
    faster = replace(EXPERIMENT, arms=(EXPERIMENT.arms[0], Arm("fast", learning_rate=0.2)))
    others = [
        make_record(faster, DATA, [0]),
        make_record(EXPERIMENT.with_overrides(epochs=4), DATA, [0]),
        make_record(replace(EXPERIMENT, baseline="fast"), DATA, [0]),
        make_record(EXPERIMENT, {**DATA, "content_hash": "def"}, [0]),
        make_record(replace(EXPERIMENT, metric="val_loss", margin=0.1), DATA, [0]),
    ]
    assert len({identity, *(other.identity for other in others)}) == 6


def test_a_score_of_its_own_makes_another_comparison_and_none_changes_nothing(store: RunStore) -> None:
    plain, scored = (make_record(replace(EXPERIMENT, score_share=share), DATA, [0]) for share in (0.0, 0.5))
    assert scored.identity != plain.identity
    assert (scored.folder, scored.is_plain) == ("rates__last-0.5-of-epochs", False)
    assert "score" not in record_text(plain)
    assert read_record(save_record(store, plain).path_in(store)).score_share == 0.0
    assert read_record(save_record(store, scored).path_in(store)).score_share == 0.5
    assert [arm.folders for arm in scored.arms] == [arm.folders for arm in plain.arms], "the runs are shared"


def test_a_score_is_the_mean_of_the_last_epochs_of_which_a_diverged_run_has_its_end(store: RunStore) -> None:
    commit(store, config_of(0, 0), [0.2, 0.6, 0.8])
    commit(store, config_of(0, 1), [0.6, None])
    record = make_record(replace(EXPERIMENT, score_share=0.6), DATA, [0, 1])
    arm = load_results(store, record, [0, 1]).arms[0]
    assert arm.values(TEST_ACCURACY, [0, 1]) == pytest.approx([0.7, 0.0])
    assert arm.finals("test_accuracy") == pytest.approx([0.7, 0.0])
    assert arm.finals("val_accuracy")[0] == 0.8


def test_record_of_another_protocol_is_refused(store: RunStore) -> None:
    path = save_record(store, make_record(EXPERIMENT, DATA, [0])).path_in(store)
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "protocol": PROTOCOL_VERSION + 1}))
    with pytest.raises(StoreError, match=f"protocol version {PROTOCOL_VERSION + 1}, this program {PROTOCOL_VERSION}"):
        read_record(path)


def test_file_in_the_way_of_the_records_is_one_line(store: RunStore) -> None:
    store.root.write_text("here first")
    with pytest.raises(StoreError, match=r"^cannot write .*; a file is in the way; choose another folder with --out$"):
        save_record(store, make_record(EXPERIMENT, DATA, [0]))


def test_results_have_the_runs_that_are_there_of_the_requested_arms_and_seeds_alone(store: RunStore) -> None:
    for arm, seed in [(0, 0), (0, 1), (1, 1)]:
        commit(store, config_of(arm, seed))
    record = make_record(EXPERIMENT, DATA, range(3))
    results = load_results(store, record, [2, 1, 0])
    assert results.seeds == (0, 1, 2)
    assert [list(arm.runs) for arm in results.arms] == [[0, 1], [1]]
    results = load_results(store, record, [1]).select(["fast"])
    assert [(arm.name, list(arm.runs)) for arm in results.arms] == [("fast", [1])]
    assert [list(arm.runs) for arm in load_results(store, record, [1, 7]).arms] == [[1], [1]], "no seed 7 was planned"


def test_values_end_before_the_first_seed_that_has_none_so_that_pairs_stay_pairs(store: RunStore) -> None:
    for seed in (0, 2):
        commit(store, config_of(0, seed), [1.0, 0.1])
    commit(store, config_of(1, 1), [1.0, 0.2])
    slow, fast = load_results(store, make_record(EXPERIMENT, DATA, range(3)), range(3)).arms
    assert slow.values(Metric("val_loss"), range(3)).tolist() == [0.1]
    assert fast.values(Metric("val_loss"), range(3)).tolist() == []


def test_a_run_that_diverged_keeps_its_place_and_stops_no_look(store: RunStore) -> None:
    arms = (*EXPERIMENT.arms, Arm("lost", learning_rate=0.2))
    experiment = replace(EXPERIMENT, arms=arms, metric="val_loss", margin=0.01)
    for seed in range(5):
        for arm, loss in zip(arms, (0.6 + 0.001 * seed, 0.3, None), strict=True):
            commit(store, experiment.config_of(arm).with_changes(seed=seed), [1.0, loss])
    record = make_record(experiment, DATA, range(10), Design())
    results = load_results(store, record, range(10))
    assert [row.tolist() for row in results.values.values()][2] == [math.inf] * 5
    assert [item.verdict for item in results.comparisons] == ["better", "undecided"]
    assert results.needed == (("slow", "lost"), 6)


def test_of_an_arm_that_was_decided_the_runs_of_its_look_are_shown_whichever_is_better(store: RunStore) -> None:
    arms = (*EXPERIMENT.arms, Arm("open", learning_rate=0.2))
    experiment = replace(EXPERIMENT, arms=arms, metric="val_loss", margin=0.01)
    for seed in range(10):
        for arm, loss in zip(arms, (0.6, 0.3 + 0.001 * seed, 0.6 + 0.2 * (-1) ** seed), strict=True):
            commit(store, experiment.config_of(arm).with_changes(seed=seed), [1.0, loss])
    settled = load_settled(store, make_record(experiment, DATA, range(10), replace(Design(), futility=0.0)))
    assert [len(arm.runs) for arm in settled.arms] == [10, 5, 10]
    assert [item.verdict for item in settled.comparisons] == ["better", "undecided"]


def test_what_was_tuned_with_more_trials_stays() -> None:
    plain = make_record(EXPERIMENT, DATA, [0])
    more, fewer = (
        replace(plain, tuning=TuningRecord("rate", "log", ((0.1, 1.0),), (count,), (1_000,), {}, ()), untuned={})
        for count in (8, 4)
    )
    assert _join(more, fewer).tuning == _join(fewer, more).tuning == more.tuning


def test_histories_end_in_nan_after_a_run_diverged(store: RunStore) -> None:
    commit(store, config_of(0, 0), [3.0, 2.0, 1.0])
    commit(store, config_of(0, 1), [4.0, None])
    arm = load_results(store, make_record(EXPERIMENT, DATA, range(2)), range(2)).arms[0]
    np.testing.assert_array_equal(arm.histories("val_loss"), [[3.0, 2.0, 1.0], [4.0, math.nan, math.nan]])
    np.testing.assert_array_equal(arm.finals("val_loss"), [1.0, math.nan])
    arm = load_results(store, make_record(EXPERIMENT, DATA, [0]), [0]).arms[1]  # without runs
    assert (arm.finals("test_accuracy").shape, arm.histories("test_accuracy").shape) == ((0,), (0, 0))


def test_data_is_described_by_what_tables_need(sample_dataset: Dataset) -> None:
    description = describe_data(sample_dataset)
    assert description["content_hash"] == sample_dataset.content_hash
    assert description["class_names"][1] == "Trouser"
    assert description["is_fashion_mnist"] is False
    assert json.loads(json.dumps(description)) == description
    assert "notes" not in description, "records without them stay as they were"
    assert describe_data(replace(sample_dataset, notes=("two copies",)))["notes"] == ["two copies"]


def test_a_record_keeps_the_factors_of_a_grid_and_other_records_have_none(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    grid = Experiment.grid("g", "A grid", batch_norm=[False, True], initializer=["he_uniform", "xavier_normal"])
    record = save_record(store, make_record(grid, DATA, seeds=(0,)))
    path = record.path_in(store)
    assert read_record(path).factors == grid.factors
    content = json.loads(path.read_text())
    path.write_text(seal({**content, "factors": {"batch_norm": ["a", "b", "c"]}}))
    with pytest.raises(StoreError, match="factors"):
        read_record(path)
