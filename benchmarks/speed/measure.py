"""Measures one cell: starts its processes, lets them warm up, and starts their clocks together."""

import datetime
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from benchmarks.speed.systems import SYSTEMS, Cell, System
from benchmarks.speed.work import Work

ROOT = Path(__file__).parents[2]
TIME_LIMIT_SEC = 1200


@dataclass(frozen=True)
class Settings:
    """What a run of the benchmark measures; results of different settings are not mixed.

    Attributes:
        epochs: Measured epochs of each model.
        shares: The share of the data of each model.
    """

    epochs: dict[str, int] = field(default_factory=lambda: {"limit": 3, "fcn": 6, "cnn": 1})
    shares: dict[str, float] = field(default_factory=lambda: {"limit": 1.0, "fcn": 1.0, "cnn": 0.25})


class MeasurementError(Exception):
    """A process of a measurement failed; the message is the last line that it printed."""


def measure(cell: Cell, settings: Settings, arrays: Path, peers_python: Path) -> dict[str, Any]:
    """Return a measurement: the cell, when it was, how busy the machine was before it, and each process's result.

    Raises:
        MeasurementError: A process failed or took too long.
    """
    system = SYSTEMS[cell.system]
    cores = sorted(os.sched_getaffinity(0)) if cell.mode == "packed" else [None]
    python = peers_python if system.peer else Path(sys.executable)
    busy, started = _busy_share(), datetime.datetime.now(datetime.UTC)
    with ExitStack() as stack:
        processes = [stack.enter_context(_Process(python, cell, core, settings, arrays)) for core in cores]
        for process in processes:
            process.wait_until_ready()
        for process in processes:
            process.start_clock()
        results = [process.result() for process in processes]
    return {
        **asdict(cell),
        "started": started.isoformat(timespec="seconds"),
        "busy_before": round(busy, 3),
        "processes": results,
    }


def _make_arguments(system: System, cell: Cell, core: int | None, settings: Settings, arrays: Path) -> dict[str, Any]:
    work = Work(
        model=cell.model,
        precision=cell.precision,
        epochs=min(settings.epochs[cell.model], system.epochs or settings.epochs[cell.model]),
        share=settings.shares[cell.model],
        threads=0 if core is None else 1,
        loading_workers=system.loading_workers,
        data=str(arrays),
    )
    return {"module": system.module, "core": core, "work": asdict(work)}


class _Process:
    """A worker, killed on leaving the context and after a time limit."""

    def __init__(self, python: Path, cell: Cell, core: int | None, settings: Settings, arrays: Path):
        system = SYSTEMS[cell.system]
        arguments = _make_arguments(system, cell, core, settings, arrays)
        variables = {**os.environ, "PYTHONPATH": str(ROOT), **dict(system.variables)}
        if core is not None:
            variables |= {"OMP_NUM_THREADS": "1", **dict(system.packed_variables)}
        self.title = f"{cell.system} {cell.precision} {cell.mode} on {cell.model}"
        self.errors: IO[str] = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed on leaving)
        self.child = subprocess.Popen(
            [str(python), "-m", "benchmarks.speed.worker", json.dumps(arguments)],
            cwd=ROOT,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.questions, self.answers = self.child.stdin, self.child.stdout
        self.alarm = threading.Timer(TIME_LIMIT_SEC, self.child.kill)

    def __enter__(self) -> "_Process":
        self.alarm.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.alarm.cancel()
        self.child.kill()
        self.child.wait()
        self.errors.close()

    def wait_until_ready(self) -> None:
        self._read_line()

    def start_clock(self) -> None:
        self.questions.write("go\n")
        self.questions.flush()

    def result(self) -> dict[str, Any]:
        return json.loads(self._read_line())

    def _read_line(self) -> str:
        line = self.answers.readline()
        if line:
            return line
        self.child.wait()
        self.errors.seek(0)
        said = self.errors.read().strip().splitlines() or ["it said nothing"]
        raise MeasurementError(f"{self.title}: exit status {self.child.returncode}: {said[-1]}")


def _busy_share(seconds: float = 0.5) -> float:
    """Return how busy the machine is with other things, as a share of all its cores; 0 where Linux does not say."""
    try:
        before = _cpu_ticks()
        time.sleep(seconds)
        idle, total = (after - start for after, start in zip(_cpu_ticks(), before, strict=True))
    except OSError:
        return 0.0
    return 1 - idle / total if total else 0.0


def _cpu_ticks() -> tuple[int, int]:
    """Return idle and all ticks of all cores since the start; time stolen by other guests is not idle."""
    numbers = [int(text) for text in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return numbers[3] + numbers[4], sum(numbers)
