"""Shows runs as they train: bars on a terminal, plain lines elsewhere.

Each run in work logs its epochs to a file of its own in the store. Reading those shows the runs of every engine, and of
another invocation that shares the store.
"""

import json
import os
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from fashion_keras.config.cost import relative_cost
from fashion_keras.config.run_config import RunConfig
from fashion_keras.execution.tasks import Outcome
from fashion_keras.formatting import format_duration, print_plain
from fashion_keras.storage.runs import RunStore

POLL_SEC = 0.5
PLAIN_INTERVAL_SEC = 10.0
CLOCK_TOLERANCE_SEC = 2.0


class RunProgress:
    """A display of a set of runs, used as a context.

    Args:
        store: Where the runs log.
        configs: The runs to be made.
        console: Where to show them; bars where it is a terminal.
    """

    def __init__(self, store: RunStore, configs: Sequence[RunConfig], console: Console):
        self.store = store
        self.pending = {config.folder: config for config in configs}
        self.total_work = sum(relative_cost(config) for config in configs)
        self.num_runs = len(configs)
        self.num_failed = 0
        self.console = console
        self.started = time.monotonic()
        self.started_at = time.time()
        self._display = _Bars(console) if console.is_terminal else _Lines(console)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._poll, daemon=True)

    def __enter__(self) -> Self:
        self._display.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._display.stop()

    def end(self, config: RunConfig, outcome: Outcome) -> None:
        """Note that a run has ended."""
        self.pending.pop(config.folder, None)
        if outcome.status == "failed":
            self.num_failed += 1
            self._display.say(f"failed: {config.folder}: {outcome.message}")

    def _poll(self) -> None:
        while not self._ended.wait(POLL_SEC):
            running = self._read_running()
            self._display.show(self._headline(running), running)

    def _read_running(self) -> dict[str, Mapping[str, Any]]:
        """The last epoch of each run in work; without an epoch while it starts.

        A folder in which nothing has changed since the display began was left by a process that was killed.
        """
        try:
            folders = sorted((self.store.root / "partial").iterdir())
        except OSError:
            return {}
        pending = dict(self.pending)
        return {
            folder.name: {"epochs": pending[folder.name].epochs, **_last_record(folder)}
            for folder in folders
            if folder.name in pending and _last_change(folder) > self.started_at - CLOCK_TOLERANCE_SEC
        }

    def _headline(self, running: Mapping[str, Mapping[str, Any]]) -> str:
        done = self.num_runs - len(self.pending)
        text = f"{done} of {self.num_runs} runs done"
        left = self._seconds_left(running)
        text += f", {format_duration(left)} left" if left is not None else ""
        return text + (f", {self.num_failed} failed" if self.num_failed else "")

    def _seconds_left(self, running: Mapping[str, Mapping[str, Any]]) -> float | None:
        """Time so far, scaled by the work that is left; None before anything is known."""
        pending = dict(self.pending)
        left = sum(relative_cost(config) for config in pending.values())
        for name, record in running.items():
            if name not in pending:  # it has ended since it was read
                continue
            left -= relative_cost(pending[name]) * record.get("epoch", 0) / record["epochs"]
        done = self.total_work - left
        elapsed = time.monotonic() - self.started
        return elapsed * left / done if done > 0 and elapsed > 5 else None


class _Lines:
    """A line now and then, for files and pipes."""

    def __init__(self, console: Console):
        self.console = console
        self.last_text = ""
        self.last_time = time.monotonic()

    def start(self) -> None:
        pass

    def show(self, headline: str, running: Mapping[str, Mapping[str, Any]]) -> None:
        done = headline.split(",")[0]
        now = time.monotonic()
        if done != self.last_text or now - self.last_time >= PLAIN_INTERVAL_SEC:
            self.last_text, self.last_time = done, now
            runs = "; ".join(f"{name} {_describe(record)}" for name, record in running.items())
            self.say(headline + (f" | {runs}" if runs else ""))

    def say(self, text: str) -> None:
        print_plain(self.console, text)

    def stop(self) -> None:
        pass


class _Bars:
    """A bar for each run in work, under a headline."""

    def __init__(self, console: Console):
        self.progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[text]}", markup=False),
            console=console,
            transient=True,
        )
        self.rows: dict[str, TaskID] = {}

    def start(self) -> None:
        self.headline = self.progress.add_task("starting", total=None, text="")
        self.progress.start()

    def show(self, headline: str, running: Mapping[str, Mapping[str, Any]]) -> None:
        self.progress.update(self.headline, description=headline)
        for name in set(self.rows) - set(running):
            self.progress.remove_task(self.rows.pop(name))
        for name, record in running.items():
            if name not in self.rows:
                self.rows[name] = self.progress.add_task(name.rsplit("__", 1)[0], total=record["epochs"], text="")
            self.progress.update(self.rows[name], completed=record.get("epoch", 0), text=_describe(record))

    def say(self, text: str) -> None:
        print_plain(self.progress.console, text)

    def stop(self) -> None:
        self.progress.stop()


def _last_change(folder: Path) -> float:
    """When a folder or its log of epochs last changed, in seconds since 1970; 0.0 where it is gone."""
    try:
        return max(path.stat().st_mtime for path in (folder, *folder.glob("history.jsonl")))
    except OSError:
        return 0.0


def _last_record(folder: Path) -> dict[str, Any]:
    try:
        with (folder / "history.jsonl").open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 1000))
            whole, _, _ = file.read().rpartition(b"\n")
        return json.loads(whole.splitlines()[-1])
    except (OSError, ValueError, IndexError):
        return {}


def _describe(record: Mapping[str, Any]) -> str:
    if "epoch" not in record:
        return "starting"
    loss = record.get("val_loss")
    text = f"epoch {record['epoch']}/{record['epochs']}"
    return text + (f", validation loss {loss:.4f}" if loss is not None else "")
