"""The main job as whole programs: interrupted, killed, beside another of its kind, and for real."""

import csv
import io
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_run import rows

from fashion_keras.experiments.names import NAMES
from fashion_keras.experiments.registry import load_experiment


class Program:
    """The console command with a training that takes moments, see `untrained/sitecustomize.py`.

    Args:
        folder: Its current directory.
        dataset: Its data.
    """

    def __init__(self, folder: Path, dataset: Path):
        self.folder = folder
        self.trainings = folder / "trainings"
        tests = Path(__file__).parents[1]
        path = os.pathsep.join([str(tests / "untrained"), str(tests), *filter(None, sys.path)])
        self.environment = {**os.environ, "PYTHONPATH": path, "TRAININGS": str(self.trainings)}
        options = ["--dataset", str(dataset), "--seeds", "2", "--epochs", "4", "--workers", "2"]
        self.command = [sys.executable, "-m", "fashion_keras", "run", "initializers", *options]

    def start(self) -> "subprocess.Popen[str]":
        """Start it in a process group of its own."""
        return subprocess.Popen(
            self.command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self) -> str:
        """Run it to its end and return what it says."""
        process = self.start()
        output, errors = process.communicate(timeout=120)
        assert (process.returncode, errors) == (0, "")
        return output

    def trained(self, what: str = "end") -> list[str]:
        """The runs whose training began or ended, one entry each time."""
        lines = self.trainings.read_text().splitlines() if self.trainings.exists() else []
        return [line.split()[1] for line in lines if line.startswith(what)]

    def finished(self) -> dict[str, tuple[int, int]]:
        """The folders of finished runs, with what changes when one is made again."""
        folders = (self.folder / "runs" / "store" / "runs").glob("*")
        return {path.name: (path.stat().st_ino, (path / "result.json").stat().st_mtime_ns) for path in folders}

    def results(self) -> dict[str, str]:
        """The tables without what depends on the clock, by name."""
        folder = self.folder / "runs" / "initializers__epochs=4-sample"
        texts = {name: (folder / name).read_text() for name in ("table.md", "table.csv", "runs.csv")}
        return {name: without_times(text, name) for name, text in texts.items()}


def without_times(text: str, name: str) -> str:
    """Leave out the columns that tell the time; in Markdown the last one."""
    if name.endswith(".md"):
        assert "| minutes |\n" in text
        return re.sub(r" \| [^|]* \|\n", "\n", text)
    table = list(csv.reader(io.StringIO(text)))
    timeless = [place for place, title in enumerate(table[0]) if not re.search("minutes|seconds|finished_at", title)]
    return "\n".join(",".join(row[place] for place in timeless) for row in table)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, sample_dir: Path) -> Program:
    program = Program(tmp_path_factory.mktemp("undisturbed"), sample_dir)
    program.run()
    return program


def test_program_trains_each_run_once(undisturbed: Program) -> None:
    assert len(undisturbed.trained()) == len(set(undisturbed.trained())) == 8
    assert sorted(undisturbed.finished()) == sorted(undisturbed.trained())
    output = undisturbed.run()
    assert "8 runs: 8 in the store, 0 to train, 2 at a time" in output
    assert "\x1b" not in output


def test_two_programs_at_once_share_the_runs_and_both_end_with_the_whole_table(
    tmp_path: Path, sample_dir: Path, undisturbed: Program
) -> None:
    program = Program(tmp_path, sample_dir)
    processes = [program.start(), program.start()]
    ends = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], ends
    assert [errors for _, errors in ends] == ["", ""]
    assert len(program.trained("begin")) == len(set(program.trained("begin"))) == 8
    for output, _ in ends:
        assert "of 2 seeds" not in output, "every arm has both seeds"
        assert "(4 arms)" in output
    assert program.results() == undisturbed.results()


