"""One process of a measurement: warms up, waits until all are ready, then trains against the clock.

Speaks with `measure` in lines: prints `ready` after the first epoch, reads a line, prints its result as JSON.
"""

import importlib
import importlib.metadata
import json
import os
import sys
import time
from typing import Any, TextIO

from benchmarks.speed.work import Work

LIBRARIES = ("tensorflow", "keras", "torch", "jax", "optax", "numpy")


class Clock:
    """What a system calls after each epoch; the first is the warm-up."""

    def __init__(self, parent: TextIO):
        self.parent = parent
        self.epoch_seconds: list[float] = []
        self.train_seconds: list[float] = []
        self.test_accuracy = 0.0
        self.started: float | None = None
        self.cpu_seconds = 0.0

    def __call__(self, train_seconds: float, test_accuracy: float) -> None:
        now = time.perf_counter()
        if self.started is None:
            print("ready", file=self.parent, flush=True)
            if not sys.stdin.readline():
                sys.exit("the benchmark that started this process has ended")
            self.cpu_started = time.process_time()
        else:
            self.cpu_seconds = time.process_time() - self.cpu_started
            self.epoch_seconds.append(now - self.started)
            self.train_seconds.append(train_seconds)
        self.test_accuracy = test_accuracy
        self.started = time.perf_counter()


def main(arguments: dict[str, Any], parent: TextIO) -> None:
    """Do the work of one process and print the result."""
    if arguments["core"] is not None:
        os.sched_setaffinity(0, {arguments["core"]})
    clock = Clock(parent)
    system = importlib.import_module(f"benchmarks.speed.{arguments['module']}")
    startup = system.run(Work(**arguments["work"]), clock)
    result = {
        "epoch_seconds": clock.epoch_seconds,
        "train_seconds": clock.train_seconds,
        "cpu_seconds": clock.cpu_seconds,
        "test_accuracy": clock.test_accuracy,
        "startup": startup,
        "versions": _versions(),
    }
    print(json.dumps(result), file=parent, flush=True)


def _versions() -> dict[str, str]:
    installed = {name: _version(name) for name in LIBRARIES}
    return {name: version for name, version in installed.items() if version}


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


if __name__ == "__main__":
    # What libraries print must not come among the lines that the parent reads.
    lines = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    main(json.loads(sys.argv[1]), lines)
