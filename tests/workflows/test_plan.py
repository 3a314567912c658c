"""Which runs an invocation needs, in which order, and how long they take."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from stored_runs import commit

from fashion_keras.config.cost import relative_cost
from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import ConfigError
from fashion_keras.execution import Outcome
from fashion_keras.experiments.definition import Arm, Experiment
from fashion_keras.storage.runs import RunStore
from fashion_keras.workflows import plan as planning
from fashion_keras.workflows.plan import estimate_seconds, make_plan, take_shard

BASE = RunConfig(epochs=2)
RATES = Experiment("rates", "Rates", BASE, (Arm("base"), Arm("fast", learning_rate=0.1)))
DROPOUT = Experiment("dropout", "Dropout", BASE, (Arm("none"), Arm("some", dropout_rate=0.3)))
WORK = [(RATES, RATES.arms), (DROPOUT, DROPOUT.arms)]
LOCATION: Any = None  # nothing here reads data


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "store")


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[RunConfig]:
    """Which configurations were timed; each is said to take 100 seconds."""
    timed: list[RunConfig] = []

    def measure(configs: Mapping[Any, RunConfig], *_: object) -> dict[Any, float]:
        timed.extend(configs.values())
        return dict.fromkeys(configs, 100.0)

    monkeypatch.setattr(planning, "_measure_durations", measure)
    return timed


def test_all_arms_of_a_seed_come_before_the_next_seed(store: RunStore) -> None:
    plan = make_plan([(RATES, RATES.arms)], range(2), store)
    settings = [(config.seed, config.optimizer.as_dict().get("learning_rate", 0.02)) for config in plan.configs]
    assert settings == [(0, 0.02), (0, 0.1), (1, 0.02), (1, 0.1)]


def test_base_that_two_experiments_share_is_one_run(store: RunStore) -> None:
    plan = make_plan(WORK, range(2), store)
    assert len(plan.configs) == 6
    assert [config.seed for config in plan.configs] == [0, 0, 0, 1, 1, 1]


def test_only_requested_arms_are_planned(store: RunStore) -> None:
    plan = make_plan([(RATES, RATES.select(["fast"]))], range(3), store)
    assert len(plan.configs) == 3


def test_runs_in_the_store_are_not_pending(store: RunStore) -> None:
    commit(store, BASE)
    commit(store, BASE.with_changes(dropout_rate=0.3, seed=1), [1.0, None])  # diverged: a result, too
    plan = make_plan(WORK, range(2), store)
    assert (len(plan.configs), len(plan.pending)) == (6, 4)
    assert BASE not in plan.pending


def test_nothing_pending_takes_no_time(store: RunStore, measured: list[RunConfig]) -> None:
    commit(store, BASE)
    plan = make_plan([(RATES, RATES.select(["base"]))], [0], store)
    assert estimate_seconds(plan, store, LOCATION, 2) == 0
    assert measured == []


def test_runs_are_estimated_by_like_runs_in_the_store(store: RunStore, measured: list[RunConfig]) -> None:
    for seed, seconds in enumerate([29.0, 19.0, 999.0]):  # and a second of starting each
        commit(store, BASE.with_changes(seed=seed), seconds=seconds)
    plan = make_plan([(RATES, RATES.arms)], range(5), store)
    assert len(plan.pending) == 7
    assert estimate_seconds(plan, store, LOCATION, 2) == pytest.approx(7 * 30.0 / 2), "the median, over two workers"
    assert measured == []


def test_diverged_runs_say_nothing_of_the_time(store: RunStore, measured: list[RunConfig]) -> None:
    commit(store, BASE, [None], seconds=1.0)
    plan = make_plan([(RATES, RATES.arms)], range(2), store)
    assert estimate_seconds(plan, store, LOCATION, 1) == 300
    assert len(measured) == 1


def test_each_kind_of_unknown_run_is_timed_once(store: RunStore, measured: list[RunConfig]) -> None:
    plan = make_plan(WORK, range(10), store)
    assert estimate_seconds(plan, store, LOCATION, 3) == pytest.approx(30 * 100 / 3)
    assert len(measured) == 2, "the rate does not change the time, dropout does"


def test_values_of_rates_do_not_change_the_time(store: RunStore, measured: list[RunConfig]) -> None:
    arms = tuple(Arm(str(rate), dropout_rate=rate) for rate in (0.05, 0.3, 0.5))
    plan = make_plan([(DROPOUT, arms)], [0], store)
    assert estimate_seconds(plan, store, LOCATION, 1) == 300
    assert len(measured) == 1


def test_single_run_is_not_sped_up_by_more_workers(store: RunStore, measured: list[RunConfig]) -> None:
    plan = make_plan([(RATES, RATES.select(["fast"]))], [0], store)
    assert estimate_seconds(plan, store, LOCATION, 8) == 100


def test_run_that_cannot_be_timed_is_an_error_of_its_configuration(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Engine:
        def __init__(self, workers: int):
            pass

        def run(self, _: object, tasks: list[Any]) -> Iterator[tuple[Any, Outcome]]:
            yield tasks[0], Outcome("failed", "too small")

    monkeypatch.setattr(planning, "LocalEngine", Engine)
    with pytest.raises(ConfigError, match=r"^fcn-sgd-\S+ cannot be trained: too small$"):
        estimate_seconds(make_plan(WORK, [0], store), store, LOCATION, 1)


@pytest.mark.parametrize("num_shards", [1, 2, 3, 8, 50])
def test_shards_are_disjoint_and_cover_the_plan(store: RunStore, num_shards: int) -> None:
    plan = make_plan(WORK, range(5), store)
    shards = [take_shard(plan, shard, num_shards).configs for shard in range(num_shards)]
    assert sorted(config.run_id for shard in shards for config in shard) == sorted(c.run_id for c in plan.configs)
    assert max(map(len, shards)) - min(map(len, shards)) <= 1


def test_shards_stay_the_same_while_others_finish_their_runs(store: RunStore) -> None:
    before = [take_shard(make_plan(WORK, range(4), store), shard, 3) for shard in range(3)]
    for config in before[0].configs:
        commit(store, config)
    after = [take_shard(make_plan(WORK, range(4), store), shard, 3) for shard in range(3)]
    assert [shard.configs for shard in after] == [shard.configs for shard in before]
    assert [len(shard.pending) for shard in after] == [0, 4, 4]


def test_long_runs_are_dealt_out_evenly(store: RunStore) -> None:
    experiment = Experiment("networks", "Networks", BASE, (Arm("fcn"), Arm("cnn", model="cnn")))
    plan = make_plan([(experiment, experiment.arms)], range(4), store)
    shards = [take_shard(plan, shard, 4) for shard in range(4)]
    assert [sum(config.model.name == "cnn" for config in shard.configs) for shard in shards] == [1] * 4
    assert len({sum(map(relative_cost, shard.configs)) for shard in shards}) == 1


def test_shard_keeps_the_order_of_the_plan(store: RunStore) -> None:
    plan = make_plan(WORK, range(5), store)
    shard = take_shard(plan, 1, 2)
    assert list(shard.configs) == [config for config in plan.configs if config in shard.configs]
    assert shard.pending == shard.configs
