"""Train the runs that a store lacks, on any engine, and say how it went."""

import time
from collections.abc import Sequence

from rich.console import Console

from fashion_keras.config import RunConfig
from fashion_keras.data import DataLocation
from fashion_keras.execution.local import Engine
from fashion_keras.execution.progress import RunProgress
from fashion_keras.execution.tasks import Outcome, RunTask, execute_run
from fashion_keras.store import RunStore

BUSY_WAIT_SEC = 2.0

Failures = list[tuple[str, Outcome]]
"""The labels of the runs that failed, each with what became of it."""


def train_runs(
    configs: Sequence[RunConfig], store: RunStore, location: DataLocation, engine: Engine, console: Console
) -> Failures:
    """Train runs into a store, with a progress line; what another process has in work is waited for.

    Args:
        configs: The runs, in the order in which they start. What the store has by now is not trained again.
        store: Where finished runs go.
        location: The data that the configurations name.
        engine: Where they run.
        console: Where the progress is shown.

    Returns:
        What failed; the store has all others.
    """
    failures: Failures = []
    waiting = configs
    with RunProgress(store, waiting, console) as progress:
        while waiting:
            tasks = [RunTask(config, store.root.absolute(), location) for config in waiting]
            busy = []
            for task, outcome in engine.run(execute_run, tasks):
                if outcome.status == "busy":
                    busy.append(task.config)
                    continue
                progress.end(task.config, outcome)
                if outcome.status == "failed":
                    failures.append((task.label, outcome))
            _wait_for_others(store, busy)
            waiting = busy
    return failures


def _wait_for_others(store: RunStore, configs: Sequence[RunConfig]) -> None:
    """Wait until one of the runs that other processes have in work is theirs no longer."""
    while configs and not any(_is_free(store, config) for config in configs):
        time.sleep(BUSY_WAIT_SEC)


def _is_free(store: RunStore, config: RunConfig) -> bool:
    with store.lock(config) as mine:
        return mine
