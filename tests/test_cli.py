"""The command line: what users mistype is one line and a status, never a traceback."""

import os
import platform
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from fashion_keras import cli
from fashion_keras.commands import run
from fashion_keras.data import fetching, sources
from fashion_keras.errors import ConfigError, DataError
from fashion_keras.experiments.names import ALL_NAMES, NAMES
from fashion_keras.experiments.registry import load_experiment

Mistake = Callable[..., str]


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty current directory, and no Fashion-MNIST on this machine."""
    (tmp_path / "current").mkdir()
    monkeypatch.chdir(tmp_path / "current")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv(sources.ENVIRONMENT_VARIABLE, raising=False)
    monkeypatch.setattr(fetching, "DEBIAN_FOLDER", tmp_path / "debian")


@pytest.fixture
def mistake(capsys: pytest.CaptureFixture[str]) -> Mistake:
    """Make a mistake: status 2, nothing written, and one line on stderr, which is returned."""

    def make(*arguments: str) -> str:
        before = sorted(Path.cwd().rglob("*"))
        try:
            status = cli.main(arguments)
        except SystemExit as exit_:
            status = exit_.code  # type: ignore[assignment]
        output, errors = capsys.readouterr()
        assert (status, output) == (2, "")
        assert errors.count("\n") == 1
        assert errors.startswith("fashion-keras")
        assert sorted(Path.cwd().rglob("*")) == before
        return errors

    return make


def test_list_names_every_comparison_with_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(ALL_NAMES)
    for name, line in zip(ALL_NAMES, lines, strict=True):
        assert load_experiment(name).title in line


def test_version_names_what_a_report_of_an_error_should(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        cli.main(["--version"])
    assert exit_.value.code == 0
    line = f"fashion-keras {version('fashion-keras')} (Python {platform.python_version()}, tensorflow"
    assert capsys.readouterr().out.startswith(line)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "initialisers"], "did you mean 'initializers'?"),
        (["run", "initializers", "--arms", "he_unifrom"], "did you mean 'he_uniform'?"),
        (["run", "initializers", "--arms", " , "], "must be names separated by commas"),
        (["run", "initializers", "dropout", "--arms", "default"], "--arms goes with one experiment"),
        (["run", "initializers", "--seeds", "0"], "--seeds: must be a whole number of at least 1, got '0'"),
        (["run", "initializers", "--seeds", "two"], "--seeds: must be a whole number of at least 1, got 'two'"),
        (["run", "initializers", "--epochs", "-3"], "--epochs: must be a whole number of at least 1, got '-3'"),
        (["run", "initializers", "--workers", "1.5"], "--workers: must be a whole number of at least 1, got '1.5'"),
        *((["run", "cnn", f"--shard={k}"], "must be K/N with K from 0") for k in ("8/8", "-1/8", "3/", "a/b", "1/0")),
        (["run", "initializers", "--seed", "3"], "unrecognized arguments: --seed"),
        (["run"], "the following arguments are required: NAME"),
        (["rnu"], "got 'rnu' (did you mean 'run'?)"),
        (["run", "cnn", "--sedes", "3"], "did you mean '--seeds'?"),
        (["run", "cnn", "--precision", "bfloat16"], "did you mean 'mixed_bfloat16'?"),
        (["report", "--publised=x"], "did you mean '--published'?"),
        ([], "the following arguments are required: COMMAND"),
        (["run", "initializers", "--data-dir", "nowhere"], "nowhere"),
        (["run", "initializers", "--dataset", "nowhere"], "nowhere"),
        (["data", "--dataset", "nowhere"], "nowhere"),
        (["run", "initializers", "--data-dir", ".", "--dataset", "."], "give one of them"),
        (["report", "initialisers"], "did you mean 'initializers'?"),
        (["report"], "`fashion-keras run NAME` makes one"),
        (["status", "--out=~/nowhere"], f"{Path.home() / 'nowhere' / 'store'} is no store"),
        (["report", "cnn"], "`fashion-keras run cnn` makes them"),
        (["report", "--published", "nowhere"], "nowhere holds no published comparison"),
        (["report", "cnn", "--publish"], "--publish takes every comparison, with its curves"),
        (["report", "--tables-only", "--publish"], "leave out names, --tables-only"),
        (["report", "--html", "--tables-only"], "leave out --tables-only"),
        (["report", "--html", "page.html", "--tensorboard", "logs"], "leave out --tables-only and --tensorboard"),
        (["report", "--publish"], "learning_rates"),
        (["tune", "fnc"], "did you mean 'fcn'?"),
        (["evaluate", "cn"], "did you mean 'cnn'?"),
        (["tune", "fcn", "--seed", "-1"], "--seed: must be a whole number of at least 0, got '-1'"),
        (["tune", "fcn", "--trials", "9" * 20], f"--trials: must be at most 10,000, got '{'9' * 20}'"),
        (["tune", "fcn", "--seed", "9" * 5000], "--seed: must be at most 10,000, got '999"),
        (["tune", "fcn", "--oracle", "gird"], "got 'gird'"),
        (["tune", "fcn", "--dataset", "nowhere"], "nowhere"),
        (["tune", "nowhere:space"], "there is no module nowhere"),
    ],
)
def test_mistake_is_one_line_that_says_what_is_right(mistake: Mistake, arguments: list[str], said: str) -> None:
    assert said in mistake(*arguments)


def test_dataset_that_is_a_file_is_one_line(mistake: Mistake, sample_dir: Path) -> None:
    assert "README.md" in mistake("run", "initializers", "--dataset", str(sample_dir / "README.md"))


def test_sample_is_not_taken_for_the_whole_data_set(mistake: Mistake, sample_dir: Path) -> None:
    assert "is not Fashion-MNIST" in mistake("run", "initializers", "--data-dir", str(sample_dir))


def test_out_that_is_a_file_is_one_line_and_keeps_the_file(mistake: Mistake, sample_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("here first")
    said = mistake("run", "initializers", "--quick", "--dataset", str(sample_dir), "--out", str(path))
    assert "a file is in the way; choose another folder with --out" in said
    assert path.read_text() == "here first"


def test_no_data_names_every_place_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "initializers", "--offline"]) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.startswith("fashion-keras: Fashion-MNIST was found nowhere")
    for place in ("cache", "debian", "keras", "--offline forbids it", "apt-get install", "--data-dir"):
        assert place in errors
    assert "Traceback" not in errors
    assert list(Path.cwd().iterdir()) == []


def test_debug_raises_the_error_itself() -> None:
    with pytest.raises(ConfigError):
        cli.main(["run", "initialisers", "--debug"])
    with pytest.raises(DataError):
        cli.main(["data", "--dataset", "nowhere", "--debug"])


def refuse(error: BaseException) -> Callable[[], int]:
    def command() -> int:
        raise error

    return command


def test_interrupt_is_status_130_without_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.guard(refuse(KeyboardInterrupt()), debug=False) == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("imported", "status"), [("fashion_keras.commands", -signal.SIGINT), ("rich.table", 130)])
def test_interrupt_leaves_no_traceback_while_modules_are_imported(imported: str, status: int) -> None:
    program = (
        "import os, signal, sys\n"
        "class Finder:\n"
        "    def find_spec(name, *_):\n"
        f"        if name == {imported!r}: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder)\n"
        "from fashion_keras.__main__ import start\n"
        "start()"
    )
    run = subprocess.run([sys.executable, "-c", program, "models"], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (status, "")


def test_error_in_the_program_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        cli.guard(refuse(ZeroDivisionError()), debug=False)


def test_what_the_system_refuses_is_a_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    for error, said in (
        (OSError(36, "File name too long", "a\nb"), "a\\nb: File name too long"),
        (OSError(28, "No space left on device"), "cannot read or write: No space left on device"),
    ):
        assert cli.guard(refuse(error), debug=False) == 2
        assert capsys.readouterr() == ("", f"fashion-keras: {said}\n")
        with pytest.raises(OSError, match=error.strerror):
            cli.guard(refuse(error), debug=True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_full_disk_under_the_output_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "fashion_keras", "list"]
        run = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (run.returncode, run.stderr) == (2, "fashion-keras: cannot read or write: No space left on device\n")


def test_closed_output_is_no_traceback() -> None:
    command = [sys.executable, "-m", "fashion_keras", "list"]
    run = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", *command], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")


# What only a process of its own shows.


def call(*words: str) -> "subprocess.CompletedProcess[str]":
    """Run Python with these arguments."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONUNBUFFERED": ""}
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, env=environment)


