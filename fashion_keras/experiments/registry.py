"""Registry of comparisons: the built-in ones by name, those in users' files, and a file's own command line."""

import os
import runpy
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from fashion_keras.config.catalogue import suggest
from fashion_keras.config.custom_code import add_folders, describe_error, is_reading, reading
from fashion_keras.errors import ConfigError
from fashion_keras.experiments.definition import Experiment
from fashion_keras.experiments.names import ALL_NAMES, is_tuned_name

__all__ = ["TYPED", "check_name", "find_data", "load_experiment", "load_file", "main"]

_TAKEN = ("all", "data", "evaluate", "exported", "pretrained", "published", "store", "tune")
"""What lies beside the folders of comparisons in `runs/` and `saved_models/`; `all` is every one of the report."""

TYPED = "FASHION_KERAS_TYPED"
"""In the environment of the command: what the user typed in its place."""


def load_experiment(name: str) -> Experiment:
    """Return one of the comparisons.

    Args:
        name: One of `ALL_NAMES`, or the path of a Python file, see `load_file`.

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


def load_file(name: str) -> Experiment:
    """Return the comparison that a Python file defines: its `EXPERIMENT`, or the only `Experiment` that it has.

    The file is run, and its folder is put on Python's path, as Python itself does with a program, so that networks
    beside it are found, by worker processes too. A relative path of a data set starts there as well.

    Raises:
        ConfigError: There is no such file, it fails, or it is not clear which experiment is meant.
    """
    path = Path(name)
    if not path.is_file():
        raise ConfigError(f"{name}: there is no such file")
    folder = path.resolve().parent
    add_folders([str(folder)])
    experiment = _choose(_run(path, folder), name)
    if experiment.dataset is None:
        return experiment
    return replace(experiment, dataset=str(folder / Path(experiment.dataset).expanduser()))


def find_data(experiments: Sequence[Experiment], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options `dataset` and `image_size` of a command: those that are given, else what the experiments name.

    Args:
        experiments: What the command is about.
        given: Its options by name.

    Raises:
        ConfigError: The experiments name different data.
    """
    dataset, image_size = given.get("dataset"), given.get("image_size")
    if not dataset and not given.get("data_dir"):
        named = {each.dataset: each for each in experiments}
        if len(named) > 1:
            names = ", ".join(f"{each.name} {dataset or 'none'}" for dataset, each in named.items())
            raise ConfigError(
                f"these comparisons name different data sets ({names}); run them one by one, or --dataset"
            )
        dataset = next(iter(named), None)
        image_size = image_size or next((each.image_size for each in experiments), None)
    return {"dataset": dataset, "image_size": image_size}


def main(experiment: Experiment) -> None:
    """Become `fashion-keras run` on the module that is the program, with the command line's other arguments.

    The command reads the comparison from the module's `EXPERIMENT`. Where the module is only read, by the command,
    nothing happens.

    Raises:
        ConfigError: The program is no file, so that nothing can read it again.
    """
    if is_reading():
        return
    sys.stdout.flush()
    command = [sys.executable, "-m", "fashion_keras", "run", _name_of_program(experiment), *sys.argv[1:]]
    os.execve(sys.executable, command, {**os.environ, TYPED: shlex.join(sys.orig_argv)})


def _run(path: Path, folder: Path) -> Mapping[str, Any]:
    try:
        with reading():
            return runpy.run_path(str(path), run_name="__comparison__")
    except SystemExit as error:
        raise ConfigError(f"{path} ends the program when it is read ({error}); it must only define things") from error
    except Exception as error:
        raise ConfigError(describe_error(error, folder)) from error


def _choose(names: Mapping[str, Any], file: str) -> Experiment:
    if isinstance(names.get("EXPERIMENT"), Experiment):
        return names["EXPERIMENT"]
    found = {name: value for name, value in names.items() if isinstance(value, Experiment)}
    if len(found) != 1:
        has = f"{len(found)} ({', '.join(sorted(found))})" if found else "none"
        raise ConfigError(f"{file} must define one Experiment, or name the one that is meant EXPERIMENT; it has {has}")
    return next(iter(found.values()))


def _name_of_program(experiment: Experiment) -> str:
    program = sys.modules["__main__"]
    spec = getattr(program, "__spec__", None)
    if spec is not None and spec.parent == "fashion_keras.experiments":
        return experiment.name
    file = getattr(program, "__file__", None)
    if file is None:
        raise ConfigError("main() goes with a comparison in a file; in a session, use fashion_keras.compare")
    return file
