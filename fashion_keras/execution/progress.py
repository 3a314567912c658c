"""Progress of runs as they train: bars on a terminal, one text that changes in a notebook, a few plain lines elsewhere.

Each run in work logs its epochs to a file of its own in the store. Reading those shows the runs of every engine, and of
another invocation that shares the store.
"""

import json
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from fashion_keras._output import is_in_notebook
from fashion_keras.config.cost import relative_cost
from fashion_keras.config.run_config import RunConfig
from fashion_keras.execution.tasks import Outcome
from fashion_keras.formatting import count_noun, format_duration, one_line, print_plain, shorten
from fashion_keras.storage.runs import RunStore

__all__ = ["RunProgress", "VerboseConsole"]

POLL_SEC = 0.5
PLAIN_INTERVAL_SEC = 60.0
PLAIN_SHARE = 0.1
"""Of the runs, that end between two plain lines."""
PLAIN_WIDTH = 80
LABEL_WIDTH = 28
CLOCK_TOLERANCE_SEC = 2.0
MIN_ELAPSED_SEC = 5.0
"""Before that, nothing is said of the time that is left."""


@dataclass(frozen=True)
class _Running:
    """A run in work: of its epochs, 0 where a custom trainer does not tell, the last that ended, 0 while it starts."""

    label: str
    epochs: int
    epoch: int = 0
    val_loss: float | None = None

    @property
    def text(self) -> str:
        """How far it is, and how well it does."""
        if not self.epoch:
            return "starting" if self.epochs else "training"
        loss = "" if self.val_loss is None else f", validation loss {self.val_loss:.4f}"
        return f"epoch {self.epoch}/{self.epochs}{loss}"


class VerboseConsole(Console):
    """A console on which each run that ends gets a line."""


class RunProgress:
    """A display of the runs to be made, each with what people call it, used as a context; bars on a terminal."""

    def __init__(self, store: RunStore, labels: Mapping[RunConfig, str], console: Console):
        self.store = store
        self.labels = labels
        self.pending = {config.folder: config for config in labels}
        self.total_work = sum(relative_cost(config) for config in labels)
        self.num_failed = 0
        self.accuracies: dict[str, list[float]] = {}
        self.started = time.monotonic()
        self.started_at = time.time()
        self.verbose = isinstance(console, VerboseConsole)
        self._display = _choose_display(console, len(labels))
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._poll, daemon=True)

    def __enter__(self) -> Self:
        self._display.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        if isinstance(self._display, _Cell):  # what it shows last stays
            self._show()
        self._display.stop()

    def end(self, config: RunConfig, outcome: Outcome[Any]) -> None:
        """Note that a run has ended."""
        self.pending.pop(config.folder, None)
        if outcome.status == "failed":
            self.num_failed += 1
            self._display.say(f"failed: {self.labels[config]}: {outcome.message}")
            return
        run = self.store.find(config)
        if run is not None and (accuracy := run.final["test_accuracy"]) is not None:
            label = self.labels[config]
            arm = label.rpartition(", ")[0] or label
            values = self.accuracies.get(arm, [])
            values.append(accuracy)
            # The arm that ended last comes first: a narrow line is cut off at its end.
            self.accuracies = {arm: values} | self.accuracies
        if self.verbose:
            self._display.say(f"{outcome.status}: {self.labels[config]} ({self.num_done} of {len(self.labels)})")

    @property
    def num_done(self) -> int:
        """How many runs have ended, one way or the other."""
        return len(self.labels) - len(self.pending)

    @property
    def means(self) -> str:
        """The mean test accuracy of each arm over its runs that ended here, the last first; empty before any did."""
        found = [f"{one_line(arm)} {100 * fmean(values):.2f}" for arm, values in self.accuracies.items()]
        return f"test accuracy so far, %: {', '.join(found)}" if found else ""

    def _poll(self) -> None:
        while not self._ended.wait(POLL_SEC):
            self._show()

    def _show(self) -> None:
        running = self._read_running()
        self._display.show(self.num_done, self._headline(running), self.means, running)

    def _read_running(self) -> dict[str, _Running]:
        """The runs in work by their folders.

        A folder in which nothing has changed since the display began was left by a process that was killed.
        """
        try:
            folders = sorted((self.store.root / "partial").iterdir())
        except OSError:
            return {}
        pending = dict(self.pending)
        return {
            folder.name: _read_running(folder, self.labels[config], 0 if config.trainer else config.epochs)
            for folder in folders
            if (config := pending.get(folder.name)) and _last_change(folder) > self.started_at - CLOCK_TOLERANCE_SEC
        }

    def _headline(self, running: Mapping[str, _Running]) -> str:
        text = f"{self.num_done} of {count_noun(len(self.labels), 'run')} done"
        left = self._seconds_left(running)
        text += f", {format_duration(left)} left" if left is not None else ""
        return text + (f", {self.num_failed} failed" if self.num_failed else "")

    def _seconds_left(self, running: Mapping[str, _Running]) -> float | None:
        """Time so far, scaled by the work that is left; None before anything is known."""
        pending = dict(self.pending)
        left = sum(relative_cost(config) for config in pending.values())
        for name, run in running.items():
            if name in pending:  # or it has ended since it was read
                left -= relative_cost(pending[name]) * run.epoch / max(1, run.epochs)
        done = self.total_work - left
        elapsed = time.monotonic() - self.started
        return elapsed * left / done if done > 0 and elapsed > MIN_ELAPSED_SEC else None


