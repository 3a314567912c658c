"""Tasks of a worker: picklable, with functions that execute them and never raise.

TensorFlow is imported inside the functions: the process that hands out the tasks does without it.
"""

import json
import os
import shutil
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, wraps
from pathlib import Path
from typing import Generic, Literal, TypeVar

from fashion_keras._output import redirected
from fashion_keras._tensorflow import import_tensorflow
from fashion_keras.config.custom_code import describe_error
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import FASHION_MNIST_HASH, DataLocation, Dataset, load, locate
from fashion_keras.errors import StoreError, os_errors_as
from fashion_keras.storage.results import RunResult
from fashion_keras.storage.runs import RunStore

__all__ = [
    "ConfigTask", "Outcome", "RunTask", "TimingTask", "execute_products", "execute_run", "execute_timing",
    "execute_trial", "load_cached", "never_raising",
]  # fmt: skip

Task = TypeVar("Task")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Outcome(Generic[Value]):
    """What became of a task.

    Attributes:
        status: `"done"`; `"found"` where the store had the run already; `"busy"` where another process is at it;
            `"failed"`.
        message: Of a failure: the error in one line.
        log: The file with everything that a failed run printed.
        value: What the task was done for; None where it failed, or nothing comes back.
    """

    status: Literal["done", "found", "busy", "failed"]
    message: str = ""
    log: str = ""
    value: Value | None = None

    def failure_of(self, label: str) -> str:
        """Return the line that tells a person that the task of that label failed."""
        return f"Failed: {label}: {self.message}" + (f"; log: {self.log}" if self.log else "")


class ConfigTask:
    """What a worker does with one configuration."""

    config: RunConfig

    @property
    def threads(self) -> int:
        """Threads of the process that does it."""
        return self.config.threads

    @property
    def device(self) -> str:
        """What the process sees: no card, or one."""
        return self.config.device


@dataclass(frozen=True)
class RunTask(ConfigTask):
    """Train one configuration into a store."""

    config: RunConfig
    store: Path
    location: DataLocation | None


@dataclass(frozen=True)
class TimingTask(ConfigTask):
    """Train a little of a configuration, to find out whether it works, or how long it or one of its epochs takes."""

    config: RunConfig
    location: DataLocation | None


def execute_run(task: RunTask) -> Outcome[None]:
    """Train a configuration, unless the store has it or another process is training it."""
    store = RunStore(task.store)
    try:
        with store.lock(task.config) as mine:
            if not mine:
                return Outcome("busy")
            # Only now: another process may have finished it while this task waited for its turn.
            if store.find(task.config):
                return Outcome("found")
            try:
                with os_errors_as(StoreError, store.root):
                    return _train(task, store)
            except StoreError:
                shutil.rmtree(store.partial_folder(task.config), ignore_errors=True)
                raise
    except (Exception, SystemExit) as error:  # such as a full disk, which even the log of the failure does not fit on
        return Outcome("failed", describe_error(error))


def _train(task: RunTask, store: RunStore) -> Outcome[None]:
    folder = store.begin(task.config)
    log = folder / "log.txt"
    with log.open("wb") as output, redirected(output):
        try:
            with (folder / "history.jsonl").open("w") as history:

                def record_epoch(epoch: int, record: dict[str, float | None]) -> None:
                    with os_errors_as(StoreError, store.root):
                        print(json.dumps({"epoch": epoch, **record}), file=history, flush=True)

                result = _train_config(task, record_epoch)
            store.commit(result)
            return Outcome("done")
        except (Exception, SystemExit) as error:
            traceback.print_exc()
            message = describe_error(error)
    kept = store.fail(task.config, _read_text(log))
    return Outcome("failed", message, str(kept or ""))


def _train_config(task: RunTask, record_epoch: Callable[[int, dict[str, float | None]], None]) -> RunResult:
    if task.config.trainer is not None:
        from fashion_keras.training.custom import train_custom

        return train_custom(task.config)
    import_tensorflow(in_worker=True)
    from fashion_keras.training.run import train_run

    return train_run(task.config, load_cached(task.location), record_epoch)


def never_raising(work: Callable[[Task], Value]) -> Callable[[Task], Outcome[Value]]:
    """Make a function return its outcome, whatever happens, and print nothing."""

    @wraps(work)
    def execute(task: Task) -> Outcome[Value]:
        try:
            with Path(os.devnull).open("wb") as nothing, redirected(nothing):
                return Outcome("done", value=work(task))
        except (Exception, SystemExit) as error:
            return Outcome("failed", describe_error(error))

    return execute


@never_raising
def execute_timing(task: TimingTask) -> tuple[float, float]:
    """Train a little; the value is what the whole run is estimated to take, see `estimate_run_seconds`."""
    import_tensorflow(in_worker=True)
    from fashion_keras.training.run import estimate_run_seconds

    return estimate_run_seconds(task.config, load_cached(task.location))


@never_raising
def execute_products(_: None) -> dict[str, float]:
    """Multiply in both precisions; the value is the gain of bfloat16, see `measure_gains`."""
    import_tensorflow(in_worker=True)
    from fashion_keras.training.products import measure_gains

    return measure_gains()


@never_raising
def execute_trial(task: TimingTask) -> None:
    """Build what a configuration names and take one step; the message of a failure says what is wrong with it."""
    if task.config.trainer is not None:
        from fashion_keras.training.custom import try_trainer

        return try_trainer(task.config)
    import_tensorflow(in_worker=True)
    from fashion_keras.training.run import try_run

    return try_run(task.config, load_cached(task.location))


@lru_cache(maxsize=1)
def load_cached(location: DataLocation | None) -> Dataset:
    """Read the data once per process: a worker serves several runs.

    Only custom trainers do without. On another machine of a cluster, Fashion-MNIST may lie elsewhere, or nowhere yet.
    """
    if location is None:
        raise ValueError("a run of Keras needs data")
    if location.content_hash == FASHION_MNIST_HASH and not location.directory.is_dir():
        location = locate()
    return load(location)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