def test_program_killed_again_and_again_ends_in_the_same_table(
    tmp_path: Path, sample_dir: Path, undisturbed: Program
) -> None:
    program = Program(tmp_path, sample_dir)
    moments = random.Random(0)
    finished: dict[str, tuple[int, int]] = {}
    for _ in range(5):
        num_begun = len(program.trained("begin"))
        process = program.start()
        while len(program.trained("begin")) == num_begun and process.poll() is None:
            time.sleep(0.01)
        time.sleep(0.3 * moments.random())
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        now = program.finished()
        assert now.items() >= finished.items(), "no finished run was made again"
        finished = now
    assert len(program.trained("begin")) > len(program.trained("end")), "some kills hit a training"
    program.run()
    assert program.finished().items() >= finished.items()
    assert program.results() == undisturbed.results()
    assert not list((tmp_path / "runs" / "store" / "partial").iterdir())


def test_interrupted_program_ends_with_status_130_and_no_traceback(tmp_path: Path, sample_dir: Path) -> None:
    program = Program(tmp_path, sample_dir)
    process = program.start()
    while not program.finished():
        time.sleep(0.05)
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "")
    assert re.search(r"Interrupted after \d new runs?\. .* kept: the same command goes on from there\.", output)
    assert "to train" in program.run()


def test_nothing_warns_of_a_program_that_was_killed(tmp_path: Path, sample_dir: Path) -> None:
    program = Program(tmp_path, sample_dir)
    process = program.start()
    while not program.trained("begin"):
        time.sleep(0.05)
        assert process.poll() is None
    process.kill()  # it alone: its workers end with it
    _, errors = process.communicate(timeout=60)
    assert errors == ""


# And for real.


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, sample_dir: Path) -> tuple[Path, str]:
    """A quick look at the initialisers, trained: the folder, and what it said."""
    folder = tmp_path_factory.mktemp("real")
    return folder, look_quickly(folder, sample_dir, "initializers", "--seeds", "2")


def look_quickly(folder: Path, dataset: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "fashion_keras", "run", *arguments, "--quick", "--dataset", str(dataset)]
    process = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=program_environment())
    assert (process.returncode, process.stderr) == (0, "")
    return process.stdout


def program_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def test_quick_look_reaches_tables_curves_and_exports(real: tuple[Path, str]) -> None:
    folder, output = real
    results = folder / "runs" / "initializers__quick-sample"
    table = (results / "table.md").read_text()
    assert all(arm.name in table for arm in load_experiment("initializers").arms)
    assert "8 runs: 0 in the store, 8 to train" in output
    assert len(rows(results)) == 8
    assert list(results.glob("*.png"))
    exported = sorted(path.parent.parent.name for path in results.glob("saved_models/*/1/saved_model.pb"))
    assert exported == ["default", "he_uniform", "random_normal", "xavier_normal"]
    assert not (folder / "saved_models").exists(), "only an unmodified comparison exports there"


def test_second_look_trains_nothing_and_gives_the_same_bytes(real: tuple[Path, str], sample_dir: Path) -> None:
    folder, _ = real
    results = folder / "runs" / "initializers__quick-sample"
    before = {path.name: path.read_bytes() for path in results.glob("*.*")}
    runs = {path: path.stat().st_ino for path in (folder / "runs" / "store" / "runs").iterdir()}
    output = look_quickly(folder, sample_dir, "initializers", "--seeds", "2")
    assert "8 runs: 8 in the store, 0 to train" in output
    assert {path.name: path.read_bytes() for path in results.glob("*.*") if path.suffix in (".md", ".csv")} == {
        name: content for name, content in before.items() if name.endswith((".md", ".csv"))
    }
    assert {path: path.stat().st_ino for path in (folder / "runs" / "store" / "runs").iterdir()} == runs


@pytest.mark.slow
def test_quick_look_at_every_comparison_reaches_its_exports(tmp_path: Path, sample_dir: Path) -> None:
    look_quickly(tmp_path, sample_dir, "all")
    for name in NAMES:
        results = tmp_path / "runs" / f"{name}__quick-sample"
        assert (results / "table.md").is_file()
        exported = {path.parent.parent.name for path in results.glob("saved_models/*/1/saved_model.pb")}
        assert exported == {arm.name for arm in load_experiment(name).arms}
