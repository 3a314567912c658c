"""Which runs an invocation needs, in which order, and how long they take."""

from pathlib import Path
from typing import Any

import pytest
from made_engine import Engine
from stored_runs import commit

from fashion_keras.config.cost import relative_cost
from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import ConfigError
from fashion_keras.execution import Outcome
from fashion_keras.experiments.definition import Arm, Experiment
from fashion_keras.storage.runs import RunStore
from fashion_keras.workflows.plan import estimate_seconds, make_plan, take_shard

BASE = RunConfig(epochs=2)
RATES = Experiment("rates", "Rates", BASE, (Arm("base"), Arm("fast", learning_rate=0.1)))
DROPOUT = Experiment("dropout", "Dropout", BASE, (Arm("none"), Arm("some", dropout_rate=0.3)))


def arms_of(*experiments: Experiment) -> list[RunConfig]:
    return [each.config_of(arm) for each in experiments for arm in each.arms]


WORK = arms_of(RATES, DROPOUT)
FAST = arms_of(RATES)[1:]
LOCATION: Any = None  # nothing here reads data


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "store")


def test_all_arms_of_a_seed_come_before_the_next_seed(store: RunStore) -> None:
    plan = make_plan(arms_of(RATES), range(2), store)
    settings = [(config.seed, config.optimizer.as_dict().get("learning_rate", 0.02)) for config in plan.configs]
    assert settings == [(0, 0.02), (0, 0.1), (1, 0.02), (1, 0.1)]


def test_base_that_two_experiments_share_is_one_run(store: RunStore) -> None:
    plan = make_plan(WORK, range(2), store)
    assert len(plan.configs) == 6
    assert [config.seed for config in plan.configs] == [0, 0, 0, 1, 1, 1]


def test_runs_in_the_store_are_not_pending(store: RunStore) -> None:
    commit(store, BASE)
    commit(store, BASE.with_changes(dropout_rate=0.3, seed=1), [1.0, None])  # diverged: a result, too
    plan = make_plan(WORK, range(2), store)
    assert (len(plan.configs), len(plan.pending)) == (6, 4)
    assert BASE not in plan.pending


def test_longest_runs_of_a_seed_start_first(store: RunStore) -> None:
    arms = (Arm("short"), Arm("long", epochs=8), Arm("convolutions", model="cnn"), Arm("middle", epochs=4))
    plan = make_plan(arms_of(Experiment("lengths", "Lengths", BASE, arms)), range(2), store)
    seen = [(config.seed, config.model.name, config.epochs) for config in plan.pending]
    order = [("cnn", 2), ("fcn", 8), ("fcn", 4), ("fcn", 2)]
    assert seen == [(seed, *kind) for seed in range(2) for kind in order]


def test_nothing_pending_takes_no_time(store: RunStore) -> None:
    commit(store, BASE)
    engine = Engine(2, value=(100.0, 0.0))
    assert estimate_seconds(make_plan([BASE], [0], store), store, LOCATION, engine) == 0
    assert engine.tasks == []


def test_runs_are_estimated_by_like_runs_in_the_store(store: RunStore) -> None:
    for seed, seconds in enumerate([29.0, 19.0, 999.0]):  # and a second of starting each
        commit(store, BASE.with_changes(seed=seed), seconds=seconds)
    plan, engine = make_plan(arms_of(RATES), range(5), store), Engine(2, value=(100.0, 0.0))
    assert len(plan.pending) == 7
    assert estimate_seconds(plan, store, LOCATION, engine) == pytest.approx(7 * 30.0 / 2), "the median, of two workers"
    assert engine.tasks == []


def test_diverged_runs_say_nothing_of_the_time(store: RunStore) -> None:
    commit(store, BASE, [None], seconds=1.0)
    plan = make_plan(arms_of(RATES), range(2), store)
    assert estimate_seconds(plan, store, LOCATION, Engine(1, value=(100.0, 0.0))) == 300


RATES_ALONE = Experiment("d", "D", BASE, tuple(Arm(str(rate), dropout_rate=rate) for rate in (0.05, 0.3, 0.5)))
THREADS = Experiment("t", "T", BASE, (Arm("one"), Arm("two", threads=2)))


@pytest.mark.parametrize(
    ("work", "num_seeds", "workers", "kinds", "seconds"),
    [
        (WORK, 10, 3, 2, 30 * 100 / 3),  # the rate does not change the time, whether there is dropout does
        (arms_of(RATES_ALONE), 1, 1, 1, 300),  # nor do the values of other rates
        (FAST, 1, 8, 1, 100),  # a single run is not sped up by more workers
        (arms_of(THREADS), 2, 2, 2, 100 + 200),  # half as many at a time where each takes two threads
    ],
)
def test_each_kind_of_unknown_run_is_timed_once(
    store: RunStore, work: Any, num_seeds: int, workers: int, kinds: int, seconds: float
) -> None:
    engine = Engine(workers, value=(100.0, 0.0))
    plan = make_plan(work, range(num_seeds), store)
    assert estimate_seconds(plan, store, LOCATION, engine) == pytest.approx(seconds)
    assert len({task.config.run_id for task in engine.tasks}) == kinds


@pytest.mark.parametrize(("num_seeds", "workers", "traced"), [(4, 1, 2), (4, 2, 4), (1, 8, 2), (5, 1, 4)])
def test_models_that_runs_share_are_traced_once_in_each_process(
    store: RunStore, num_seeds: int, workers: int, traced: int
) -> None:
    # Seeds and initialisers share a model, rates do not. A process ends after twelve runs.
    arms = [BASE, BASE.with_changes(initializer="he_uniform"), *FAST]
    plan = make_plan(arms[:2] if num_seeds == 1 else arms, range(num_seeds), store)
    seconds = estimate_seconds(plan, store, LOCATION, Engine(workers, value=(0.0, 10.0)))
    assert seconds == pytest.approx(10 * traced / min(workers, len(plan.pending)))


def test_runs_of_a_network_of_ones_own_are_estimated(
    store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_net.py").write_text("def build(image_shape, num_classes): pass")
    monkeypatch.syspath_prepend(tmp_path)
    own = Experiment("o", "O", BASE.with_changes(model="own_net:build"), RATES.arms)
    plan = make_plan(arms_of(own), range(2), store)
    assert estimate_seconds(plan, store, LOCATION, Engine(1, value=(10.0, 0.0))) == pytest.approx(40)


def test_run_that_cannot_be_timed_is_an_error_of_its_configuration(store: RunStore) -> None:
    engine = Engine()
    engine.respond = lambda _: Outcome("failed", "too small")
    with pytest.raises(ConfigError, match=r"^fcn-sgd-\S+ cannot be trained: too small$"):
        estimate_seconds(make_plan(WORK, [0], store), store, LOCATION, engine)


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
    plan = make_plan(arms_of(experiment), range(4), store)
    shards = [take_shard(plan, shard, 4) for shard in range(4)]
    assert [sum(config.model.name == "cnn" for config in shard.configs) for shard in shards] == [1] * 4
    assert len({sum(map(relative_cost, shard.configs)) for shard in shards}) == 1


def test_shard_keeps_the_order_of_the_plan(store: RunStore) -> None:
    plan = make_plan(WORK, range(5), store)
    shard = take_shard(plan, 1, 2)
    assert list(shard.configs) == [config for config in plan.configs if config in shard.configs]
    assert shard.pending == shard.configs
