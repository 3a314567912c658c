"""The engine of a Ray cluster of two nodes on this machine, mostly with tasks that need no TensorFlow."""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
from engine_checks import EngineChecks
from workloads import Work, cores, count_starts, is_alive, pid_of, run, threads

from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import locate
from fashion_keras.errors import ConfigError
from fashion_keras.execution import LocalEngine, Outcome, RunTask, execute_run, ray_engine
from fashion_keras.execution.local import TASKS_PER_WORKER
from fashion_keras.execution.ray_engine import RayEngine
from fashion_keras.storage.runs import RunStore


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes of a core each; workers find the tests' modules."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)]))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        cluster.add_node(num_cpus=1)
        yield cluster
        ray.shutdown()
        cluster.shutdown()


@pytest.fixture(scope="module")
def engine(cluster: Any) -> RayEngine:
    return RayEngine(cluster.address)


class TestRayEngine(EngineChecks):
    pass


def test_worker_does_several_tasks_and_is_then_replaced(engine: RayEngine, tmp_path: Path) -> None:
    names = [str(number) for number in range(3 * TASKS_PER_WORKER)]
    pids = [pid for _, pid in run(engine, *(Work(name, tmp_path) for name in names)).values()]
    assert len(pids) == len(names)
    assert max(pids.count(pid) for pid in pids) <= TASKS_PER_WORKER
    assert len(set(pids)) <= 6, "each does several"


def raising(task: Work) -> Outcome:
    raise ValueError(f"no room for {task.name}\nat all")


def test_exception_in_a_task_is_one_line_and_not_tried_again(engine: RayEngine, tmp_path: Path) -> None:
    ((_, outcome),) = engine.run(raising, [Work("a", tmp_path)])
    assert outcome == Outcome("failed", "no room for a")


def settings(_: Work) -> Outcome:
    return Outcome("done", f"{os.environ['OMP_NUM_THREADS']} {signal.getsignal(signal.SIGINT) is signal.SIG_IGN}")


def test_worker_is_set_up_as_a_local_one(engine: RayEngine, tmp_path: Path) -> None:
    ((_, outcome),) = engine.run(settings, [Work("a", tmp_path)])
    ((_, local),) = LocalEngine(1).run(settings, [Work("a", tmp_path)])
    assert outcome.message == local.message == "1 True"


def test_tasks_of_more_threads_have_workers_of_their_own(cluster: Any, engine: RayEngine, tmp_path: Path) -> None:
    tasks = [Work(str(number), tmp_path, threads=number) for number in (2, 1)]
    with pytest.raises(ConfigError, match="a run of 2 threads needs a node with as many cores, the largest has 1"):
        list(engine.run(threads, tasks))
    node = cluster.add_node(num_cpus=2)
    try:
        one, two = (str(outcome.value).split() for _, outcome in engine.run(threads, tasks))
    finally:
        cluster.remove_node(node)
    assert (one[1], two[1]) == ("1", "2")
    assert one[0] != two[0]


def test_node_with_other_versions_refuses(engine: RayEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fashion_keras.config.identity.PROTOCOL_VERSION", 99)
    ((_, outcome),) = engine.run(cores, [Work("a", tmp_path)])
    assert outcome.status == "failed"
    assert "has another version of fashion-keras, Keras or TensorFlow installed" in outcome.message


def test_retry_waits_for_an_orphan_that_holds_the_lock(tmp_path: Path) -> None:
    answers = iter([Outcome("busy"), Outcome("busy"), Outcome("done")])
    identity = RunConfig().run_id

    def second_try(tries: int) -> str:
        return ray_engine._execute(lambda _: next(answers), None, 1, tries, identity).status

    handler = signal.getsignal(signal.SIGINT)
    try:
        assert second_try(1) == "busy", "another invocation has it: the caller decides"
        assert second_try(2) == "done"
    finally:
        signal.signal(signal.SIGINT, handler)


@pytest.mark.parametrize(
    "address", ["127.0.0.1:{port}", "ray://127.0.0.1:{port}", "no-such-host.invalid:6379", "nothing"]
)
def test_wrong_address_is_one_line_at_once(address: str, free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    address = address.format(port=free_port)
    started = time.monotonic()
    with pytest.raises(
        ConfigError, match=rf"^no Ray cluster at {address}: .*; start one with `ray start --head`"
    ) as error:
        RayEngine(address)
    assert "\n" not in str(error.value)
    assert time.monotonic() - started < 5


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_missing_ray_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"^--engine ray needs Ray: pip install 'fashion-keras\[ray\]'$"):
        RayEngine()


def test_other_version_of_the_cluster_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def init(**_: object) -> None:
        raise RuntimeError(
            "Version mismatch: The cluster was started with:\n    Ray: 2.40.0\nThis process:\n  Ray: 2.60.0"
        )

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(ray_engine, "_check_port", lambda _: None)
    with pytest.raises(ConfigError) as error:
        RayEngine("head:6379")
    assert str(error.value) == (
        "no Ray cluster at head:6379: Version mismatch: The cluster was started with: Ray: 2.40.0 "
        "This process: Ray: 2.60.0"
    )


@pytest.mark.slow
def test_run_is_bit_identical_to_a_local_workers(engine: RayEngine, tmp_path: Path, sample_dir: Path) -> None:
    config = RunConfig(epochs=2, data=locate(dataset=sample_dir).content_hash).with_changes(dropout_rate=0.3)
    found = []
    for name, each in (("ray", engine), ("local", LocalEngine(1))):
        store = RunStore(tmp_path / name)
        ((_, outcome),) = each.run(execute_run, [RunTask(config, store.root, locate(dataset=sample_dir))])
        assert outcome.status == "done"
        found.append([(store.find(config).path / file).read_bytes() for file in ("weights.npz", "predictions.npz")])
    assert found[0] == found[1]


def test_worker_of_a_killed_node_ends_and_its_task_is_done_elsewhere(
    cluster: Any, engine: RayEngine, tmp_path: Path
) -> None:
    # The last test, as a node less is left.
    (node,) = cluster.worker_nodes
    raylet = node.all_processes["raylet"][0].process
    orphans = []

    def kill_node() -> None:
        orphans.extend(pid for pid in (pid_of(tmp_path, name) for name in "ab") if parent_of(pid) == raylet.pid)
        raylet.kill()
        raylet.wait()

    killer = threading.Thread(target=kill_node)
    killer.start()
    outcomes = run(engine, Work("a", tmp_path, 2.0, awaits=("b",)), Work("b", tmp_path, 2.0, awaits=("a",)))
    killer.join()
    assert {status for status, _ in outcomes.values()} == {"done"}
    assert sorted(count_starts(tmp_path, name) for name in "ab") == [1, 2]
    assert [is_alive(pid) for pid in orphans] == [False]


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
