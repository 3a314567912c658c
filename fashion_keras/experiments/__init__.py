"""The report's six comparisons and two of precision, one module each, and what a comparison of one's own is made of."""

from importlib import import_module

from fashion_keras.catalogue import suggest
from fashion_keras.errors import ConfigError
from fashion_keras.experiments.definition import BASE, DEFAULT_SEEDS, Arm, Experiment, published_rows
from fashion_keras.names import ALL_NAMES, NAMES

__all__ = [
    "ALL_NAMES",
    "BASE",
    "DEFAULT_SEEDS",
    "NAMES",
    "Arm",
    "Experiment",
    "load_experiment",
    "main",
    "published_rows",
]


def load_experiment(name: str) -> Experiment:
    """Return one of the comparisons.

    Raises:
        ConfigError: There is none of that name.
    """
    if name not in ALL_NAMES:
        raise ConfigError(f"an experiment is {suggest(name, ALL_NAMES)}")
    return import_module(f"fashion_keras.experiments.{name}").EXPERIMENT


def main(experiment: Experiment) -> None:
    """Run a comparison from its own module's command line and leave the process with its exit status."""
    from fashion_keras.cli import run_main

    raise SystemExit(run_main([experiment]))