def _choose_display(console: Console, num_runs: int) -> "_Bars | _Cell | _Lines":
    if console.is_terminal:
        return _Bars(console)
    return _Cell(console) if num_runs and is_in_notebook() and not console.quiet else _Lines(console, num_runs)


class _Display:
    """What all displays share: they say things between what they show."""

    def __init__(self, console: Console):
        self.console = console

    def start(self) -> None:
        pass

    def say(self, text: str) -> None:
        print_plain(self.console, text)

    def stop(self) -> None:
        pass


class _Cell(_Display):
    """A text in the output of a notebook's cell, which changes as the runs go on."""

    handle: Any = None

    def start(self) -> None:
        from IPython.display import display

        self.handle = display(self._content("starting"), raw=True, display_id=True)

    def show(self, _num_done: int, headline: str, means: str, running: Mapping[str, _Running]) -> None:
        lines = [headline, *([means] if means else []), *(f"  {run.label}: {run.text}" for run in running.values())]
        self.handle.update(self._content("\n".join(map(str.rstrip, lines))), raw=True)

    def _content(self, text: str) -> dict[str, str]:
        return {"text/plain": text}


class _Lines(_Display):
    """A line now and then, for files and pipes."""

    def __init__(self, console: Console, num_runs: int):
        super().__init__(console)
        self.step = max(1, round(PLAIN_SHARE * num_runs))
        self.last_done = -self.step
        self.last_time = time.monotonic()

    def show(self, num_done: int, headline: str, means: str, running: Mapping[str, _Running]) -> None:
        now = time.monotonic()
        if num_done >= self.last_done + self.step or now - self.last_time >= PLAIN_INTERVAL_SEC:
            self.last_done, self.last_time = num_done, now
            more = means or "; ".join(f"{run.label}: {run.text}" for run in running.values())
            self.say(shorten(f"{headline} | {more}" if more else headline, PLAIN_WIDTH))


class _Bars(_Display):
    """A bar for each run in work, under a headline."""

    def __init__(self, console: Console):
        super().__init__(console)
        self.headline = "starting"
        self.bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=10),
            TextColumn("{task.fields[text]}", markup=False),
            console=console,
        )
        self.rows: dict[str, TaskID] = {}
        self.live = Live(console=console, transient=True, get_renderable=lambda: Group(Text(self.headline), self.bars))

    def start(self) -> None:
        self.live.start()

    def show(self, _num_done: int, headline: str, means: str, running: Mapping[str, _Running]) -> None:
        self.headline = f"{headline}\n{shorten(means, self.console.width)}" if means else headline
        for name in set(self.rows) - set(running):
            self.bars.remove_task(self.rows.pop(name))
        for name, run in running.items():
            if name not in self.rows:
                self.rows[name] = self.bars.add_task(_fit(run.label), total=run.epochs or None, text="")
            self.bars.update(self.rows[name], completed=run.epoch, text=run.text)

    def stop(self) -> None:
        self.live.stop()


def _fit(label: str) -> str:
    """Shorten a label such as `random_normal, seed 3` before the seed."""
    name, comma, seed = label.rpartition(", ")
    return shorten(name, LABEL_WIDTH - len(comma + seed)) + comma + seed


def _last_change(folder: Path) -> float:
    """When a folder or its log of epochs last changed, in seconds since 1970; 0.0 where it is gone."""
    try:
        return max(path.stat().st_mtime for path in (folder, *folder.glob("history.jsonl")))
    except OSError:
        return 0.0


def _read_running(folder: Path, label: str, epochs: int) -> _Running:
    """Return how far a run is by the last whole line of its log."""
    try:
        with (folder / "history.jsonl").open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 1000))
            whole, _, _ = file.read().rpartition(b"\n")
        record = json.loads(whole.splitlines()[-1])
        return _Running(label, epochs, record["epoch"], record.get("val_loss"))
    except (OSError, ValueError, KeyError, IndexError):
        return _Running(label, epochs)
