"""`fashion-keras list`."""

import argparse
from typing import TYPE_CHECKING, Any

from fashion_keras.commands.options import Commands, Parser, add_command, add_json_option
from fashion_keras.experiments.names import ALL_NAMES

if TYPE_CHECKING:
    from fashion_keras.experiments.definition import Experiment

__all__ = ["add_to", "list_experiments"]


def add_to(commands: "Commands[Parser]") -> None:
    """Declare the command."""
    add_json_option(add_command(commands, "list", list_experiments, "name the comparisons"))


def list_experiments(options: argparse.Namespace) -> int:
    """Print a line for each comparison."""
    from fashion_keras.experiments.registry import load_experiment

    if options.json:
        from fashion_keras.reporting.records import print_json

        print_json({"comparisons": [_to_json(load_experiment(name)) for name in ALL_NAMES]})
        return 0
    width = max(map(len, ALL_NAMES))
    for name in ALL_NAMES:
        experiment = load_experiment(name)
        print(f"{name:{width}} {experiment.title}: {', '.join(arm.name for arm in experiment.arms)}")
    return 0


def _to_json(experiment: "Experiment") -> dict[str, Any]:
    arms = [arm.name for arm in experiment.arms]
    return {"name": experiment.name, "title": experiment.title, "baseline": experiment.baseline, "arms": arms}
