"""Files of experiments: a comparison out of a Python file of a user's."""

import runpy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fashion_keras.config.custom_code import add_folders, describe_error
from fashion_keras.errors import ConfigError
from fashion_keras.experiments.definition import Experiment

__all__ = ["find_data", "is_reading", "load_file"]

_reading = False


def is_reading() -> bool:
    """Whether a file is being read: its own `main(EXPERIMENT)` has nothing to do then."""
    return _reading


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


def _run(path: Path, folder: Path) -> Mapping[str, Any]:
    """Run a file and return its names."""
    global _reading
    _reading = True
    try:
        return runpy.run_path(str(path), run_name="__comparison__")
    except SystemExit as error:
        raise ConfigError(f"{path} ends the program when it is read ({error}); it must only define things") from error
    except Exception as error:
        raise ConfigError(describe_error(error, folder)) from error
    finally:
        _reading = False


def _choose(names: Mapping[str, Any], file: str) -> Experiment:
    if isinstance(names.get("EXPERIMENT"), Experiment):
        return names["EXPERIMENT"]
    found = {name: value for name, value in names.items() if isinstance(value, Experiment)}
    if len(found) != 1:
        has = f"{len(found)} ({', '.join(sorted(found))})" if found else "none"
        raise ConfigError(f"{file} must define one Experiment, or name the one that is meant EXPERIMENT; it has {has}")
    return next(iter(found.values()))
