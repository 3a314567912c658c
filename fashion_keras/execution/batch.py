"""Training of the runs that a store lacks, on any engine, with progress and failures reported."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console

from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import DataLocation
from fashion_keras.errors import ConfigError
from fashion_keras.execution.local import Engine
from fashion_keras.execution.progress import RunProgress
from fashion_keras.execution.tasks import Outcome, RunTask, TimingTask, execute_run, execute_trial
from fashion_keras.storage.runs import RunStore

__all__ = ["BUSY_WAIT_SEC", "Failures", "label_of", "train_runs", "try_custom_parts"]

BUSY_WAIT_SEC = 2.0

_tried: set[Any] = set()

Failures = dict[RunConfig, Outcome[None]]
"""The runs that failed, each with what became of it."""


def label_of(config: RunConfig, labels: Mapping[RunConfig, str] | None = None) -> str:
    """Return what people call a run, such as `random_normal, seed 3`: by a label of any seed, or by its settings."""
    name = (labels or {}).get(config.with_changes(seed=0), config.label)
    return f"{name}, seed {config.seed}"


def train_runs(
    configs: Sequence[RunConfig],
    store: RunStore,
    location: DataLocation,
    engine: Engine,
    console: Console,
    labels: Mapping[RunConfig, str] | None = None,
    check: Callable[[RunConfig], object] = lambda _: None,
) -> Failures:
    """Train runs into a store, with a progress line; what another process has in work is waited for.

    Args:
        configs: The runs, in the order in which they start. What the store has by now is not trained again.
        store: Where finished runs go.
        location: The data that the configurations name.
        engine: Where they run.
        console: Where the progress is shown.
        labels: What people call the runs, see `label_of`.
        check: Is told of each run that was trained; what it raises ends the others.

    Returns:
        What failed; the store has all others.

    Raises:
        ConfigError: A class of Keras or a custom network does not work as it is configured; nothing was trained.
    """
    custom = [config for config in configs if config.has_custom_parts and store.find(config) is None]
    if custom:
        with console.status("Trying what is not the package's own"):
            try_custom_parts(custom, location, engine)
    failures: Failures = {}
    waiting = configs
    with RunProgress(store, {config: label_of(config, labels) for config in configs}, console) as progress:
        while waiting:
            tasks = [RunTask(config, store.root.absolute(), location) for config in waiting]
            busy = []
            for task, outcome in engine.run(execute_run, tasks):
                if outcome.status == "busy":
                    busy.append(task.config)
                    continue
                progress.end(task.config, outcome)
                if outcome.status == "done":
                    check(task.config)
                if outcome.status == "failed":
                    failures[task.config] = outcome
            _wait_for_others(store, busy)
            waiting = busy
    return failures


def try_custom_parts(configs: Sequence[RunConfig], location: DataLocation, engine: Engine) -> None:
    """Take one step with each new combination of parts, before hours are spent on the other runs.

    Args:
        configs: Of the runs.
        location: Their data.
        engine: Where a step is taken.

    Raises:
        ConfigError: One cannot be built or fails.
    """
    kinds = {_kind_of(config): config for config in configs}
    tasks = [TimingTask(config, location) for kind, config in kinds.items() if kind not in _tried]
    for task, outcome in engine.run(execute_trial, tasks) if tasks else ():
        if outcome.status == "failed":
            raise ConfigError(f"{task.config.label} cannot be trained: {outcome.message}")
    _tried.update(kinds)


def _kind_of(config: RunConfig) -> Any:
    """What a trial is about: the parts with their settings, but for the values of fractions, and the data."""
    parts = config.components.values()
    settings = [
        (part.name, [(key, float if isinstance(value, float) else value) for key, value in part.options])
        for part in parts
    ]
    return str((settings, config.precision, config.data))


def _wait_for_others(store: RunStore, configs: Sequence[RunConfig]) -> None:
    """Wait until one of the runs that other processes have in work is theirs no longer."""
    while configs and not any(_is_free(store, config) for config in configs):
        time.sleep(BUSY_WAIT_SEC)


def _is_free(store: RunStore, config: RunConfig) -> bool:
    with store.lock(config) as mine:
        return mine
