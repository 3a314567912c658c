"""`fashion-keras status`: what a store has, lacks and failed at."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stored_runs import commit

from fashion_keras import cli
from fashion_keras.config.run_config import RunConfig
from fashion_keras.experiments.definition import Arm, Experiment
from fashion_keras.storage.comparison import describe_data, make_record, save_record
from fashion_keras.storage.runs import RunStore
from fashion_keras.workflows.plan import make_plan, take_shard

EXPERIMENT = Experiment("rates", "Two rates", RunConfig(), (Arm("slow"), Arm("fast", learning_rate=0.1)))


@pytest.fixture
def store(tmp_path: Path, sample_dataset: Any) -> RunStore:
    """Four planned seeds of two arms: both have the first two, one the third, and the last run of the other failed."""
    store = RunStore(tmp_path / "runs" / "store")
    data = {**describe_data(sample_dataset), "is_fashion_mnist": True}
    save_record(store, make_record(EXPERIMENT, data, range(4)))
    for name, seeds in (("slow", 3), ("fast", 2)):
        for seed in range(seeds):
            commit(store, config_of(name, seed))
    store.fail(config_of("fast", 3), "no room")
    return store


def config_of(arm: str, seed: int) -> RunConfig:
    (found,) = EXPERIMENT.select([arm])
    return EXPERIMENT.config_of(found).with_changes(seed=seed)


@pytest.fixture
def status(store: RunStore, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def call(*options: str) -> str:
        assert cli.main(["status", "--out", str(store.root.parent), *options]) == 0
        return capsys.readouterr().out

    return call


def test_it_says_what_is_missing_and_what_failed(status: Callable[..., str]) -> None:
    text = status()
    assert "5 runs in all, trials among them; 1 comparison shown" in text
    assert "2 arms, at most 4 seeds, 2 of every arm; 5 runs" in text
    assert "missing: slow, seed 3\n" in text
    assert "missing: fast, seeds 2 to 3\n" in text
    assert "failed: fast, seed 3; log: " in text
    assert "failed: fast, seed 2" not in text


def test_json_has_the_same_for_programs(status: Callable[..., str]) -> None:
    (found,) = json.loads(status("rates", "--json"))["comparisons"]
    assert found["missing"] == {"slow": [3], "fast": [2, 3]}
    assert list(found["failed"]) == ["fast, seed 3"]
    assert (found["seeds"], found["seeds_complete"], found["runs"]) == (4, 2, 5)


def test_the_open_shards_are_those_whose_command_has_something_to_train(
    store: RunStore, status: Callable[..., str]
) -> None:
    plan = make_plan(map(EXPERIMENT.config_of, EXPERIMENT.arms), range(4), store)
    pending = [shard for shard in range(8) if take_shard(plan, shard, 8).pending]
    (found,) = json.loads(status("--json", "--shards", "8"))["comparisons"]
    assert found["shards"] == pending
    assert len(pending) == 3
    assert ", ".join(f"--shard {shard}/8" for shard in pending) in status("--shards", "8")


@pytest.mark.parametrize(
    ("options", "said"), [(["rate"], "did you mean 'rates'?"), (["--out", "nowhere"], "is no store")]
)
def test_a_wrong_name_is_one_line(
    store: RunStore, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert cli.main(["status", "--out", str(store.root.parent), *options]) == 2
    assert said in capsys.readouterr().err
