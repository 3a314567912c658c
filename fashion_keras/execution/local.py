"""Local processes: one single-threaded worker per core, each serving several tasks before it is replaced."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for_sentinel
from typing import Any, Protocol, Self, TypeVar

from fashion_keras.errors import ConfigError
from fashion_keras.execution.spawning import CONTEXT, show_card, start_quiet_tracker
from fashion_keras.execution.tasks import Outcome

__all__ = ["MAX_TRIES", "TASKS_PER_WORKER", "Engine", "LocalEngine", "available_cores", "group_tasks", "prepare_worker"]

Task = TypeVar("Task")
Value = TypeVar("Value")

# Keras keeps some memory of every model that was fitted, so that a worker is replaced after a number of runs; importing
# TensorFlow costs seconds, so that it is not replaced after each.
TASKS_PER_WORKER = 12
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
MAX_TRIES = 3


class Engine(Protocol):
    """Executes tasks, wherever.

    Attributes:
        workers: Tasks of one thread at a time.
        cards: What tasks on cards are given.
    """

    workers: int
    cards: Sequence[str]

    def run(
        self, function: Callable[[Task], Outcome[Value]], tasks: Sequence[Task]
    ) -> Iterator[tuple[Task, Outcome[Value]]]:
        """Yield each task with its outcome as it ends; closing the iterator ends what is not done.

        A task may say as `threads` how many it needs; they are done after those that need fewer.
        """
        ...


class LocalEngine:
    """Executes tasks in spawned processes, which wait for more when they are done: TensorFlow's import takes seconds.

    Args:
        workers: Processes of one thread at a time; of tasks with more threads, as many fewer.
        alone: Nothing else is to run beside them: they are pinned to cores of their own though they leave others idle.
        cards: The graphics cards for tasks whose `device` is `"gpu"`, see `find_cards`; other tasks see none.

    A worker that dies (killed, out of memory) costs its own task alone, which is tried again. Used as a context, it
    ends the workers; else they end with the engine.
    """

    def __init__(self, workers: int, alone: bool = False, cards: Sequence[str] = ()):
        self.workers = workers
        self.alone = alone
        self.cards = cards
        self._slots: list[_Slot] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(
        self, function: Callable[[Task], Outcome[Value]], tasks: Sequence[Task]
    ) -> Iterator[tuple[Task, Outcome[Value]]]:
        """Yield each task with its outcome as it ends; tasks of equal threads start in their order.

        Closing the iterator, or an exception in the caller, kills the workers.
        """
        for kind, group in group_tasks(tasks).items():
            try:
                yield from _run(function, group, self._find_slots(kind, len(group)))
            except BaseException:  # GeneratorExit, too
                self.close()
                raise

    def close(self) -> None:
        """Kill the workers."""
        while self._slots:
            self._slots.pop().close()

    def _find_slots(self, kind: tuple[int, str], most: int) -> list["_Slot"]:
        """Return the places of workers of a kind; those of another end, for they have its cores or cards."""
        threads, device = kind
        if device == "gpu" and not self.cards:
            raise ConfigError("a run with device='gpu' needs a card: say --device gpu")
        if any(slot.kind != kind for slot in self._slots):
            self.close()
        number = min(max(1, self.workers // threads), most)
        for place in range(len(self._slots), number):
            card = self.cards[place % len(self.cards)] if device == "gpu" else None
            self._slots.append(_Slot(kind, self._cores(place, threads) if card is None else (), card))
        return self._slots[:number]

    def _cores(self, number: int, threads: int) -> tuple[int, ...]:
        """The cores of one worker, or none where the workers do not take up exactly all of them and are not alone.

        With fewer, two invocations side by side would pin their workers to the same cores.
        """
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        needed = max(1, self.workers // threads) * threads
        if needed > len(cores) or (needed < len(cores) and not self.alone):
            return ()
        return tuple(cores[number * threads : (number + 1) * threads])


def group_tasks(tasks: Sequence[Task]) -> dict[tuple[int, str], list[Task]]:
    """Return the tasks by the threads that they need, ascending, and their device: both are for a process's life."""
    groups: dict[tuple[int, str], list[Task]] = {}
    for task in tasks:
        groups.setdefault((getattr(task, "threads", 1), getattr(task, "device", "cpu")), []).append(task)
    return dict(sorted(groups.items()))


def _run(
    function: Callable[[Task], Outcome[Value]], tasks: Sequence[Task], slots: Sequence["_Slot"]
) -> Iterator[tuple[Task, Outcome[Value]]]:
    queue = deque((task, 1) for task in tasks)
    running: dict[Future[Outcome[Value]], tuple[_Slot, Task, int]] = {}
    while queue or running:
        busy = {slot for slot, _, _ in running.values()}
        for slot in slots:
            if slot not in busy and queue:
                task, tries = queue.popleft()
                running[slot.submit(function, task)] = (slot, task, tries)
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            slot, task, tries = running.pop(future)
            outcome = _outcome_of(future)
            if outcome is None:
                slot.close()
                if tries < MAX_TRIES:
                    queue.appendleft((task, tries + 1))
                    continue
                outcome = Outcome("failed", f"its process died {tries} times (killed, or out of memory?)")
            yield task, outcome


class _Slot:
    """A place for one worker. A pool of one each: the standard pool gives up all its tasks when one worker dies."""

    def __init__(self, kind: tuple[int, str], cores: tuple[int, ...], card: str | None):
        self.kind, self.cores, self.card = kind, cores, card
        self.pool: ProcessPoolExecutor | None = None

    def submit(self, function: Callable[..., Value], *arguments: Any) -> Future[Value]:
        start_quiet_tracker()  # before: where it starts, it lets interrupts through again
        with _interrupts_blocked():
            try:
                return self._started().submit(function, *arguments)
            except BrokenProcessPool:  # the worker died while it had nothing to do
                self.close()
                return self._started().submit(function, *arguments)

    def _started(self) -> ProcessPoolExecutor:
        if self.pool is None:
            self.pool = ProcessPoolExecutor(
                1,
                mp_context=CONTEXT,
                initializer=prepare_worker,
                initargs=(self.kind[0], self.cores, self.card),
                max_tasks_per_child=TASKS_PER_WORKER,
            )
        return self.pool

    def close(self) -> None:
        """Kill the worker: it holds nothing, and would take its time to unload TensorFlow."""
        pool, self.pool = self.pool, None
        if pool is not None:
            for process in list((pool._processes or {}).values()):
                process.kill()
            pool.shutdown(wait=True, cancel_futures=True)


def _outcome_of(future: Future[Outcome[Value]]) -> Outcome[Value] | None:
    """The outcome, or None where the process died."""
    try:
        return future.result()
    except BrokenProcessPool:
        return None


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Block Ctrl-C: processes and threads that start now inherit that, and would answer it with a traceback."""
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def prepare_worker(threads: int, cores: tuple[int, ...] = (), card: str | None = None) -> None:
    """Set up a process for runs: its `threads`, `cores` and `card`, quiet libraries, an end with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle.
    _end_with_parent()
    os.environ.update(dict.fromkeys(_THREADS, str(threads)))
    show_card(card)
    if cores:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, cores)


def _end_with_parent() -> None:
    """A worker whose parent was killed would train on, and hold the lock of its run."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait_for_sentinel([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
