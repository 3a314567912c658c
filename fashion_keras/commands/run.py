"""`fashion-keras run`, and the command lines of the experiment modules."""

import argparse
import os
import re
import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fashion_keras.commands.options import (
    Commands,
    Parser,
    add_command,
    add_data_options,
    add_design_options,
    add_execution_options,
    add_out_option,
    add_output_options,
    add_require_option,
    complete_with,
    count,
    names,
    shard,
    span,
)
from fashion_keras.experiments.names import ALL_NAMES, NAMES

if TYPE_CHECKING:
    from fashion_keras.experiments.definition import Experiment
    from fashion_keras.tuning.study import TuneOptions

__all__ = ["add_comparison_options", "add_to", "run", "run_given"]


def add_to(commands: "Commands[Parser]") -> None:
    """Declare the command."""
    parser = add_command(commands, "run", run, "train and compare")
    named = parser.add_argument(
        "names", nargs="+", metavar="NAME", help=f"{', '.join(ALL_NAMES)}, all (the report's), or a file of your own"
    )
    complete_with(named, (*ALL_NAMES, "all"))
    add_comparison_options(parser, several=True)
    add_require_option(parser)
    _add_tuning_options(parser)


def add_comparison_options(parser: argparse.ArgumentParser, several: bool = False) -> None:
    """Add the options of training a comparison as it stands; of several data sets where these are wanted."""
    add_design_options(parser)
    parser.add_argument("--epochs", type=count, metavar="N", help="epochs of every arm instead of its own")
    parser.add_argument("--arms", type=names, metavar="A,B", help="only these arms")
    add_data_options(parser, several=several)
    add_out_option(parser)
    add_output_options(parser)
    parser.add_argument("--quick", action="store_true", help="a first look: few epochs on part of the data")
    parser.add_argument("--dry-run", action="store_true", help="say what would run and how long, and run nothing")
    add_execution_options(parser)
    parser.add_argument(
        "--shard", type=shard, metavar="K/N", help="only part K of N of the runs, K from 0 to N-1, and no tables"
    )


def _add_tuning_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "fair comparisons", "tune a setting of every arm alike, then measure (docs/fair.md)"
    )
    group.add_argument("--tune", metavar="SETTING", help="such as learning_rate; selected on validation data")
    group.add_argument("--budget", type=count, metavar="N", help="values that every arm tries (default: 16)")
    group.add_argument(
        "--range", type=span, metavar="LOW,HIGH", help="of the values (default: 1e-5,1 for learning_rate)"
    )
    group.add_argument(
        "--widen", type=span, action="append", metavar="LOW,HIGH", help="a wider range: keeps the trials, adds as dense"
    )
    group.add_argument("--tune-seeds", type=count, metavar="N", help="runs of each value (default: 1)")


def run(options: argparse.Namespace) -> int:
    """Run the named comparisons."""
    from fashion_keras.experiments.registry import load_experiment

    chosen = [name for given in options.names for name in (NAMES if given == "all" else (given,))]
    return run_given([load_experiment(name) for name in dict.fromkeys(chosen)], options)


def run_given(experiments: "Sequence[Experiment]", options: argparse.Namespace) -> int:
    """Run comparisons that are there already."""
    from fashion_keras.errors import ConfigError
    from fashion_keras.experiments.registry import find_data
    from fashion_keras.workflows.run import RunOptions, run_experiments
    from fashion_keras.workflows.session import Session, fill

    _check_names(experiments)
    if options.require and (options.shard or options.dry_run):
        raise ConfigError("--require judges: leave out --shard and --dry-run, which judge nothing")
    given = {**vars(options), "dataset": options.dataset[0] if options.dataset else None}
    values = {**given, **find_data(experiments, given), "command": _typed()}
    chosen, session = fill(RunOptions, values), Session.of(values)
    tune = _tuning_of(options)
    if options.dataset and len(options.dataset) > 1:
        if tune is not None:
            raise ConfigError("--tune goes with one --dataset: tune on each by itself")
        from fashion_keras.workflows.over_datasets import run_over_datasets

        return run_over_datasets(experiments, chosen, values, options.dataset)
    if tune is not None:
        from fashion_keras.workflows.tune_arms import run_tuned

        return run_tuned(experiments, chosen, tune, session)
    return run_experiments(experiments, chosen, session)


def _typed() -> str:
    """Return what the user typed to come here, without `--seeds`."""
    from fashion_keras.experiments.registry import TYPED

    typed = os.environ.pop(TYPED, "") or shlex.join(["fashion-keras", *sys.argv[1:]])
    return re.sub(r" --seeds[ =]\S+", "", typed)


def _check_names(experiments: "Sequence[Experiment]") -> None:
    from fashion_keras.errors import ConfigError
    from fashion_keras.experiments.registry import check_name

    seen = set()
    for experiment in experiments:
        check_name(experiment)
        if experiment.name in seen:
            raise ConfigError(f"two of these comparisons have the name {experiment.name!r}; give each one of its own")
        seen.add(experiment.name)


def _tuning_of(options: argparse.Namespace) -> "TuneOptions | None":
    from fashion_keras.errors import ConfigError
    from fashion_keras.tuning.study import TuneOptions

    given = {"budget": options.budget, "range": options.range, "seeds": options.tune_seeds}
    given["widen"] = tuple(options.widen) if options.widen else None
    chosen = {name: value for name, value in given.items() if value is not None}
    if options.tune is not None:
        return TuneOptions(options.tune, **chosen)
    if chosen:
        name = min(chosen).replace("seeds", "tune-seeds")
        raise ConfigError(f"--{name} goes with --tune SETTING")
    return None
