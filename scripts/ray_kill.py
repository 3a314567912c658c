#!/usr/bin/env python3
"""Kills a worker and then a whole node of a Ray cluster in mid-run, and checks that it costs nothing but their runs.

A cluster of two nodes with a core each is started on this machine. The same comparison runs twice: locally, and on the
cluster, where first one worker in mid-run is killed by SIGKILL, later the second node with all its processes. Then
- only the runs that were hit may have been trained more than once, each once more,
- weights and predictions of every run must be equal bit for bit,
- the tables, as Markdown and CSV, must be equal byte for byte but for the columns that tell the time,
- no process may be left.

    scripts/ray_kill.py                                  a quick look at the initialisers: about two minutes
    scripts/ray_kill.py dropout --seeds 2 --epochs 5     another comparison, on the whole data

Sets up the virtual environment like the other scripts. The cluster takes free ports and, from Ray 2.52 on, asks for a
token of its own. The exit status is 0 where all is equal, else 1.
"""

import argparse
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from kill_and_resume import comparison_options, differences, find_python, say

PROJECT = Path(__file__).resolve().parent.parent
START_SEC = 60.0
TOKEN = secrets.token_hex(32)


def main() -> int:
    """Run both and compare."""
    options = parse_options()
    python = find_python(options)
    if subprocess.run([python, "-c", "import ray"], stderr=subprocess.DEVNULL).returncode:
        say(f"Ray is not installed: {python} -m pip install 'fashion-keras[ray]'")
        return 1
    folder = Path(tempfile.mkdtemp(prefix="ray-kill-"))
    command = [python, "-m", "fashion_keras", "run", options.name, *comparison_options(options)]
    cluster = Cluster(python, folder / "ray")
    try:
        say(f"{' '.join(command[1:])}\nin {folder}")
        problems = compare(command, folder, cluster)
    finally:
        cluster.stop()
    problems += ["processes are left"] if cluster.processes() else []
    for problem in problems:
        say(f"WRONG: {problem}")
    if problems:
        say(f"Everything is kept: {folder}")
        return 1
    say("Equal: weights, predictions and tables (times aside)")
    shutil.rmtree(folder)
    return 0


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    text, examples = (__doc__ or "").split("\n\n", 1)
    parser = argparse.ArgumentParser(
        description=text, epilog=examples, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("name", nargs="?", default="initializers", help="the comparison (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="seeds of each arm (default: %(default)s)")
    parser.add_argument("--epochs", type=int, help="epochs on the whole data, instead of a quick look")
    data = parser.add_mutually_exclusive_group()
    data.add_argument("--data-dir", help="as in `fashion-keras run`")
    data.add_argument("--dataset", help="as in `fashion-keras run`")
    parser.add_argument("--python", help="an interpreter that has the dependencies, instead of scripts/install's")
    parser.set_defaults(workers=None)
    return parser.parse_args()


def compare(command: list[str], folder: Path, cluster: "Cluster") -> list[str]:
    """Run locally and on the cluster; return what is wrong."""
    say("On this machine, for reference")
    local = Invocation(command, folder / "local")
    if problem := local.wait():
        return [problem]
    cluster.start_node(head=True)
    cluster.start_node()
    say(f"On a cluster of two nodes, {cluster.address}")
    invocation = Invocation([*command, "--engine", "ray", "--address", cluster.address], folder / "cluster")
    try:
        with Watch(cluster, invocation) as watch:
            hit = [kill_worker(watch), kill_node(watch)]
            problem = invocation.wait()
    except EndedEarlyError:
        return [f"it ended before both were killed: {invocation.last_line()}; give it more --seeds"]
    finally:
        invocation.kill()
    problems = [problem] if problem else differences(local.folder, invocation.folder)
    return [*problems, *repetitions(watch, hit)]


class EndedEarlyError(Exception):
    """Nothing was left to kill."""


class Invocation:
    """One invocation of `fashion-keras run` in a folder of its own, its output in a file."""

    def __init__(self, command: list[str], folder: Path):
        self.folder = folder
        self.store = folder / "runs" / "store"
        self.started = time.monotonic()
        folder.mkdir()
        with (folder / "output.txt").open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait(self) -> str:
        """Wait for its end; return what is wrong with it, or an empty text."""
        status = self.process.wait()
        say(f"  ended after {time.monotonic() - self.started:.0f} s, {num_finished(self.store)} runs finished")
        return f"it ended with status {status}: {self.last_line()}" if status else ""

    def last_line(self) -> str:
        """Return the last line that it said."""
        lines = (self.folder / "output.txt").read_text().strip().splitlines()
        return lines[-1] if lines else "nothing"

    def kill(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


class Cluster:
    """A Ray cluster on this machine. The processes of a node are a session of their own, by which they are found."""

    def __init__(self, python: str, folder: Path):
        self.ray = str(Path(python).with_name("ray"))
        self.folder = folder
        self.address = ""
        self.nodes: list[subprocess.Popen[bytes]] = []
        folder.mkdir()

    def start_node(self, head: bool = False) -> None:
        """Start the head node or another one, and wait until it is there."""
        command = [self.ray, "start", "--block", "--num-cpus=1", "--disable-usage-stats"]
        if head:
            port, client_port, dashboard_port = free_ports(3)
            self.address = f"127.0.0.1:{port}"
            command += ["--head", f"--port={port}", f"--ray-client-server-port={client_port}"]
            command += [f"--temp-dir={self.folder}", "--include-dashboard=false", f"--dashboard-port={dashboard_port}"]
        else:
            command += [f"--address={self.address}"]
        # Any free port, as another cluster may have the usual ones.
        command += ["--min-worker-port=0", "--max-worker-port=0", "--dashboard-agent-listen-port=0"]
        log = self.folder / f"node-{len(self.nodes)}.txt"
        with log.open("wb") as output:
            node = subprocess.Popen(
                command,
                cwd=self.folder,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.nodes.append(node)
        wait_until(lambda: "Ray runtime started" in log.read_text() or node.poll() is not None, START_SEC)
        if node.poll() is not None:
            raise SystemExit(f"ray start failed:\n{log.read_text()}")

    def processes(self, node: int | None = None) -> list[int]:
        """Return the living processes of a node, or of all."""
        sessions = {process.pid for process in (self.nodes if node is None else [self.nodes[node]])}
        return [pid for pid, session in living_processes() if session in sessions]

    def kill_node(self, node: int) -> int:
        """Kill every process of a node at once; return how many there were."""
        killed = self.processes(node)
        for pid in killed:
            kill(pid, signal.SIGKILL)
        self.nodes[node].wait()
        return len(killed)

    def stop(self) -> None:
        """Leave nothing behind."""
        for node in range(len(self.nodes)):
            while self.processes(node):  # one may be starting another
                self.kill_node(node)


class Watch:
    """Notes which process trains which run, as long as it is used as a context.

    Attributes:
        trainings: Pairs of process and run, each of which was seen.
    """

    def __init__(self, cluster: Cluster, invocation: Invocation):
        self.cluster = cluster
        self.invocation = invocation
        self.store = invocation.store
        self.trainings: set[tuple[int, str]] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.05):
            self.trainings |= set(self.running(self.cluster.processes()))

    def running(self, processes: list[int]) -> list[tuple[int, str]]:
        """Return which of some processes train, and what: a run's output goes to a file in its folder."""
        found = []
        for pid in processes:
            try:
                output = Path(f"/proc/{pid}/fd/1").readlink()
            except OSError:
                continue
            if output.parent.parent == self.store / "partial" and output.name == "log.txt":
                found.append((pid, output.parent.name))
        return found

    def catch(self, processes: Callable[[], list[int]], after: int) -> tuple[int, str]:
        """Wait until `after` runs are finished and one of the processes is in mid-run; return it, stopped, and its run.

        A stopped one cannot finish before it is killed.
        """
        while self.invocation.process.poll() is None:
            time.sleep(0.01)
            if num_finished(self.store) < after:
                continue
            for pid, run in self.running(processes()):
                kill(pid, signal.SIGSTOP)
                if (pid, run) in self.running([pid]) and has_trained(self.store, run):
                    self.trainings.add((pid, run))
                    return pid, run
                kill(pid, signal.SIGCONT)
        raise EndedEarlyError


def has_trained(store: Path, run: str) -> bool:
    """Whether a run that is not finished has an epoch behind it."""
    log = store / "partial" / run / "history.jsonl"
    try:
        return log.stat().st_size > 0
    except OSError:
        return False


def kill_worker(watch: Watch) -> str:
    """Kill a worker in mid-run; return its run."""
    pid, run = watch.catch(watch.cluster.processes, after=1)
    kill(pid, signal.SIGKILL)
    say(f"  {num_finished(watch.store)} runs are finished: killed the worker {pid} in mid-run of {run}")
    return run


def kill_node(watch: Watch) -> str:
    """Kill the second node in mid-run; return its run."""
    _, run = watch.catch(lambda: watch.cluster.processes(1), after=num_finished(watch.store) + 1)
    count = watch.cluster.kill_node(1)
    say(f"  {num_finished(watch.store)} runs are finished: killed all {count} processes of a node in mid-run of {run}")
    return run


def repetitions(watch: Watch, hit: list[str]) -> list[str]:
    """Say which runs were trained more than once; return those for which there is no reason."""
    times = Counter(run for _, run in watch.trainings)
    say(f"  trained: {len(times)} runs, once each but for")
    problems = []
    for run, count in sorted(times.items()):
        allowed = 1 + hit.count(run)
        if count > 1:
            say(f"    {run}: {count} times, killed {hit.count(run)} times")
        if count != allowed:
            problems.append(f"{run} was trained {count} times, not {allowed}")
    return problems


def num_finished(store: Path) -> int:
    """Return how many runs a store has."""
    return len(list(store.glob("runs/*/result.json")))


def living_processes() -> Iterator[tuple[int, int]]:
    """Yield the processes of this machine with their sessions."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            # What follows the name in parentheses: state, parent, process group, session.
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            yield int(path.parent.name), int(fields[3])


def kill(pid: int, number: int) -> None:
    """Send a signal to a process that may have ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    """Return as soon as a condition holds, or after some seconds."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)


def environment() -> dict[str, str]:
    """Return the environment of every process: the package is this clone's, and Ray lets nobody else in."""
    ray = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN}
    return {**os.environ, "PYTHONPATH": str(PROJECT), **ray}


if __name__ == "__main__":
    sys.exit(main())
