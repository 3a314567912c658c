"""Script entry of a comparison: its module run as a program."""

import os
import shlex
import sys

from fashion_keras.errors import ConfigError
from fashion_keras.experiments.definition import Experiment
from fashion_keras.experiments.files import is_reading

__all__ = ["TYPED", "main"]

TYPED = "FASHION_KERAS_TYPED"
"""In the environment of the command: what the user typed in its place."""


def main(experiment: Experiment) -> None:
    """Become `fashion-keras run` on the module that is the program, with the command line's other arguments.

    The command reads the comparison from the module's `EXPERIMENT`. Where the module is only read, by the command,
    nothing happens.

    Args:
        experiment: The comparison.

    Raises:
        ConfigError: The program is no file, so that nothing can read it again.
    """
    if is_reading():
        return
    sys.stdout.flush()
    command = [sys.executable, "-m", "fashion_keras", "run", _name_of_program(experiment), *sys.argv[1:]]
    os.execve(sys.executable, command, {**os.environ, TYPED: shlex.join(sys.orig_argv)})


def _name_of_program(experiment: Experiment) -> str:
    program = sys.modules["__main__"]
    spec = getattr(program, "__spec__", None)
    if spec is not None and spec.parent == "fashion_keras.experiments":
        return experiment.name
    file = getattr(program, "__file__", None)
    if file is None:
        raise ConfigError("main() goes with a comparison in a file; in a session, use fashion_keras.compare")
    return file
