"""Measures how long each arm of the report takes, warm and one at a time, in balanced rounds. Writes times.csv.

Run:   python -m benchmarks.times, on a machine with nothing else to do
Cost:  seven rounds of ten arms: about an hour on one core of an AMD EPYC

The claims about computation time are judged by it alone: `fashion-keras report` takes the times.csv of its `--out`; in
experiments/ it is published, once `fashion-keras report --publish --published experiments` has judged by it. The runs
of the store are trained side by side, and take the longer for it.
"""

import argparse
import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

from fashion_keras._tensorflow import import_tensorflow
from fashion_keras.cli import guard
from fashion_keras.config.identity import PROTOCOL_VERSION
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import DataLocation, locate
from fashion_keras.execution import LocalEngine
from fashion_keras.execution.tasks import TimingTask, load_cached, never_raising
from fashion_keras.experiments.definition import BASE
from fashion_keras.formatting import format_duration
from fashion_keras.storage.files import write_files
from fashion_keras.storage.times import TIMES, Measurement, TimedArm, timed_arms, times_text

UNFINISHED = "times.unfinished.csv"
Item = TypeVar("Item")


class EpochClock:
    """Times epochs; call it at the end of each, as `train_run` does. The first is the warm-up: it traces the graphs.

    Attributes:
        train_seconds: Of each epoch but the first, training alone.
        epoch_seconds: Of the same epochs, evaluations included.
        other_cores: How many cores other processes kept busy in those epochs; NaN where the system does not say.
    """

    def __init__(self) -> None:
        self.train_seconds: list[float] = []
        self.epoch_seconds: list[float] = []
        self._ended = self._warm = _Instant()

    def __call__(self, epoch: int, record: dict[str, float | None]) -> None:
        """Take the time of the epoch that ends."""
        now = _Instant()
        if epoch == 1:
            self._warm = now
        else:
            self.train_seconds.append(record["seconds"] or 0.0)
            self.epoch_seconds.append(now.clock - self._ended.clock)
        self._ended = now

    @property
    def other_cores(self) -> float:
        """See the class."""
        start, end = self._warm, self._ended
        busy = (end.busy - start.busy) - (end.own - start.own)
        return max(busy / (end.clock - start.clock), 0.0)  # in this order NaN stays NaN


class _Instant:
    """Seconds of the clock, of work by this process, and of work by all cores of the machine since it started."""

    def __init__(self) -> None:
        self.clock, self.own, self.busy = time.perf_counter(), time.process_time(), _busy_seconds()


def _busy_seconds() -> float:
    try:
        fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
        user, nice, system, _idle, _waiting, interrupts, soft_interrupts, stolen = map(int, fields[:8])
    except (OSError, ValueError):
        return math.nan
    return (user + nice + system + interrupts + soft_interrupts + stolen) / os.sysconf("SC_CLK_TCK")


@never_raising
def measure_epochs(task: TimingTask) -> dict[str, Any]:
    """Train at least two epochs in a worker; the value is the medians of all but the first, as `Measurement` has them.

    Raises:
        ValueError: The run diverged in its first epoch, so that there is nothing to time.
    """
    import_tensorflow(in_worker=True)
    from fashion_keras.training.run import train_run

    clock = EpochClock()
    environment = train_run(task.config, load_cached(task.location), clock).environment
    if not clock.epoch_seconds:
        raise ValueError(f"{task.config.label} diverged in its first epoch")
    names = ("processor", "cores", "platform", "python", "tensorflow", "keras")
    return {
        "timed_epochs": len(clock.epoch_seconds),
        "train_seconds": median(clock.train_seconds),
        "epoch_seconds": median(clock.epoch_seconds),
        "other_cores": clock.other_cores,
        **{name: environment[name] for name in names},
    }


def order_of(items: Sequence[Item], number: int) -> list[Item]:
    """Return the order of a round: over as many rounds as there are items, an even number, the order is balanced.

    Each item then comes once at each place, and once straight after each other one, whose heat and memory it inherits.
    Source: Williams 1949, Experimental Designs Balanced for the Estimation of Residual Effects of Treatments.
    """
    count = len(items)
    steps = [(place + 1) // 2 if place % 2 else count - place // 2 for place in range(count)]
    return [items[(number + step) % count] for step in steps]


@dataclass
class Timing:
    """The measurements of all rounds.

    Attributes:
        arms: What is measured.
        location: The data.
        epochs: Timed epochs of an arm of 50 epochs; one of fewer gets as much less, but one at least.
        folder: Gets what was measured, after each measurement.
    """

    arms: Sequence[TimedArm]
    location: DataLocation
    epochs: int
    folder: Path

    def __post_init__(self) -> None:
        self.measured: list[Measurement] = []
        self.num_failures = 0
        self._save()  # already here, so that a folder that cannot be written is told at once

    def measure_round(self, number: int) -> None:
        """Measure every arm in one process, which no other round shares: some processes are slower than others."""
        order = order_of(self.arms, number)
        tasks = [TimingTask(self._config_of(arm, number), self.location) for arm in order]
        with LocalEngine(1, alone=True) as engine:  # one worker: in the order of the tasks
            outcomes = engine.run(measure_epochs, tasks)
            for place, (arm, (_, outcome)) in enumerate(zip(order, outcomes, strict=True), start=1):
                if outcome.value is None:
                    self.num_failures += 1
                    print(outcome.failure_of(f"round {number + 1}, {arm.names[0]}"))
                else:
                    self.measured.append(self._measurement(number + 1, place, arm, outcome.value))
                    self._save()

    def _config_of(self, arm: TimedArm, number: int) -> RunConfig:
        """A short run, its first epoch to warm up; all arms of a round share the seed."""
        timed = max(1, round(self.epochs * arm.config.epochs / BASE.epochs))
        return arm.config.with_changes(epochs=1 + timed, seed=number, data=self.location.content_hash)

    def _measurement(self, number: int, place: int, arm: TimedArm, found: dict[str, Any]) -> Measurement:
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
        )

    def _save(self) -> None:
        write_files(self.folder, {UNFINISHED: times_text(self.measured)})


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and put the file into its place only when all is measured."""
    parser = argparse.ArgumentParser(description="Measure how long each arm of the report takes.")
    parser.add_argument("--rounds", type=int, default=7, help="measurements of each arm (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=5, help="timed epochs, of the CNN a fifth (default: %(default)s)")
    parser.add_argument("--dataset", help="other data than Fashion-MNIST, for a try")
    parser.add_argument("--out", type=Path, default=Path("runs"), help=f"folder of {TIMES} (default: %(default)s)")
    options = parser.parse_args(arguments)
    timing = Timing(timed_arms(), locate(dataset=options.dataset), options.epochs, options.out)
    started = time.monotonic()
    for number in range(options.rounds):
        timing.measure_round(number)
        left = (time.monotonic() - started) * (options.rounds / (number + 1) - 1)
        print(f"Round {number + 1} of {options.rounds} done, about {format_duration(left)} left", flush=True)
    if timing.num_failures:
        print(f"Written to {options.out / UNFINISHED}")
        return 1
    (options.out / UNFINISHED).replace(options.out / TIMES)
    most = max(each.other_cores for each in timing.measured)
    print(f"Written to {options.out / TIMES}; other programs kept up to {most:.1f} cores busy")
    return 0


if __name__ == "__main__":
    from benchmarks import times  # whose functions the worker finds by their names

    raise SystemExit(guard(times.main, debug=False))
