"""The command's refusals, and its end by Ctrl-C."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from fashion_keras import cli
from fashion_keras.commands import demo as command
from fashion_keras.commands.demo import _read_test_set
from fashion_keras.data import Dataset
from fashion_keras.demo import server
from fashion_keras.errors import DataError
from fashion_keras.inference.info import ModelInfo


def message_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the one line that a refused command says."""
    assert cli.main(["demo", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    return line


def test_missing_extra_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "MODULES", ("json", "no_such_module"))
    expected = "fashion-keras: demo needs no_such_module; pip install 'fashion-keras[demo]'"
    assert message_of(capsys) == expected


@pytest.mark.usefixtures("installed")
def test_taken_port_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert message_of(capsys, "--port", str(port)) == (
            f"fashion-keras: port {port} is taken by another program; choose another with --port, "
            "or --port 0 for any free one"
        )


@pytest.mark.parametrize("port", ["-1", "65536", "http", "²"])
def test_port_must_be_one(capsys: pytest.CaptureFixture[str], port: str) -> None:
    with pytest.raises(SystemExit):
        cli.main(["demo", f"--port={port}"])
    assert f"must be a whole number from 0 to 65535, got {port!r}" in capsys.readouterr().err


class AnyModel:
    info = ModelInfo.of(Path("mine"), {})
    image_shape = (28, 28, 1)
    class_names = tuple("abcdefghij")


def read_test_set(dataset: Path | None, image_size: tuple[int, int] | None = None) -> tuple[object, str]:
    options = argparse.Namespace(model="mine", data_dir=None, dataset=dataset, image_size=image_size)
    return _read_test_set(options, AnyModel())  # type: ignore[arg-type]


def test_absent_data_is_said_and_wrong_data_refused(
    sample_dir: Path, sample_dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASHION_KERAS_DATA", str(tmp_path))
    nearest, missing = read_test_set(None)
    assert nearest is None
    assert missing == "no test set is on this machine; `fashion-keras data` fetches Fashion-MNIST"
    with pytest.raises(DataError, match="has other images or classes than mine"):
        read_test_set(sample_dir)
    monkeypatch.setattr(AnyModel, "class_names", sample_dataset.class_names)
    assert len(read_test_set(sample_dir)[0]) == 200  # type: ignore[arg-type]
    with pytest.raises(DataError, match="--image-size goes with a folder of pictures"):
        read_test_set(sample_dir, (28, 28))
    with pytest.raises(DataError, match="--image-size scales the pictures of your own data"):
        read_test_set(None, (28, 28))
    monkeypatch.setattr(AnyModel, "info", ModelInfo.of(Path("mine"), {"run": {"data": {"content_hash": "of digits"}}}))
    assert read_test_set(None) == (None, "name the data of mine with --dataset")


@pytest.mark.parametrize(
    ("is_terminal", "environment", "opened"),
    [
        (True, {"DISPLAY": ":0"}, 1),
        (False, {"DISPLAY": ":0"}, 0),
        (True, {"DISPLAY": ":0", "CI": "1"}, 0),
        (True, {}, 0),
    ],
)
def test_browser_is_opened_for_a_person_alone(
    is_terminal: bool, environment: dict[str, str], opened: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses: list[str] = []
    monkeypatch.setattr("webbrowser.open", addresses.append)
    monkeypatch.setattr("os.environ", environment)
    monkeypatch.setattr("sys.stdout.isatty", lambda: is_terminal, raising=False)
    server.open_browser("http://127.0.0.1:1/")
    assert len(addresses) == opened


@pytest.mark.usefixtures("installed")
def test_ctrl_c_ends_it_without_complaint(sample_dir: Path) -> None:
    command = [sys.executable, "-m", "fashion_keras", "demo", "fcn", "--port", "0", "--dataset", str(sample_dir)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}, **pipes) as process:  # type: ignore[call-overload]
        line = process.stdout.readline()
        assert line.startswith("fcn is at http://127.0.0.1:"), process.stderr.read()
        with urllib.request.urlopen(line.split()[3]) as response:
            assert b"Try the model" in response.read()
        process.send_signal(signal.SIGINT)
        rest, complaints = process.communicate(timeout=60)
    assert (process.returncode, rest, complaints) == (0, "Stopped.\n", "")
