#!/usr/bin/env python3
"""Kills a comparison again and again, starts it again, and checks that it ends as if it had never been disturbed.

The same comparison runs twice, in two folders: once in peace, once with its whole process group killed by SIGKILL at
random moments, and in between only one of its workers. Then
- no run that was finished before a kill may have been trained again,
- weights and predictions of every run must be equal bit for bit,
- the tables, Markdown and CSV, must be equal byte for byte but for the columns that tell the time,
- no process may be left.

    scripts/kill_and_resume.py                                  a quick look at the initialisers: two to three minutes
    scripts/kill_and_resume.py dropout --seeds 2 --epochs 5     another comparison, on the whole data

Sets up the virtual environment like the other scripts. The exit status is 0 where all is equal, else 1.
"""

import argparse
import csv
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
CLOCK_COLUMNS = re.compile("minutes|seconds|finished_at")


def main() -> int:
    """Run both and compare."""
    options = parse_options()
    folder = Path(tempfile.mkdtemp(prefix="kill-and-resume-"))
    command = [find_python(options), "-m", "fashion_keras", "run", options.name, *comparison_options(options)]
    peaceful, disturbed = Invocations(command, folder / "peaceful"), Invocations(command, folder / "disturbed")
    try:
        say(f"{' '.join(command[1:])}\nin {folder}")
        say("Undisturbed, for reference")
        duration = peaceful.finish()
        problems = peaceful.problems
        if not problems:
            disturb(disturbed, options.kills, duration, random.Random(options.random_seed))
            problems = disturbed.problems or differences(peaceful.folder, disturbed.folder)
    finally:
        peaceful.kill_all()
        disturbed.kill_all()
    for problem in problems:
        say(f"WRONG: {problem}")
    if problems:
        say(f"Both folders are kept: {folder}")
        return 1
    say("Equal: weights, predictions and tables (times aside); no finished run was trained again, no process is left")
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
    parser.add_argument("--kills", type=int, default=5, help="how often to kill (default: %(default)s)")
    parser.add_argument("--epochs", type=int, help="epochs on the whole data, instead of a quick look")
    parser.add_argument("--workers", type=int, help="as in `fashion-keras run`")
    data = parser.add_mutually_exclusive_group()
    data.add_argument("--data-dir", help="as in `fashion-keras run`")
    data.add_argument("--dataset", help="as in `fashion-keras run`")
    parser.add_argument("--random-seed", type=int, default=0, help="fixes the moments (default: %(default)s)")
    parser.add_argument("--python", help="an interpreter that has the dependencies, instead of scripts/install's")
    return parser.parse_args()


def comparison_options(options: argparse.Namespace) -> list[str]:
    """Return what is passed on to `fashion-keras run`."""
    arguments = ["--seeds", str(options.seeds)]
    arguments += ["--quick"] if options.epochs is None else ["--epochs", str(options.epochs)]
    arguments += [] if options.workers is None else ["--workers", str(options.workers)]
    for name, folder in (("--data-dir", options.data_dir), ("--dataset", options.dataset)):
        arguments += [name, str(Path(folder).resolve())] if folder else []
    return arguments


def find_python(options: argparse.Namespace) -> str:
    """Return an interpreter that has the dependencies, after setting it up where that is to be done."""
    if options.python:
        return options.python
    subprocess.run([PROJECT / "scripts" / "install"], check=True)
    return str((PROJECT / os.environ.get("VENV", ".venv")).resolve() / "bin" / "python")


def say(text: str) -> None:
    """Print a line, at once."""
    print(text, flush=True)


