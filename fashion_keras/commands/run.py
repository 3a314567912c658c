"""`fashion-keras run`, and the command lines of the experiment modules."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fashion_keras.commands.options import (
    Commands,
    Parser,
    add_command,
    add_data_options,
    add_execution_options,
    add_out_option,
    count,
    names,
    shard,
)
from fashion_keras.names import ALL_NAMES, NAMES

if TYPE_CHECKING:
    from fashion_keras.experiments.definition import Experiment


def add_to(commands: "Commands[Parser]") -> None:
    """Declare the command."""
    parser = add_command(commands, "run", run, "train and compare")
    parser.add_argument("names", nargs="+", metavar="NAME", help=f"{', '.join(ALL_NAMES)}, or all (the report's)")
    add_run_options(parser)


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of training a comparison."""
    parser.add_argument("--seeds", type=count, metavar="N", help="runs of each arm (default: 10; 1 with --quick)")
    parser.add_argument("--epochs", type=count, metavar="N", help="epochs of every arm instead of its own")
    parser.add_argument("--arms", type=names, metavar="A,B", help="only these arms")
    add_data_options(parser)
    add_out_option(parser)
    parser.add_argument("--quick", action="store_true", help="a first look: few epochs on part of the data")
    parser.add_argument("--dry-run", action="store_true", help="say what would run and how long, and run nothing")
    add_execution_options(parser)
    parser.add_argument(
        "--shard", type=shard, metavar="K/N", help="only part K of N of the runs, K from 0 to N-1, and no tables"
    )


def run(options: argparse.Namespace) -> int:
    """Run the named comparisons."""
    from fashion_keras.experiments import load_experiment

    chosen = NAMES if options.names == ["all"] else options.names
    return run_given([load_experiment(name) for name in dict.fromkeys(chosen)], options)


def run_given(experiments: "Sequence[Experiment]", options: argparse.Namespace) -> int:
    """Run comparisons that are there already."""
    from rich.console import Console

    from fashion_keras.running import RunOptions, run_experiments

    known = RunOptions.__dataclass_fields__
    chosen = RunOptions(**{name: value for name, value in vars(options).items() if name in known})
    return run_experiments(experiments, chosen, Console())
