"""Which runs an invocation needs, which the store has, and how long the rest takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from fashion_keras.config.cost import cost_key, relative_cost
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import DataLocation
from fashion_keras.errors import ConfigError
from fashion_keras.execution import LocalEngine
from fashion_keras.execution.tasks import TimingTask, execute_timing
from fashion_keras.experiments.definition import Arm, Experiment
from fashion_keras.storage.runs import RunStore

Work = tuple[Experiment, tuple[Arm, ...]]
"""An experiment and the arms of it that were asked for."""


@dataclass(frozen=True)
class Plan:
    """The runs of an invocation.

    Attributes:
        configs: Every run, each once though several tables show it, all arms of a seed before the next seed.
        pending: Those that the store does not have.
    """

    configs: tuple[RunConfig, ...]
    pending: tuple[RunConfig, ...]


def make_plan(work: Sequence[Work], seeds: Sequence[int], store: RunStore) -> Plan:
    """Expand experiments over seeds and look up what the store has.

    Within a seed the longest runs come first, so that the last to start is a short one and no worker waits long for it.
    """
    arms = dict.fromkeys(experiment.config_of(arm) for experiment, arms in work for arm in arms)
    longest_first = sorted(arms, key=relative_cost, reverse=True)
    configs = tuple(config.with_changes(seed=seed) for seed in seeds for config in longest_first)
    return Plan(configs, tuple(config for config in configs if store.find(config) is None))


def take_shard(plan: Plan, shard: int, num_shards: int) -> Plan:
    """Return the part of a plan that one of several independent invocations executes, numbered from 0.

    It depends on the plan's runs alone, not on what the store has by now; long runs are dealt out evenly.
    """
    dealt = sorted(plan.configs, key=relative_cost, reverse=True)[shard::num_shards]
    mine = set(dealt)
    return Plan(
        tuple(config for config in plan.configs if config in mine),
        tuple(config for config in plan.pending if config in mine),
    )


def estimate_seconds(plan: Plan, store: RunStore, location: DataLocation, workers: int) -> float:
    """Return how long the pending runs take here: by what like runs in the store took, or by training a little.

    Raises:
        ConfigError: A configuration cannot be trained.
    """
    if not plan.pending:
        return 0.0
    known = _stored_durations(store)
    unknown = {cost_key(config): config for config in plan.pending if cost_key(config) not in known}
    known |= _measure_durations(unknown, location, workers)
    return sum(known[cost_key(config)] for config in plan.pending) / min(workers, len(plan.pending))


def _stored_durations(store: RunStore) -> dict[Any, float]:
    durations: dict[Any, list[float]] = {}
    for run in store.all_runs():
        if run.status == "finished":
            durations.setdefault(cost_key(run.config), []).append(run.seconds["startup"] + run.seconds["total"])
    return {key: median(values) for key, values in durations.items()}


def _measure_durations(configs: Mapping[Any, RunConfig], location: DataLocation, workers: int) -> dict[Any, float]:
    """Train a little of each configuration, as many at a time as the real runs: they share the machine's memory."""
    tasks = [TimingTask(config, location) for config in configs.values() for _ in range(min(workers, 2))]
    measured: dict[Any, list[float]] = {}
    for task, outcome in LocalEngine(workers).run(execute_timing, tasks):
        if outcome.status == "failed":
            raise ConfigError(f"{task.config.label} cannot be trained: {outcome.message}")
        measured.setdefault(cost_key(task.config), []).append(float(outcome.message))
    return {key: median(values) for key, values in measured.items()}
