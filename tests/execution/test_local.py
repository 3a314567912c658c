"""The engine of local processes, with tasks that need no TensorFlow."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from engine_checks import EngineChecks
from workloads import Work, cores, count_starts, is_alive, pid_of, run, starts, threads, wait_until, work

from fashion_keras.execution import LocalEngine, local
from fashion_keras.execution.local import available_cores


@pytest.fixture
def engine() -> Iterator[LocalEngine]:
    with LocalEngine(2) as engine:
        yield engine


class TestLocalEngine(EngineChecks):
    pass


def test_one_worker_does_the_tasks_in_their_order(tmp_path: Path) -> None:
    names = ["c", "a", "b"]
    outcomes = run(LocalEngine(1), *(Work(name, tmp_path) for name in names))
    assert starts(tmp_path) == names
    assert list(outcomes) == names
    assert {status for status, _ in outcomes.values()} == {"done"}


def test_worker_that_dies_while_idle_is_replaced(tmp_path: Path) -> None:
    # The first worker is killed when it has nothing to do, and is asked again when the second has died.
    tasks = [Work("quick", tmp_path), Work("slow", tmp_path, seconds=1.0, deaths=1, awaits=("killed",))]
    outcomes = {}
    for task, outcome in LocalEngine(2).run(work, tasks):
        outcomes[task.name] = outcome.status
        if task.name == "quick":
            os.kill(int(outcome.message), signal.SIGKILL)
            wait_until(lambda pid=int(outcome.message): not is_alive(pid))
            (tmp_path / "killed").touch()
    assert outcomes == {"quick": "done", "slow": "done"}
    assert count_starts(tmp_path, "slow") == 2


def test_exception_in_the_caller_kills_the_workers(tmp_path: Path) -> None:
    def call() -> None:
        for _ in LocalEngine(2).run(work, [Work("quick", tmp_path), Work("slow", tmp_path, seconds=60)]):
            pid_of(tmp_path, "slow")  # it has begun
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        call()
    assert not is_alive(pid_of(tmp_path, "slow"))


def test_engine_leaves_other_children_alone(tmp_path: Path) -> None:
    other = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,))
    other.start()
    try:
        outcomes = LocalEngine(2).run(work, [Work("quick", tmp_path), Work("slow", tmp_path, seconds=60)])
        next(outcomes)
        outcomes.close()
        assert other.is_alive()
    finally:
        other.kill()
        other.join()


def test_workers_are_there_for_the_next_tasks_and_end_with_the_engine(tmp_path: Path) -> None:
    with LocalEngine(1) as engine:
        ((_, first),) = run(engine, Work("a", tmp_path)).values()
        ((_, second),) = run(engine, Work("b", tmp_path)).values()
        assert first == second
    assert not is_alive(int(first))


def test_worker_is_replaced_after_some_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "TASKS_PER_WORKER", 2)
    outcomes = run(LocalEngine(1), *(Work(name, tmp_path) for name in "abcde"))
    a, b, c, d, e = (pid for _, pid in outcomes.values())
    assert a == b
    assert c == d
    assert len({a, c, e}) == 3


def test_tasks_of_more_threads_have_processes_of_their_own(tmp_path: Path) -> None:
    tasks = [Work(str(number), tmp_path, threads=number) for number in (2, 1, 2, 1)]
    values = [str(outcome.value).split() for _, outcome in LocalEngine(2).run(threads, tasks)]
    assert [count for _, count in values] == ["1", "1", "2", "2"]
    assert not {pid for pid, count in values if count == "1"} & {pid for pid, count in values if count == "2"}


@pytest.mark.skipif(available_cores() < 2, reason="needs two cores")
def test_workers_have_cores_of_their_own_where_there_are_enough(tmp_path: Path) -> None:
    # Two tasks are enough for two workers; which does which does not matter.
    one, two = (outcome.message for _, outcome in LocalEngine(2).run(cores, [Work("a", tmp_path), Work("b", tmp_path)]))
    assert one != two
    too_many = LocalEngine(available_cores() + 1)
    outcomes = [outcome.message for _, outcome in too_many.run(cores, [Work("a", tmp_path)])]
    assert outcomes == [str(sorted(os.sched_getaffinity(0)))], "none is bound where cores are shared"


@pytest.mark.skipif(available_cores() < 2, reason="needs two cores")
def test_a_worker_that_is_to_be_alone_has_a_core_though_others_are_idle(tmp_path: Path) -> None:
    tasks = [Work("a", tmp_path)]
    (free,), (alone,) = (
        [outcome.message for _, outcome in engine.run(cores, tasks)]
        for engine in (LocalEngine(1), LocalEngine(1, alone=True))
    )
    mine = sorted(os.sched_getaffinity(0))
    assert (free, alone) == (str(mine), str(mine[:1]))


PROGRAM = """
import signal, sys
from pathlib import Path
from fashion_keras.execution import LocalEngine
from workloads import Work, work

{before}
folder = Path(sys.argv[1])
tasks = [Work("a", folder, seconds=float(sys.argv[2])), Work("b", folder, seconds=float(sys.argv[2]))]
print("begins", flush=True)
for task, outcome in LocalEngine(2).run(work, tasks):
    print(task.name, outcome.status, flush=True)
"""


@contextmanager
def program(folder: Path, seconds: float, before: str = "") -> Iterator["subprocess.Popen[str]"]:
    """Run two tasks in a program of its own, in a process group of its own; what is left of it ends with the block."""
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(before=before), str(folder), str(seconds)],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_program_ends_without_a_word_on_stderr(tmp_path: Path) -> None:
    with program(tmp_path, 0.1) as process:
        output, errors = process.communicate(timeout=60)
    assert sorted(output.splitlines()) == ["a done", "b done", "begins"]
    assert (process.returncode, errors) == (0, "")


def test_killed_program_takes_its_workers_along(tmp_path: Path) -> None:
    with program(tmp_path, 60) as process:
        pids = [pid_of(tmp_path, name) for name in "ab"]
        process.kill()
        wait_until(lambda: not any(is_alive(pid) for pid in pids))


def test_interrupt_reaches_the_program_and_not_its_workers(tmp_path: Path) -> None:
    # The terminal sends Ctrl-C to all of them. Here the program goes on: so must the tasks.
    with program(tmp_path, 1.0, before="signal.signal(signal.SIGINT, lambda *_: None)") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begins\n"
        while process.poll() is None and not (tmp_path / "a").exists():
            os.killpg(process.pid, signal.SIGINT)  # while the workers start, too
            time.sleep(0.03)
        os.killpg(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert sorted(output.splitlines()) == ["a done", "b done"]
    assert errors == ""
    assert sorted(starts(tmp_path)) == ["a", "b"], "each task started once"


def test_interrupted_program_kills_its_workers_and_says_nothing_of_them(tmp_path: Path) -> None:
    with program(tmp_path, 60) as process:
        pids = [pid_of(tmp_path, name) for name in "ab"]
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert not any(is_alive(pid) for pid in pids)
    assert errors.count("Traceback") == 1, "the program's own"
    assert errors.rstrip().endswith("KeyboardInterrupt")
