"""Registry of comparisons: the built-in ones by name, and those in users' files."""

from importlib import import_module

from fashion_keras.config.catalogue import suggest
from fashion_keras.errors import ConfigError
from fashion_keras.experiments.definition import Experiment
from fashion_keras.experiments.files import load_file
from fashion_keras.experiments.names import ALL_NAMES, is_tuned_name

__all__ = ["check_name", "load_experiment"]

_TAKEN = ("all", "data", "evaluate", "exported", "pretrained", "published", "store", "tune")
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
        raise ConfigError(
            f"an experiment is {suggest(name, ALL_NAMES)}; a custom one is a file, such as my_comparison.py"
        )
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
