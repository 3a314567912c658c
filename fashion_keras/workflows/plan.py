"""Plan of runs: which are needed, which the store has, in which order, and how long the rest takes."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from fashion_keras.config.cost import cost_key, relative_cost
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import DataLocation
from fashion_keras.errors import ConfigError
from fashion_keras.execution import Engine
from fashion_keras.execution.local import TASKS_PER_WORKER, group_tasks
from fashion_keras.execution.tasks import TimingTask, execute_timing
from fashion_keras.formatting import count_noun, format_duration
from fashion_keras.storage.runs import RunStore
from fashion_keras.workflows.session import Session

__all__ = [
    "Plan", "deal_shard", "describe_estimate", "describe_plan", "estimate_seconds", "join_plans", "make_plan",
    "order_configs", "take_shard",
]  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """The runs of an invocation.

    Attributes:
        configs: Every run, each once though several tables show it, all arms of a seed before the next seed.
        pending: Those that the store does not have.
    """

    configs: tuple[RunConfig, ...]
    pending: tuple[RunConfig, ...]

    @classmethod
    def of(cls, configs: Iterable[RunConfig], store: RunStore) -> "Plan":
        """Return the plan of runs, each once, of which a store has some."""
        once = tuple(dict.fromkeys(configs))
        return cls(once, tuple(config for config in once if store.find(config) is None))

    def keep(self, configs: Collection[RunConfig]) -> "Plan":
        """Return the plan of those runs alone, in the same order."""
        return Plan(*(tuple(config for config in each if config in configs) for each in (self.configs, self.pending)))

    def count_done(self, store: RunStore) -> int:
        """Return how many of the runs that were missing the store has by now."""
        return sum(store.find(config) is not None for config in self.pending)


def make_plan(arms: Iterable[RunConfig], seeds: Sequence[int], store: RunStore) -> Plan:
    """Expand the configurations of `arms` over `seeds` and look up what the `store` has.

    Within a seed the longest runs come first, so that the last to start is a short one and no worker waits long for it.
    """
    return Plan.of(order_configs(arms, seeds), store)


def join_plans(plans: Sequence[Plan]) -> Plan:
    """Return one plan of several, each run once, in the order of `make_plan`."""
    pending = {config for plan in plans for config in plan.pending}
    once = dict.fromkeys(config for plan in plans for config in plan.configs)
    configs = tuple(sorted(once, key=lambda config: (config.seed, -relative_cost(config))))
    return Plan(configs, tuple(config for config in configs if config in pending))


def order_configs(arms: Iterable[RunConfig], seeds: Sequence[int]) -> tuple[RunConfig, ...]:
    """Return the runs of arms over seeds, each once, in the order of `make_plan`."""
    longest_first = sorted(dict.fromkeys(arms), key=relative_cost, reverse=True)
    return tuple(config.with_changes(seed=seed) for seed in seeds for config in longest_first)


def take_shard(plan: Plan, shard: int, num_shards: int) -> Plan:
    """Return the part of a `plan` that invocation `shard` (from 0) of `num_shards` independent ones executes.

    It depends on the plan's runs alone, not on what the store has by now; long runs are dealt out evenly.
    """
    return plan.keep(set(deal_shard(plan.configs, shard, num_shards)))


def deal_shard(configs: Sequence[RunConfig], shard: int, num_shards: int) -> Sequence[RunConfig]:
    """Return the runs of part `shard` of `num_shards`: of `configs` the longest are dealt out first."""
    return sorted(configs, key=relative_cost, reverse=True)[shard::num_shards]


def describe_plan(plan: Plan, engine: Engine, noun: str = "run") -> str:
    """Return a line on what a `plan` has to do with an `engine`; `noun` is what its runs are called."""
    total, pending = len(plan.configs), len(plan.pending)
    where = f" on {count_noun(len(engine.cards), 'card')}" if engine.cards else ""
    todo = f"{total - pending} in the store, {pending} to train"
    return f"{count_noun(total, noun)}: {todo}, {engine.workers} at a time{where}"


def describe_estimate(plan: Plan, session: Session) -> str:
    """Return a line on how long the pending runs take.

    Raises:
        ConfigError: A configuration cannot be trained.
    """
    seconds = estimate_seconds(plan, session.store, session.location, session.engine)
    if seconds is None:
        return "How long a run of a custom trainer takes is known when one like it is done"
    where = "on this machine" if session.execution.engine == "local" else "on the cluster"
    return f"About {format_duration(seconds)} with {count_noun(session.engine.workers, 'worker')} {where}"


def estimate_seconds(plan: Plan, store: RunStore, location: DataLocation, engine: Engine) -> float | None:
    """Return how long the pending runs take: by what like runs in the store took, or by training a little.

    Of a custom trainer, which cannot be asked for a little, only the store knows: else None.

    Args:
        plan: The runs.
        store: The finished runs.
        location: The data.
        engine: Where the runs are to be trained, and what is not known is tried.

    Raises:
        ConfigError: A configuration cannot be trained.
    """
    known = _stored_durations(store) if plan.pending else {}
    unknown = {cost_key(config): config for config in plan.pending if cost_key(config) not in known}
    if any(config.trainer is not None for config in unknown.values()):
        return None
    known |= _measure_durations(unknown, location, engine)
    total = 0.0
    for (threads, _), configs in group_tasks(plan.pending).items():
        workers = min(max(1, engine.workers // threads), len(configs))
        each = sum(known[cost_key(config)][0] for config in configs)
        once = sum(number * known[cost_key(config)][1] for config, number in _count_traced(configs, workers).items())
        total += (each + once) / workers
    return total


def _count_traced(configs: Sequence[RunConfig], workers: int) -> dict[RunConfig, int]:
    """Return how often runs that share a model but for seed and initialiser have it traced: once in each process."""
    drawn = {"seed": 0, "initializer": "pytorch_default"}
    shared = Counter(
        config.with_changes(**{name: drawn[name] for name in config.setting_names & drawn.keys()}) for config in configs
    )
    processes = max(workers, -(-len(configs) // TASKS_PER_WORKER))
    return {config: min(number, processes) for config, number in shared.items()}


def _stored_durations(store: RunStore) -> dict[Any, tuple[float, float]]:
    durations: dict[Any, list[float]] = {}
    for run in store.all_runs():
        if run.status == "finished":
            durations.setdefault(cost_key(run.config), []).append(run.seconds["startup"] + run.seconds["total"])
    return {key: (median(values), 0.0) for key, values in durations.items()}


def _measure_durations(
    configs: Mapping[Any, RunConfig], location: DataLocation, engine: Engine
) -> dict[Any, tuple[float, float]]:
    """Train a little of each configuration, as many at a time as the real runs: they share the machine's memory."""
    tasks = [TimingTask(config, location) for config in configs.values() for _ in range(min(engine.workers, 2))]
    measured: dict[Any, list[tuple[float, float]]] = {}
    for task, outcome in engine.run(execute_timing, tasks):
        if outcome.value is None:
            raise ConfigError(f"{task.config.label} cannot be trained: {outcome.message}")
        measured.setdefault(cost_key(task.config), []).append(outcome.value)
    return {
        key: (median(each for each, _ in values), median(once for _, once in values))
        for key, values in measured.items()
    }
