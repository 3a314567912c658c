"""What local processes and a Ray cluster have in common, with tasks that need no TensorFlow."""

import multiprocessing
import time
from pathlib import Path

from workloads import Work, count_starts, is_alive, pid_of, run, starts, wait_until, work

from fashion_keras.execution import Engine
from fashion_keras.execution.local import MAX_TRIES


class EngineChecks:
    """Tests of any engine of two workers, which a fixture `engine` gives."""

    def test_workers_work_at_the_same_time_each_in_a_process_of_its_own(self, engine: Engine, tmp_path: Path) -> None:
        outcomes = run(engine, Work("a", tmp_path, awaits=("b",)), Work("b", tmp_path, awaits=("a",)))
        assert engine.workers == 2
        assert outcomes["a"][0] == outcomes["b"][0] == "done"
        assert outcomes["a"][1] != outcomes["b"][1]

    def test_no_tasks_need_no_workers(self, engine: Engine) -> None:
        assert list(engine.run(work, [])) == []
        assert multiprocessing.active_children() == []

    def test_dead_worker_costs_its_own_task_alone(self, engine: Engine, tmp_path: Path) -> None:
        outcomes = run(engine, Work("a", tmp_path, deaths=1), Work("b", tmp_path, seconds=1.5), Work("c", tmp_path))
        assert {status for status, _ in outcomes.values()} == {"done"}
        assert [count_starts(tmp_path, name) for name in "abc"] == [2, 1, 1]

    def test_task_that_kills_every_worker_is_given_up(self, engine: Engine, tmp_path: Path) -> None:
        outcomes = run(engine, Work("a", tmp_path, deaths=99), Work("b", tmp_path))
        assert outcomes["a"][0] == "failed"
        assert f"died {MAX_TRIES} times (killed, or out of memory?)" in outcomes["a"][1]
        assert outcomes["b"][0] == "done"
        assert count_starts(tmp_path, "a") == MAX_TRIES

    def test_closing_the_iterator_kills_the_workers(self, engine: Engine, tmp_path: Path) -> None:
        outcomes = engine.run(work, [Work("quick", tmp_path), *(Work(name, tmp_path, seconds=60) for name in "abc")])
        next(outcomes)
        pid = pid_of(tmp_path, "a")
        started = time.monotonic()
        outcomes.close()
        wait_until(lambda: not is_alive(pid))
        assert time.monotonic() - started < 8
        assert multiprocessing.active_children() == []
        assert set(starts(tmp_path)) <= {"quick", "a", "b"}, "what waited never starts"
