"""Measurement of time: a few epochs of a run against the clock, in the process that calls."""

import math
import os
import time
from pathlib import Path
from statistics import median

from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import Dataset
from fashion_keras.storage.times import EpochTimes
from fashion_keras.training.run import train_run

__all__ = ["EpochClock", "measure_epochs"]


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


def measure_epochs(config: RunConfig, dataset: Dataset) -> EpochTimes:
    """Train a configuration of at least two epochs, and return the medians of the times of all but the first.

    Raises:
        ValueError: The run diverged in its first epoch, so that there is nothing to time.
    """
    clock = EpochClock()
    result = train_run(config, dataset, clock)
    if not clock.epoch_seconds:
        raise ValueError(f"{config.label} diverged in its first epoch")
    return EpochTimes(
        timed_epochs=len(clock.epoch_seconds),
        train_seconds=median(clock.train_seconds),
        epoch_seconds=median(clock.epoch_seconds),
        other_cores=clock.other_cores,
        environment=dict(result.environment),
    )