def test_dry_run_times_a_little_training(sample_dir: Path) -> None:
    options = ("--dry-run", "--seeds", "1", "--epochs", "2", "--workers", "1", "--dataset", str(sample_dir))
    run = call("-m", "fashion_keras", "run", "initializers", *options)
    assert (run.returncode, run.stderr) == (0, "")
    assert "About " in run.stdout
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize("name", ["fashion_keras.experiments.initializers", "fashion_keras.experiments"])
def test_comparisons_have_command_lines_of_their_own(name: str) -> None:
    run = call("-m", name, "--seeds", "0")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.count("\n") == 1
    assert "must be a whole number of at least 1" in run.stderr


MISTYPING = """
import sys
from fashion_keras import cli
from fashion_keras.commands import run

try:
    cli.main(["run", "--seedz", "3"])
except SystemExit:
    print([name for name in ("numpy", "rich", "keras", "tensorflow") if name in sys.modules])
"""


def test_mistake_is_told_before_anything_heavy_is_loaded() -> None:
    assert call("-c", MISTYPING).stdout == "[]\n"


LEAVING = """
import subprocess, sys

command = [sys.executable, "-m", "fashion_keras", "list"]
with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
    process.stdout.close()
sys.exit(process.returncode)
"""


def test_reader_of_the_output_may_leave_early() -> None:
    run = call("-c", LEAVING)
    assert (run.returncode, run.stderr) == (1, "")


def test_all_stands_for_the_comparisons_of_the_report_wherever_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    monkeypatch.setattr(run, "run_given", lambda experiments, _: ran.extend(each.name for each in experiments) or 0)
    assert cli.main(["run", "precision_fcn", "initializers", "all", "initializers"]) == 0
    assert ran == ["precision_fcn", "initializers", *(name for name in NAMES if name != "initializers")]
