"""Timing runs: every arm of the report against the clock, one at a time, in several rounds."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import TypeVar

import numpy as np
from rich.markup import escape
from rich.table import Table

from fashion_keras.config.identity import PROTOCOL_VERSION
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import FASHION_MNIST_HASH
from fashion_keras.errors import StoreError, os_errors_as
from fashion_keras.execution import LocalEngine
from fashion_keras.execution.tasks import TimingTask, execute_measuring
from fashion_keras.experiments.definition import BASE
from fashion_keras.formatting import count_noun, format_duration, safe_name
from fashion_keras.storage.files import write_files
from fashion_keras.storage.times import TIMES, EpochTimes, Measurement, TimedArm, Times, timed_arms, times_text
from fashion_keras.workflows.session import Session

__all__ = ["TimingOptions", "measure_times", "order_of"]

BUSY_LOAD = 0.5
"""Programs that ran on average in the last minute, from where on a machine is called busy before the start."""
BUSY_CORES = 0.1
"""The same while an arm is measured: cores that other programs kept busy."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class TimingOptions:
    """What a user may say of timing runs.

    Attributes:
        rounds: How often each arm is measured.
        epochs: Timed epochs of an arm of 50 epochs; one of fewer gets as much less, but one at least.
    """

    rounds: int = 7
    epochs: int = 5


def measure_times(options: TimingOptions, session: Session) -> int:
    """Measure every arm, print the medians and write `times.csv` into the session's folder.

    Returns:
        The exit status: 0, or 1 where a measurement failed.

    Raises:
        UserError: An option, the data or the disk is wrong.
        KeyboardInterrupt: What was measured is written by then.
    """
    _ = session.dataset  # here, so that damaged data are reported before a worker starts
    return _Timing(options, session).run()


