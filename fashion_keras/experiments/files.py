"""A comparison out of a file of one's own."""

import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fashion_keras.config.custom_code import add_folders, describe_error
from fashion_keras.errors import ConfigError
from fashion_keras.experiments.definition import Experiment

_reading = False


def is_reading() -> bool:
    """Whether a file is being read: its own `main(EXPERIMENT)` has nothing to do then."""
    return _reading


def load_file(name: str) -> Experiment:
    """Return the comparison that a Python file defines: its `EXPERIMENT`, or the only `Experiment` that it has.

    The file is run, and its folder is put on Python's path, as Python itself does with a program, so that networks
    beside it are found, by worker processes too.

    Raises:
        ConfigError: There is no such file, it fails, or it is not clear which experiment is meant.
    """
    path = Path(name)
    if not path.is_file():
        raise ConfigError(f"{name}: there is no such file")
    folder = path.resolve().parent
    add_folders([str(folder)])
    return _choose(_run(path, folder), name)


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
        raise ConfigError(f"{file} must define one Experiment with the name EXPERIMENT; it has {has}")
    return next(iter(found.values()))
