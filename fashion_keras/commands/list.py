"""`fashion-keras list`."""

import argparse

from fashion_keras.commands.options import Commands, Parser, add_command
from fashion_keras.experiments.names import ALL_NAMES


def add_to(commands: "Commands[Parser]") -> None:
    """Declare the command."""
    add_command(commands, "list", list_experiments, "name the comparisons")


def list_experiments(_options: argparse.Namespace) -> int:
    """Print a line for each comparison."""
    from fashion_keras.experiments.registry import load_experiment

    for name in ALL_NAMES:
        experiment = load_experiment(name)
        print(f"{name:15} {experiment.title}: {', '.join(arm.name for arm in experiment.arms)}")
    return 0