def order_of(items: Sequence[Item], number: int) -> list[Item]:
    """Return the order of a round: over as many rounds as there are items, an even number, the order is balanced.

    Each item then comes once at each place, and once straight after each other one, whose heat and memory it inherits.
    Source: Williams 1949, Experimental Designs Balanced for the Estimation of Residual Effects of Treatments.

    >>> order_of("abcd", 0), order_of("abcd", 1)
    (['a', 'b', 'd', 'c'], ['b', 'c', 'a', 'd'])
    """
    count = len(items)
    steps = [(place + 1) // 2 if place % 2 else count - place // 2 for place in range(count)]
    return [items[(number + step) % count] for step in steps]


class _Timing:
    """One call of the job."""

    def __init__(self, options: TimingOptions, session: Session):
        self.options = options
        self.location = location = session.location
        self.console, self._say = session.console, session.say
        self.arms = timed_arms()
        plain = location.content_hash == FASHION_MNIST_HASH
        self.path = session.out / (TIMES if plain else f"times__{safe_name(location.name)}.csv")
        self.unfinished = self.path.with_suffix(".unfinished.csv")
        self.measured: list[Measurement] = []
        self.failures: list[str] = []

    def run(self) -> int:
        """Go through the rounds; the file takes the place of an earlier one only when all is measured."""
        self._save()  # already here, so that a folder that cannot be written is told at once
        planned = count_noun(len(self.arms) * self.options.rounds, "measurement")
        rounds = count_noun(self.options.rounds, "round")
        self._say(f"{planned}: {count_noun(len(self.arms), 'arm')}, {rounds}, one at a time")
        self._warn_of_load()
        started = time.monotonic()
        try:
            with self.console.status("Measuring", refresh_per_second=1):  # it takes from the same processor
                for number in range(self.options.rounds):
                    self._measure_round(number)
                    left = (time.monotonic() - started) * (self.options.rounds / (number + 1) - 1)
                    self._say(f"Round {number + 1} of {self.options.rounds} done, about {format_duration(left)} left")
        except KeyboardInterrupt:
            kept = f"; what is done is in {self.unfinished}" if self.measured else ""
            self._say(f"Interrupted after {count_noun(len(self.measured), 'measurement')}{kept}")
            raise
        return self._finish()

    def _measure_round(self, number: int) -> None:
        """Measure every arm in one process, which no other round shares: some processes are slower than others."""
        order = order_of(self.arms, number)
        tasks = [TimingTask(self._config_of(arm, number), self.location) for arm in order]
        with LocalEngine(1, alone=True) as engine:  # one worker: in the order of the tasks
            outcomes = engine.run(execute_measuring, tasks)
            for place, (arm, (_, outcome)) in enumerate(zip(order, outcomes, strict=True), start=1):
                if outcome.value is None:
                    self.failures.append(f"round {number + 1}, {arm.names[0]}: {outcome.message}")
                else:
                    self.measured.append(self._measurement(number + 1, place, arm, outcome.value))
                    self._save()

    def _config_of(self, arm: TimedArm, number: int) -> RunConfig:
        """A short run, its first epoch to warm up; all arms of a round share the seed."""
        timed = max(1, round(self.options.epochs * arm.config.epochs / BASE.epochs))
        return arm.config.with_changes(epochs=1 + timed, seed=number, data=self.location.content_hash)

    def _measurement(self, number: int, place: int, arm: TimedArm, times: EpochTimes) -> Measurement:
        found = {name: value for name, value in vars(times).items() if name != "environment"}
        names = ("processor", "cores", "platform", "python", "tensorflow", "keras")
        return Measurement(
            round=number,
            place=place,
            arms=" ".join(arm.names),
            epochs=arm.config.epochs,
            threads=arm.config.threads,
            precision=arm.config.precision,
            data=self.location.name,
            protocol=PROTOCOL_VERSION,
            measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
            **found,
            **{name: times.environment[name] for name in names},
        )

    def _save(self) -> None:
        write_files(self.unfinished.parent, {self.unfinished.name: times_text(self.measured)})

    def _finish(self) -> int:
        path = self.unfinished
        if not self.failures:
            path = self.path
            with os_errors_as(StoreError, path):
                self.unfinished.replace(path)
        if self.measured:
            self.console.print(_summarise(Times(tuple(self.measured)), self.arms))
        self._warn_of_company()
        for failure in self.failures:
            self._say(f"Failed: {failure}")
        self._say(f"Written to {path}")
        return 1 if self.failures else 0

    def _warn_of_load(self) -> None:
        lately = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
        if lately > BUSY_LOAD:
            self._say(
                f"The machine is busy (load {lately:.1f} over the last minute): times mean something only where "
                "nothing else runs"
            )

    def _warn_of_company(self) -> None:
        disturbed = [each.other_cores for each in self.measured if each.other_cores > BUSY_CORES]
        if disturbed:
            self._say(
                f"In {len(disturbed)} of {count_noun(len(self.measured), 'measurement')} other programs kept up to "
                f"{max(disturbed):.1f} cores busy: measure again on a quiet machine before you publish"
            )


def _summarise(times: Times, arms: Sequence[TimedArm]) -> Table:
    """Tabulate for each arm the medians over the rounds, in brackets the range."""
    heads = ("training, s", "with evaluations, s", "run, min", "of the base")
    title = "A warm epoch, and the epochs of a run: medians and ranges over the rounds"
    table = Table("arm", *heads, box=None, title=title, pad_edge=False)
    base = arms[0].names[0]
    for name in (arm.names[0] for arm in arms if times.of(arm.names[0])):
        rounds, ratios = list(times.of(name).values()), times.log_ratios(name, base)
        table.add_row(
            escape(name.split("/")[1]),
            _spread([each.train_seconds for each in rounds]),
            _spread([each.epoch_seconds for each in rounds]),
            f"{median([each.run_seconds() for each in rounds]) / 60:.2f}",
            f"x {np.exp(np.median(ratios)):.3f}" if ratios.size else "",
        )
    return table


def _spread(seconds: Sequence[float]) -> str:
    return escape(f"{median(seconds):.3g} [{min(seconds):.3g}–{max(seconds):.3g}]")
