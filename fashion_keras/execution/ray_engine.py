"""Ray engine: a cluster behind the interface of the local engine, with a store on a shared folder."""

import atexit
import logging
import os
import platform
import secrets
import shutil
import socket
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from fashion_keras._output import redirected
from fashion_keras.config.custom_code import add_folders, custom_folders
from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import ConfigError
from fashion_keras.execution.local import MAX_TRIES, TASKS_PER_WORKER, group_tasks, prepare_worker
from fashion_keras.execution.tasks import Outcome

__all__ = ["RayEngine"]

Task = TypeVar("Task")
Value = TypeVar("Value")

CONNECT_SEC = 10.0
POLL_SEC = 5.0
# A worker whose node manager was killed ends itself about a second later; until then it holds the lock of its run.
ORPHAN_SEC = 15.0
CANCEL_SEC = 10.0


class RayEngine:
    """Executes tasks on a Ray cluster.

    The tasks' paths must be absolute and mean the same on every node, as must the folder of a network of the user's
    own, and the package with the same TensorFlow and Keras be installed there; nothing is uploaded. Whoever reaches
    Ray's port can run programs on the cluster: trusted networks only. A Ray that is started here listens on the
    loopback alone.

    Args:
        address: `host:port` of the head node from a machine of the cluster, `ray://host:10001` from outside, `auto` for
            the cluster that this machine belongs to. None is the address in RAY_ADDRESS, or that cluster, or Ray
            started on this machine alone.

    Raises:
        ConfigError: Ray is not installed, or there is no cluster at the address.
    """

    def __init__(self, address: str | None = None):
        self._ray = _import_ray()
        _connect(self._ray, address or os.environ.get("RAY_ADDRESS"))
        self.workers = self._count_workers()
        self.cards: Sequence[str] = ()

    def run(
        self, function: Callable[[Task], Outcome[Value]], tasks: Sequence[Task]
    ) -> Iterator[tuple[Task, Outcome[Value]]]:
        """Yield each task with its outcome as it ends; a task whose worker or node dies is tried again elsewhere.

        Closing the iterator, or an exception in the caller, kills the workers.
        """
        for (threads, _), group in group_tasks(tasks).items():
            yield from self._run(function, group, threads)

    def _run(
        self, function: Callable[[Task], Outcome[Value]], tasks: Sequence[Task], threads: int
    ) -> Iterator[tuple[Task, Outcome[Value]]]:
        self._check_threads(threads)
        execute = self._remote(threads)
        identity = RunConfig().run_id
        # Retried here and not by Ray, which tries a task that runs out of memory for ever.
        queue = deque((task, 1) for task in tasks)
        pending: dict[Any, tuple[Task, int]] = {}
        try:
            while queue or pending:
                self.workers = workers = self._count_workers()  # nodes come and go
                # Twice as many as can run: no core waits, an autoscaler sees that there is more to do, and waiting
                # stays quick for any number of tasks.
                while queue and len(pending) < 2 * max(1, workers // threads):
                    task, tries = queue.popleft()
                    pending[execute.remote(function, task, threads, tries, identity, custom_folders())] = task, tries
                ready, _ = self._ray.wait(list(pending), num_returns=1, timeout=POLL_SEC)
                for reference in ready:
                    task, tries = pending.pop(reference)
                    outcome: Outcome[Value] | None = self._outcome_of(reference)
                    if outcome is None and tries < MAX_TRIES:
                        queue.appendleft((task, tries + 1))
                        continue
                    yield task, outcome or Outcome("failed", f"it died {tries} times (killed, or out of memory?)")
        finally:
            self._cancel(pending)

    def _remote(self, threads: int) -> Any:
        # A worker serves as many runs as a local one: Keras keeps memory, and TensorFlow's import takes seconds. Ray
        # chooses the node: told to spread, it let a retry wait 13 s for the node that had just died.
        options: dict[str, Any] = {"num_cpus": threads, "max_retries": 0, "max_calls": TASKS_PER_WORKER}
        if threads > 1:  # or a worker in which TensorFlow runs with one thread would be taken
            options["runtime_env"] = {"env_vars": {"OMP_NUM_THREADS": str(threads)}}
        return self._ray.remote(**options)(_execute)

    def _check_threads(self, threads: int) -> None:
        """Refuse what Ray would wait for without a word."""
        cores = [int(node["Resources"].get("CPU", 0)) for node in self._ray.nodes() if node["Alive"]]
        largest = max(cores, default=0)
        if threads > largest:
            raise ConfigError(f"a run of {threads} threads needs a node with as many cores, the largest has {largest}")

    def _count_workers(self) -> int:
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def _outcome_of(self, reference: Any) -> Outcome[Any] | None:
        """The outcome, or None where the process or the node died."""
        try:
            return self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            text = str(error.cause).strip().splitlines()[0]
            remedy = "; every node needs the package installed" if "No module named" in text else ""
            return Outcome("failed", text + remedy)
        except self._ray.exceptions.RayError:
            return None

    def _cancel(self, references: Iterable[Any]) -> None:
        """Kill what runs and wait until Ray says that it is gone: it holds the locks of its runs."""
        pending = list(references)
        for reference in reversed(pending):  # those that wait first, or they would take the place of one that is killed
            self._ray.cancel(reference, force=True)
        if pending:
            self._ray.wait(pending, num_returns=len(pending), timeout=CANCEL_SEC)


def _execute(
    function: Callable[[Task], Outcome[Value]],
    task: Task,
    threads: int,
    tries: int,
    identity: str,
    folders: Sequence[str] = (),
) -> Outcome[Value]:
    """Execute a task in a worker of Ray, set up as a local worker is, in one of several tries, counted from 1.

    The identity is the run id of the default configuration on the machine that asks: with other versions of Keras or
    TensorFlow here, runs would be stored under ids that nobody looks for.
    """
    prepare_worker(threads)
    add_folders(folders)
    if RunConfig().run_id != identity:
        return Outcome(
            "failed", f"the node {platform.node()} has another version of fashion-keras, Keras or TensorFlow installed"
        )
    outcome = function(task)
    end = time.monotonic() + ORPHAN_SEC
    while outcome.status == "busy" and tries > 1 and time.monotonic() < end:
        time.sleep(0.5)
        outcome = function(task)
    return outcome


def _import_ray() -> Any:
    # Read at the import. Ray would report usage to its makers, and under `uv run` upload the current directory.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    try:
        import ray
        import ray._private.worker
    except ImportError as error:
        raise ConfigError("--engine ray needs Ray: pip install 'fashion-keras[ray]'") from error
    # It would print pages when a worker or a node dies, whatever `log_to_driver` says; such a run is tried again.
    ray._private.worker._worker_logs_enabled = False
    return ray


def _connect(ray: Any, address: str | None) -> None:
    if ray.is_initialized():
        return
    try:
        _check_port(address)
        # Ray's C++ library writes to the terminal when it cannot connect; the exception says enough.
        finds_cluster = "://" in (address or "") or ray._private.services.canonicalize_bootstrap_address(address)
        options = {} if finds_cluster else _alone(ray)
        with Path(os.devnull).open("wb") as nothing, redirected(nothing, (2,)):
            ray.init(**{"address": address, "log_to_driver": False, "logging_level": logging.ERROR, **options})
    except (OSError, ValueError, RuntimeError, ray.exceptions.RayError) as error:
        where = f"no Ray cluster at {address}" if address else "Ray does not start"
        raise ConfigError(f"{where}: {_one_line(error)}{_remedy(error)}") from error


def _alone(ray: Any) -> dict[str, Any]:
    """Return the options of a Ray that this machine's other users cannot reach, and that leaves nothing behind.

    Its token is in this process's environment, which its owner alone reads: a file of Ray's is readable by all.
    """
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    # Ray takes the address of a network for 127.0.0.1, but where it believes that it cannot have several nodes.
    ray._private.ray_constants.ENABLE_RAY_CLUSTER = False
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # its sockets' names must be short
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # after the other: the last registered is the first
    atexit.register(ray.shutdown)
    options = {"address": "local", "_node_ip_address": "127.0.0.1", "include_dashboard": False}
    return {**options, "_temp_dir": f"{folder}/ray"}  # which Ray opens to everybody; above it is the owner's alone


def _remedy(error: Exception) -> str:
    if "mismatch" in str(error):
        return ""
    if "Failed to connect" in str(error):  # something listens there
        return "; is it Ray's port, and does the cluster ask for a token? Then set RAY_AUTH_MODE=token here, too"
    return "; start one with `ray start --head` and give its HOST:PORT"


def _check_port(address: str | None) -> None:
    """Find out at once whether anything listens: Ray would try for minutes."""
    host, colon, port = (address or "").removeprefix("ray://").rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_SEC).close()


def _one_line(error: BaseException) -> str:
    text = str(error.strerror if isinstance(error, OSError) and error.strerror else error)
    return " ".join(text.split()) or type(error).__name__
