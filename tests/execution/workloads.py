"""Tasks for the engine's workers that need no TensorFlow. Spawned processes import them by name."""

import os
import resource
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from fashion_keras.execution import Engine, Outcome, RunTask, execute_run


@dataclass(frozen=True)
class Work:
    """A task that notes its start and then waits, or kills its worker.

    Attributes:
        name: What it is called in the notes.
        folder: Where it notes, a line for each start, its name in `started`; and its process in a file of its name.
        seconds: How long it takes.
        deaths: How many of its workers it kills before it ends well.
        awaits: Names of tasks that must have started before this one ends.
        threads: That its process has.
        device: That its process sees.
    """

    name: str
    folder: Path
    seconds: float = 0.0
    deaths: int = 0
    awaits: tuple[str, ...] = ()
    threads: int = 1
    device: str = "cpu"


def work(task: Work) -> Outcome:
    """Do what a task says; the message is the process that did."""
    (task.folder / task.name).write_text(str(os.getpid()))
    with (task.folder / "started").open("a") as file:
        file.write(f"{task.name}\n")
    for name in task.awaits:
        wait_until((task.folder / name).exists)
    time.sleep(task.seconds)
    if count_starts(task.folder, task.name) <= task.deaths:
        os.kill(os.getpid(), signal.SIGKILL)
    return Outcome("done", str(os.getpid()))


def run(engine: Engine, *tasks: Work) -> dict[str, tuple[str, str]]:
    """Status and message of each task."""
    return {task.name: (outcome.status, outcome.message) for task, outcome in engine.run(work, tasks)}


def starts(folder: Path) -> list[str]:
    """The names of the tasks in the order of their starts."""
    return (folder / "started").read_text().split()


def count_starts(folder: Path, name: str) -> int:
    """How often a task has started."""
    return starts(folder).count(name)


def cores(_: Work) -> Outcome:
    """Say which cores the worker may use."""
    return Outcome("done", str(sorted(os.sched_getaffinity(0))))


def visible_card(task: Work) -> Outcome[tuple[str | None, str | None]]:
    """Return which card the worker sees, and how it takes memory, once the tasks that it awaits have started."""
    work(task)
    names = ("CUDA_VISIBLE_DEVICES", "TF_FORCE_GPU_ALLOW_GROWTH")
    return Outcome("done", value=(os.environ.get(names[0]), os.environ.get(names[1])))


def threads(_: Work) -> Outcome[str]:
    """Return the process, and how many threads its libraries start."""
    return Outcome("done", value=f"{os.getpid()} {os.environ['OMP_NUM_THREADS']}")


def wait_until(condition, timeout_sec: float = 20.0) -> None:  # type: ignore[no-untyped-def]
    """Return as soon as a condition holds."""
    end = time.monotonic() + timeout_sec
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("waited in vain")
        time.sleep(0.02)


def pid_of(folder: Path, name: str) -> int:
    """Return the process of a task as soon as it has started."""
    wait_until(lambda: (folder / name).exists() and (folder / name).read_text() != "")
    return int((folder / name).read_text())


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # the latter where it ends between opening and reading
        return False


def run_without_room(task: RunTask) -> Outcome:
    """Execute a run on a disk that takes folders and empty files alone."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, most))
    return run_talking(task)


def run_talking(task: RunTask) -> Outcome:
    """Execute a run whose training prints in three ways and then fails."""

    def train_run(*_: object) -> None:
        print("printed")
        os.write(2, b"from below Python\n")
        os.system("echo by a child")
        raise ValueError("a first line\nand a second")

    training = ModuleType("fashion_keras.training.run")
    training.train_run = train_run  # type: ignore[attr-defined]
    sys.modules[training.__name__] = training
    return execute_run(task)
