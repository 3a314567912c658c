"""The report's six comparisons and two of precision, one module each, and what a comparison of one's own is made of."""

import multiprocessing
import sys
from collections.abc import Callable
from importlib import import_module

from fashion_keras.config.catalogue import suggest
from fashion_keras.errors import ConfigError
from fashion_keras.experiments.definition import BASE, DEFAULT_SEEDS, Arm, Experiment, published_rows
from fashion_keras.experiments.files import is_reading, load_file
from fashion_keras.names import ALL_NAMES, NAMES, is_tuned_name

__all__ = [
    "ALL_NAMES",
    "BASE",
    "DEFAULT_SEEDS",
    "NAMES",
    "Arm",
    "Experiment",
    "check_name",
    "load_experiment",
    "main",
    "published_rows",
]

_TAKEN = ("all", "data", "evaluate", "exported", "pretrained", "store", "tune")
"""What lies beside the folders of comparisons in `runs/` and `saved_models/`; `all` is every one of the report."""


def load_experiment(name: str) -> Experiment:
    """Return one of the comparisons.

    Args:
        name: One of `ALL_NAMES`, or the path of a Python file, see `files.load_file`.

    Raises:
        ConfigError: There is none of that name.
    """
    if name.endswith(".py"):
        return load_file(name)
    if name not in ALL_NAMES:
        raise ConfigError(f"an experiment is {suggest(name, ALL_NAMES)}; your own is a file, such as my_comparison.py")
    return import_module(f"fashion_keras.experiments.{name}").EXPERIMENT


def check_name(experiment: Experiment) -> None:
    """Check that a comparison does not pass for one of the report's: its tables would take their place.

    Raises:
        ConfigError: It has the name of another one, or of a folder that something else is kept in.
    """
    name = experiment.name
    if is_tuned_name(name) or (name in ALL_NAMES and experiment != load_experiment(name)):
        raise ConfigError(f"{name!r} is the name of a comparison of the report; choose another one")
    if name in _TAKEN:
        raise ConfigError(f"{name!r} is the name of a folder of the results, which it would write into; choose another")


def main(experiment: Experiment | Callable[[], Experiment]) -> None:
    """Run a comparison from its own module's command line and leave the process with its exit status.

    Where the module is only read, by `fashion-keras run` or by a worker process, it does nothing.

    Args:
        experiment: The comparison, or what returns it where that may fail by a user's mistake, which is told in a line.
    """
    if is_reading() or multiprocessing.parent_process() is not None:
        return
    from fashion_keras.cli import guard, run_main

    load = experiment if callable(experiment) else lambda: experiment
    raise SystemExit(guard(lambda: run_main([load()]), debug="--debug" in sys.argv))
