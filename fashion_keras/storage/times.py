"""Timing runs: what is timed, and the file that holds what was measured. Knows no TensorFlow.

A measurement is one arm trained for a few epochs in a warm process, with nothing beside it. It bypasses the store,
whose runs are trained side by side and take the longer for it.
"""

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fashion_keras.config.identity import PROTOCOL_VERSION
from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import StoreError
from fashion_keras.experiments.definition import published_rows
from fashion_keras.experiments.names import NAMES
from fashion_keras.experiments.registry import load_experiment
from fashion_keras.formatting import csv_text
from fashion_keras.storage.reading import damage_of, read_bytes, sha256

__all__ = [
    "TIMES", "Measurement", "TimedArm", "Times", "load_times", "read_times", "timed_arms", "times_text",
]  # fmt: skip

TIMES = "times.csv"
"""The file of the timing runs, in the working folder and among what is published."""


@dataclass(frozen=True)
class TimedArm:
    """An arm that the report has numbers of.

    Attributes:
        names: `COMPARISON/ARM`, one for each comparison that shows it.
        config: What is trained; its epochs are those of a whole run.
        published_minutes: How long the report's run took; None where it does not say.
    """

    names: tuple[str, ...]
    config: RunConfig
    published_minutes: float | None


def timed_arms() -> tuple[TimedArm, ...]:
    """Return every arm that the report has numbers of, once though several comparisons show it.

    The others differ from these in rates and constants alone, which cost no time.
    """
    names: dict[RunConfig, list[str]] = {}
    minutes: dict[RunConfig, float | None] = {}
    for experiment in map(load_experiment, NAMES):
        for arm in experiment.arms:
            if arm.published:
                config = experiment.config_of(arm)
                names.setdefault(config, []).append(f"{experiment.name}/{arm.name}")
                minutes[config] = published_rows()[arm.published]["time_minutes"]
    return tuple(TimedArm(tuple(of), config, minutes[config]) for config, of in names.items())


@dataclass(frozen=True)
class Measurement:
    """One arm in one round: a row of `times.csv`.

    Attributes:
        round: From 1; every arm is measured once in each.
        place: From 1, in the order of the round.
        arms: Every name of the arm, `COMPARISON/ARM`, separated by spaces.
        epochs: Those of a whole run of the arm.
        timed_epochs: Those that were timed, after one to warm up.
        train_seconds: An epoch's training without evaluations, the median of the timed ones.
        epoch_seconds: The same with the evaluations of the validation and the test images.
        other_cores: How many cores other processes kept busy meanwhile; NaN where the system does not say.
        threads, precision: Of the run.
        data: The data set's name.
        processor, cores, platform, python, tensorflow, keras: Where and with what.
        protocol: The protocol version.
        measured_at: UTC.
    """

    round: int
    place: int
    arms: str
    epochs: int
    timed_epochs: int
    train_seconds: float
    epoch_seconds: float
    other_cores: float
    threads: int
    precision: str
    data: str
    processor: str
    cores: int
    platform: str
    python: str
    tensorflow: str
    keras: str
    protocol: int
    measured_at: str

    def run_seconds(self, *, training_alone: bool = False) -> float:
        """Return how long the epochs of a whole run take, by one warm epoch, with the evaluations or without."""
        return self.epochs * (self.train_seconds if training_alone else self.epoch_seconds)


_FIELDS = fields(Measurement)
_NAMES = tuple(field.name for field in _FIELDS)
_DIGEST = "row_sha256"


@dataclass(frozen=True)
class Times:
    """What was measured, in the order of the measurements.

    Attributes:
        is_verified: Whether each was read with its digest.
    """

    measurements: tuple[Measurement, ...]
    is_verified: bool = field(default=False, compare=False)

    @property
    def num_rounds(self) -> int:
        """How many rounds there are, whole or not."""
        return len({each.round for each in self.measurements})

    def of(self, name: str) -> dict[int, Measurement]:
        """Return an arm's measurements by their rounds; `name` is any of its names, `COMPARISON/ARM`."""
        return {each.round: each for each in self.measurements if name in each.arms.split()}

    def log_ratios(self, first: str, second: str, *, training_alone: bool = False) -> NDArray[np.float64]:
        """Return the natural logarithm of `first` over `second` of whole runs, float64 [rounds that have both].

        With `training_alone`, of the time without the evaluations.

        Within a round: what slows the machine down for minutes slows both.
        """
        ours, theirs = (
            {number: each.run_seconds(training_alone=training_alone) for number, each in self.of(name).items()}
            for name in (first, second)
        )
        return np.array([math.log(ours[number] / theirs[number]) for number in sorted(ours.keys() & theirs.keys())])


def times_text(measurements: Iterable[Measurement]) -> str:
    """Return the CSV that `read_times` reads; a number that is not known is an empty field."""
    rows = [[_format(value) for value in astuple(each)] for each in measurements]
    return csv_text([*_NAMES, _DIGEST], [[*row, _digest_of(row)] for row in rows])


def _format(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return "" if math.isnan(value) else f"{value:.6g}"


def _digest_of(row: Iterable[str]) -> str:
    """Return the first sixteen digits of the SHA-256 of a row, its fields separated by zero bytes."""
    return sha256("\0".join(row).encode())[:16]


def load_times(folder: Path) -> Times | None:
    """Return the timing runs of a folder, or None where it has none.

    Raises:
        StoreError: As in `read_times`.
    """
    path = folder / TIMES
    return read_times(path) if path.exists() else None


def read_times(path: Path) -> Times:
    """Read timing runs.

    Raises:
        StoreError: The file cannot be read, or its protocol is another.
    """
    if not path.exists():
        raise StoreError(f"{path} is not there; `python -m benchmarks.times` makes it")
    with damage_of(path, "move it away, and `python -m benchmarks.times` makes it again"):
        rows = csv.reader(read_bytes(path).decode().splitlines(keepends=True), strict=True)
        names = tuple(next(rows, ()))
        if names not in (_NAMES, (*_NAMES, _DIGEST)):
            raise ValueError("its first line does not name the columns of timing runs")
        has_digests = len(names) > len(_NAMES)
        times = Times(tuple(_parse(row, has_digests) for row in rows), has_digests)
    others = sorted({each.protocol for each in times.measurements} - {PROTOCOL_VERSION})
    if others:
        raise StoreError(f"{path} has protocol version {others[0]}, this program {PROTOCOL_VERSION}")
    return times


def _parse(row: Sequence[str], has_digest: bool) -> Measurement:
    values, digest = row[: len(_NAMES)], row[len(_NAMES) :]
    if len(values) != len(_NAMES) or digest != ([_digest_of(values)] if has_digest else []):
        raise ValueError(f"a row is not what was written: {' '.join(row)[:60]!r}")
    measurement = Measurement(*(_parse_field(field.type, text) for field, text in zip(_FIELDS, values, strict=True)))
    if not (0 < measurement.train_seconds < math.inf and 0 < measurement.epoch_seconds < math.inf):
        raise ValueError(f"seconds must be above 0 in round {measurement.round}, {measurement.arms}")
    return measurement


def _parse_field(kind: Any, text: str) -> Any:
    if kind is float:
        return float(text or "nan")
    return int(text) if kind is int else text
