"""The report's six comparisons and two of precision, one module each, and what a comparison of one's own is made of."""

import multiprocessing
from importlib import import_module

from fashion_keras.catalogue import suggest
from fashion_keras.errors import ConfigError
from fashion_keras.experiments.definition import BASE, DEFAULT_SEEDS, Arm, Experiment, published_rows
from fashion_keras.experiments.files import is_reading, load_file
from fashion_keras.names import ALL_NAMES, NAMES

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
        ConfigError: It has the name of another one.
    """
    if experiment.name in ALL_NAMES and experiment != load_experiment(experiment.name):
        raise ConfigError(f"{experiment.name!r} is the name of a comparison of the report; choose another one")


def main(experiment: Experiment) -> None:
    """Run a comparison from its own module's command line and leave the process with its exit status.

    Where the module is only read, by `fashion-keras run` or by a worker process, it does nothing.
    """
    if is_reading() or multiprocessing.parent_process() is not None:
        return
    from fashion_keras.cli import run_main

    raise SystemExit(run_main([experiment]))