class Invocations:
    """Invocations of one command in one folder, one after another, each in a process group of its own.

    Attributes:
        folder: Their current directory.
        problems: What should not have happened.
    """

    def __init__(self, command: list[str], folder: Path):
        self.command = command
        self.folder = folder
        self.problems: list[str] = []
        self.finished: dict[str, tuple[int, str]] = {}
        self.groups: list[int] = []
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir()

    def start(self) -> None:
        """Start one; what it says goes to a file."""
        environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
        with (self.folder / f"output-{len(self.groups)}.txt").open("wb") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.groups.append(self.process.pid)

    def is_running(self, seconds: float) -> bool:
        """Wait some seconds, or until it ends; return whether it still runs."""
        assert self.process is not None
        try:
            self._note_end(self.process.wait(seconds))
        except subprocess.TimeoutExpired:
            return True
        return False

    def finish(self) -> float:
        """Wait for its end, after starting one where none runs; return the seconds."""
        started = time.monotonic()
        if self.process is None:
            self.start()
        assert self.process is not None
        self._note_end(self.process.wait())
        duration = time.monotonic() - started
        self.check_finished()
        say(f"  ended after {duration:.0f} s, {len(self.finished)} runs finished")
        self._check_processes()
        return duration

    def _note_end(self, status: int) -> None:
        if status != 0:
            output = (self.folder / f"output-{len(self.groups) - 1}.txt").read_text().strip().splitlines()
            self.problems.append(f"it ended with status {status}: {output[-1] if output else 'without a word'}")
        self.process = None

    def kill_group(self) -> None:
        """Kill it with all its workers."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def kill_worker(self, moments: random.Random) -> bool:
        """Kill one of its workers, if it has any just now; it goes on."""
        assert self.process is not None
        workers = [pid for pid in members(self.process.pid) if b"spawn_main" in read(f"/proc/{pid}/cmdline")]
        if workers:
            os.kill(moments.choice(workers), signal.SIGKILL)
        return bool(workers)

    def check_finished(self) -> int:
        """Look at the finished runs: those known before must be untouched. Return how many are new."""
        found = {}
        for path in self.folder.glob("runs/store/runs/*/result.json"):
            found[path.parent.name] = (path.parent.stat().st_ino, json.loads(path.read_text())["finished_at"])
        for name, mark in self.finished.items():
            if found.get(name) != mark:
                self.problems.append(f"{name} was finished and was trained again")
        num_new = len(found) - len(self.finished)
        self.finished = found
        return num_new

    def _check_processes(self) -> None:
        """Note processes that are left; a worker whose parent was killed has a moment to see that."""
        end = time.monotonic() + 5
        while any(members(group) for group in self.groups):
            if time.monotonic() > end:
                self.problems.append("it left processes behind")
                return
            time.sleep(0.1)

    def kill_all(self) -> None:
        """Leave nothing behind."""
        for group in self.groups:
            if members(group):
                os.killpg(group, signal.SIGKILL)


def members(group: int) -> list[int]:
    """Return the living processes of a process group."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        # What follows the name in parentheses: state, parent, process group.
        fields = read(path).rpartition(b")")[2].split()
        if fields and int(fields[2]) == group and fields[0] != b"Z":
            found.append(int(path.parent.name))
    return sorted(found)


def read(path: str | Path) -> bytes:
    """Return what is in a file, nothing where it is gone."""
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


def disturb(invocations: Invocations, num_kills: int, duration: float, moments: random.Random) -> None:
    """Kill `num_kills` times, then let it end.

    Args:
        invocations: What to disturb.
        num_kills: Every second one hits a worker alone, the others everything.
        duration: Seconds that it takes undisturbed. It is divided among the kills, so that runs are left for the last.
        moments: Draws the moments and the workers.
    """
    say(f"With {num_kills} kills")
    number, latest = 1, max(1.0, duration / num_kills)
    while number <= num_kills:
        if invocations.process is None:
            invocations.start()
        wait = moments.uniform(0.5, latest)
        if not invocations.is_running(wait):
            say(f"  all runs were finished after {number - 1} kills")
            return
        if number % 2:
            invocations.kill_group()
        elif not invocations.kill_worker(moments):
            continue  # it was between two workers
        deed = "everything" if number % 2 else "a worker"
        say(f"  kill {number}, {wait:.1f} s later: {deed}; {invocations.check_finished()} more runs were finished")
        number += 1
    invocations.finish()


def differences(expected: Path, found: Path) -> list[str]:
    """Return what is not equal in two folders of results."""
    problems = []
    for path in sorted(expected.glob("runs/*/*")):
        if path.suffix in (".md", ".csv"):
            other = found / path.relative_to(expected)
            texts = [without_times(read(each).decode(), path.suffix) for each in (path, other)]
            say(f"  {path.name}: {len(texts[0].splitlines())} lines without the times")
            problems += [f"{other} is another"] if texts[0] != texts[1] else []
    for name in ("weights.npz", "predictions.npz"):
        runs = sorted(path.relative_to(expected) for path in expected.glob(f"runs/store/runs/*/{name}"))
        say(f"  {name}: of {len(runs)} runs")
        problems += [f"{path} is another" for path in runs if read(expected / path) != read(found / path)]
    return problems


def without_times(text: str, suffix: str) -> str:
    """Return a table without the columns that tell the time; in Markdown that is the last one."""
    if suffix == ".md":
        return re.sub(r" \| [^|]* \|\n", "\n", text)
    rows = list(csv.reader(io.StringIO(text))) or [[]]
    timeless = [place for place, title in enumerate(rows[0]) if not CLOCK_COLUMNS.search(title)]
    return "\n".join(",".join(row[place] for place in timeless) for row in rows)


if __name__ == "__main__":
    sys.exit(main())
