"""What a worker does: picklable tasks, and functions that execute them and never raise.

TensorFlow is imported inside the functions: the process that hands out the tasks does without it.
"""

import json
import os
import traceback
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from fashion_keras._output import redirected
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import FASHION_MNIST_HASH, DataLocation, Dataset, load, locate
from fashion_keras.errors import UserError
from fashion_keras.storage.runs import RunStore


@dataclass(frozen=True)
class Outcome:
    """What became of a task.

    Attributes:
        status: `"done"`; `"found"` where the store had the run already; `"busy"` where another process is at it;
            `"failed"`.
        message: One line: the error, or what was done.
        log: The file with everything that a failed run printed.
    """

    status: Literal["done", "found", "busy", "failed"]
    message: str = ""
    log: str = ""

    def failure_of(self, label: str) -> str:
        """Return the line that tells a person that the task of that label failed."""
        return f"Failed: {label}: {self.message}" + (f"; log: {self.log}" if self.log else "")


@dataclass(frozen=True)
class RunTask:
    """Train one configuration into a store."""

    config: RunConfig
    store: Path
    location: DataLocation

    @property
    def label(self) -> str:
        """For people."""
        return self.config.folder


@dataclass(frozen=True)
class TimingTask:
    """Train a little of a configuration, to find out whether it works, or how long it or one of its epochs takes."""

    config: RunConfig
    location: DataLocation

    @property
    def label(self) -> str:
        """For people."""
        return self.config.label


def execute_run(task: RunTask) -> Outcome:
    """Train a configuration, unless the store has it or another process is training it."""
    store = RunStore(task.store)
    try:
        with store.lock(task.config) as mine:
            if not mine:
                return Outcome("busy")
            # Only now: another process may have finished it while this task waited for its turn.
            if store.find(task.config):
                return Outcome("found")
            return _train(task, store)
    except Exception as error:  # such as a full disk, which even the log of the failure does not fit on
        return Outcome("failed", describe_failure(error))


def _train(task: RunTask, store: RunStore) -> Outcome:
    folder = store.begin(task.config)
    log = folder / "log.txt"
    with log.open("wb") as output, redirected(output):
        try:
            from fashion_keras.training.run import train_run

            with (folder / "history.jsonl").open("w") as history:

                def record_epoch(epoch: int, record: dict[str, float | None]) -> None:
                    print(json.dumps({"epoch": epoch, **record}), file=history, flush=True)

                result = train_run(task.config, load_cached(task.location), record_epoch)
            store.commit(result)
            return Outcome("done")
        except Exception as error:
            traceback.print_exc()
            message = describe_failure(error)
    kept = store.fail(task.config, _read_text(log))
    return Outcome("failed", message, str(kept or ""))


def execute_timing(task: TimingTask) -> Outcome:
    """Train a little; the message is the estimated number of seconds of the whole run."""
    try:
        with Path(os.devnull).open("wb") as nothing, redirected(nothing):
            from fashion_keras.training.run import estimate_run_seconds

            return Outcome("done", str(estimate_run_seconds(task.config, load_cached(task.location))))
    except Exception as error:
        return Outcome("failed", describe_failure(error))


def execute_measuring(task: TimingTask) -> Outcome:
    """Train a few epochs; the message is the JSON of what `measure_epochs` returns."""
    try:
        with Path(os.devnull).open("wb") as nothing, redirected(nothing):
            from fashion_keras.training.measuring import measure_epochs

            return Outcome("done", json.dumps(measure_epochs(task.config, load_cached(task.location))))
    except Exception as error:
        return Outcome("failed", describe_failure(error))


def execute_trial(task: TimingTask) -> Outcome:
    """Build what a configuration names and take one step; the message of a failure says what is wrong with it."""
    try:
        with Path(os.devnull).open("wb") as nothing, redirected(nothing):
            from fashion_keras.training.run import try_run

            try_run(task.config, load_cached(task.location))
            return Outcome("done")
    except Exception as error:
        return Outcome("failed", describe_failure(error))


@lru_cache(maxsize=1)
def load_cached(location: DataLocation) -> Dataset:
    """Read the data once per process: a worker serves several runs.

    On another machine of a cluster, Fashion-MNIST may lie elsewhere, or nowhere yet.
    """
    if location.content_hash == FASHION_MNIST_HASH and not location.directory.is_dir():
        location = locate()
    return load(location)


def describe_failure(error: Exception) -> str:
    """Return the first line of what an error says, with its type unless it is a user's."""
    text = str(error).strip().splitlines()
    name = "" if isinstance(error, UserError) else f"{type(error).__name__}: "
    return name + (text[0] if text else "no message")


def _read_text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
