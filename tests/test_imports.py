"""What answers at once must not import TensorFlow: a process of its own imports it and says what it has loaded."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from fashion_keras import commands

HEAVY = "print(sorted({'tensorflow', 'keras', 'keras_tuner'} & set(sys.modules)), file=sys.stderr)"

# What reads, plans and reports; the parent of the training processes is among it.
LIGHT_MODULES = (
    "fashion_keras",
    "fashion_keras.cli",
    "fashion_keras.storage.comparison",
    "fashion_keras.config.run_config",
    "fashion_keras.data",
    "fashion_keras.demo.prediction",
    "fashion_keras.demo.server",
    "fashion_keras.statistics.classifier",
    "fashion_keras.execution",
    "fashion_keras.export",
    "fashion_keras.export.formats",
    "fashion_keras.inference.classifier",
    "fashion_keras.export.trained",
    "fashion_keras.experiments",
    "fashion_keras.workflows.tune_arms",
    "fashion_keras.workflows.list_models",
    "fashion_keras.workflows.publish",
    "fashion_keras.reporting",
    "fashion_keras.results",
    "fashion_keras.workflows.judge_results",
    "fashion_keras.reporting.html",
    "fashion_keras.workflows.report",
    "fashion_keras.storage.results",
    "fashion_keras.workflows.run",
    "fashion_keras.inference.shipped",
    "fashion_keras.statistics",
    "fashion_keras.storage.runs",
    "fashion_keras.reporting.tensorboard",
    "fashion_keras.storage.times",
    "fashion_keras.tuning",
    "fashion_keras.reporting.search_files",
    "fashion_keras.tuning.study",
)

COMMAND_NAMES = [path.stem for path in Path(commands.__file__).parent.glob("[!_]*.py") if path.stem != "options"]


def heavy_modules_of(program: str) -> str:
    """Return what the last line of stderr says: the heavy modules that a program has loaded."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize("module", LIGHT_MODULES)
def test_module_is_imported_without_tensorflow(module):
    assert heavy_modules_of(f"import sys, {module}; {HEAVY}") == "[]"


@pytest.mark.parametrize("argument", ["--help", "list", *(f"{name} --help" for name in COMMAND_NAMES)])
def test_the_command_answers_without_tensorflow(argument):
    program = f"""
import runpy, sys
sys.argv[1:] = {argument.split()!r}
try:
    runpy.run_module("fashion_keras", run_name="__main__")
except SystemExit as end:
    assert not end.code, end.code
{HEAVY}"""
    assert heavy_modules_of(program) == "[]"


@pytest.mark.parametrize(
    ("module", "called"),
    [
        ("fashion_keras.experiments", ["run", "all"]),
        ("fashion_keras.experiments.cnn", ["run", "cnn"]),
        ("fashion_keras.tuning", ["tune"]),
    ],
)
def test_a_module_run_as_a_program_becomes_the_command(module, called, monkeypatch):
    monkeypatch.setattr("sys.argv", [module, "--seeds", "3"])
    commands_called: list[list[str]] = []
    for name in ("execv", "execve"):  # if one got through, it would become the test run
        monkeypatch.setattr(os, name, lambda program, arguments, *_: commands_called.append(arguments))
    sys.modules.pop(module, None)
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    assert commands_called == [[sys.executable, "-m", "fashion_keras", *called, "--seeds", "3"]]
