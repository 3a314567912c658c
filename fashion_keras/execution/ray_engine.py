"""A Ray cluster behind the interface of the local engine: the same tasks, the same store on a shared folder."""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from fashion_keras.errors import ConfigError
from fashion_keras.execution.local import MAX_TRIES, TASKS_PER_WORKER
from fashion_keras.execution.tasks import Outcome

Task = TypeVar("Task")


class RayEngine:
    """Executes tasks on a Ray cluster.

    The store's folder must be the same on every node, and the package installed there. Whoever reaches Ray's port can
    run programs on the cluster: trusted networks only.

    Args:
        address: `host:port` of the head node, `auto` for the cluster that this machine belongs to, or None to start
            Ray on this machine alone.
        threads: Threads of each run, and the cores that Ray reserves for it.

    Raises:
        ConfigError: Ray is not installed, or there is no cluster at the address.
    """

    def __init__(self, address: str | None = None, threads: int = 1):
        # Ray would report usage to its makers.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        self._ray = _import_ray()
        self.threads = threads
        try:
            self._ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, ignore_reinit_error=True)
        except (ConnectionError, ValueError, RuntimeError) as error:
            text = str(error).splitlines()[0]
            raise ConfigError(f"no Ray cluster at {address!r}: {text}; start one with `ray start --head`") from error
        self.workers = max(1, int(self._ray.cluster_resources().get("CPU", 1)) // threads)

    def run(self, function: Callable[[Task], Outcome], tasks: Sequence[Task]) -> Iterator[tuple[Task, Outcome]]:
        """Yield each task with its outcome as it ends; a task whose worker or node dies is tried again elsewhere.

        Closing the iterator, or an exception in the caller, cancels what is not done.
        """
        # A worker serves as many runs as a local one: Keras keeps memory, and TensorFlow's import takes seconds.
        remote = self._ray.remote(
            num_cpus=self.threads, max_retries=MAX_TRIES - 1, max_calls=TASKS_PER_WORKER, scheduling_strategy="SPREAD"
        )(function)
        pending = {remote.remote(task): task for task in tasks}
        try:
            while pending:
                ready, _ = self._ray.wait(list(pending), num_returns=1)
                for reference in ready:
                    yield pending.pop(reference), self._outcome_of(reference)
        finally:
            for reference in pending:
                self._ray.cancel(reference, force=True)

    def _outcome_of(self, reference: Any) -> Outcome:
        try:
            return self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            text = str(error).strip().splitlines()[0]
            return Outcome("failed", f"its process died {MAX_TRIES} times (killed, or out of memory?): {text}")


def _import_ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise ConfigError("--engine ray needs Ray: pip install 'fashion-keras[ray]'") from error
    return ray
