"""The console command `fashion-keras`, and the command lines of the experiment modules.

Nothing heavy is imported before a command is known: `--help` and a misspelt option answer at once.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from fashion_keras.errors import UserError
from fashion_keras.names import ALL_NAMES, NAMES

if TYPE_CHECKING:
    from fashion_keras.experiments.definition import Experiment

USAGE_STATUS = 2
INTERRUPT_STATUS = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the console command and return its exit status."""
    parser = _build_parser()
    options = parser.parse_args(arguments)
    return guard(lambda: options.function(options), options.debug)


def command() -> None:
    """Enter from the console script: leave the process with the exit status."""
    sys.exit(main())


def run_main(experiments: "Sequence[Experiment]", arguments: Sequence[str] | None = None) -> int:
    """Run given comparisons with the options of `fashion-keras run`, and return the exit status."""
    names = ", ".join(experiment.name for experiment in experiments)
    parser = _Parser(description=f"Train and compare: {names}.", allow_abbrev=False)
    _add_run_options(parser)
    options = parser.parse_args(arguments)
    return guard(lambda: _run_experiments(experiments, options), options.debug)


def guard(command: Callable[[], int], debug: bool) -> int:
    """Call a command and turn a user's mistake into one line and status 2, an interrupt into status 130."""
    try:
        status = command()
        sys.stdout.flush()
        return status
    except UserError as error:
        if debug:
            raise
        print(f"fashion-keras: {error}", file=sys.stderr)
        return USAGE_STATUS
    except KeyboardInterrupt:
        return INTERRUPT_STATUS
    except BrokenPipeError:
        # The reader of a pipe has left. Python would write what is left in the buffer at its exit, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


class _Parser(argparse.ArgumentParser):
    """Says of a mistake one line, where argparse puts the list of all options above it."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE_STATUS, f"{self.prog}: {message} (--help lists what there is)\n")


def _build_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="fashion-keras",
        description="Compare choices in training a neural network: which is better, by how much, and is it real?",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_command(commands, "list", _list, "name the comparisons")
    run = _add_command(commands, "run", _run, "train and compare")
    run.add_argument("names", nargs="+", metavar="NAME", help=f"{', '.join(ALL_NAMES)}, or all (the report's)")
    _add_run_options(run, with_debug=False)
    report = _add_command(commands, "report", _report, "write the tables and curves of finished runs again")
    _add_report_options(report)
    data = _add_command(commands, "data", _data, "say where the data is, verify it and draw its pictures")
    _add_data_options(data)
    data.add_argument("--out", type=Path, default=Path("runs"), help="folder of the pictures (default: %(default)s)")
    predict = _add_command(commands, "predict", _predict, "classify pictures with an exported model")
    predict.add_argument("model", metavar="MODEL", help="folder of a SavedModel, such as saved_models/cnn/cnn")
    predict.add_argument("images", nargs="+", metavar="IMAGE", help="picture files")
    predict.add_argument(
        "--invert", choices=("auto", "on", "off"), default="auto", help="make a dark-on-light picture light on dark"
    )
    return parser


def _add_command(
    commands: "argparse._SubParsersAction[_Parser]",
    name: str,
    function: Callable[[argparse.Namespace], int],
    text: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
    parser.set_defaults(function=function)
    _add_debug_option(parser)
    return parser


def _add_report_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(ALL_NAMES)} (default: all that were run)")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder of the results (default: %(default)s)")
    parser.add_argument("--published", type=Path, metavar="DIR", help="read the runs that were published in DIR")
    parser.add_argument(
        "--publish",
        action="store_true",
        help="write experiments/ and the README's tables: every comparison of the report, every arm, ten seeds",
    )


def _add_debug_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def _add_data_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data-dir", metavar="DIR", help="folder with the four files of Fashion-MNIST")
    parser.add_argument("--dataset", metavar="DIR", help="folder with your own data in IDX format instead")
    parser.add_argument("--offline", action="store_true", help="fetch nothing")


def _add_run_options(parser: argparse.ArgumentParser, with_debug: bool = True) -> None:
    parser.add_argument("--seeds", type=_count, metavar="N", help="runs of each arm (default: 10; 1 with --quick)")
    parser.add_argument("--epochs", type=_count, metavar="N", help="epochs of every arm instead of its own")
    parser.add_argument("--workers", type=_count, metavar="N", help="runs at a time (default: one per core)")
    parser.add_argument("--arms", type=_names, metavar="A,B", help="only these arms")
    _add_data_options(parser)
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder of the results (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="a first look: few epochs on part of the data")
    parser.add_argument("--dry-run", action="store_true", help="say what would run and how long, and run nothing")
    parser.add_argument(
        "--precision",
        choices=("float32", "mixed_bfloat16", "auto"),
        default="float32",
        help="of the training (default: %(default)s; auto: bfloat16 where the processor has matrix units for it)",
    )
    parser.add_argument("--engine", choices=("local", "ray"), default="local", help="where to run (default: local)")
    parser.add_argument("--address", metavar="HOST:PORT", help="head node of the Ray cluster, or `auto`")
    parser.add_argument(
        "--shard", type=_shard, metavar="K/N", help="only part K of N of the runs, K from 0 to N-1, and no tables"
    )
    if with_debug:
        _add_debug_option(parser)


def _count(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got {text!r}")
    return value


def _shard(text: str) -> tuple[int, int]:
    part, _, whole = text.partition("/")
    if not (part.isdecimal() and whole.isdecimal() and int(part) < int(whole)):
        raise argparse.ArgumentTypeError(f"must be K/N with K from 0 to N-1, such as 0/8 to 7/8, got {text!r}")
    return int(part), int(whole)


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise argparse.ArgumentTypeError(f"must be names separated by commas, got {text!r}")
    return names


def _list(_options: argparse.Namespace) -> int:
    from fashion_keras.experiments import load_experiment

    for name in ALL_NAMES:
        experiment = load_experiment(name)
        print(f"{name:15} {experiment.title}: {', '.join(arm.name for arm in experiment.arms)}")
    return 0


def _run(options: argparse.Namespace) -> int:
    from fashion_keras.experiments import load_experiment

    names = NAMES if options.names == ["all"] else options.names
    return _run_experiments([load_experiment(name) for name in dict.fromkeys(names)], options)


def _run_experiments(experiments: "Sequence[Experiment]", options: argparse.Namespace) -> int:
    from rich.console import Console

    from fashion_keras.running import RunOptions, run_experiments

    names = RunOptions.__dataclass_fields__
    chosen = RunOptions(**{name: value for name, value in vars(options).items() if name in names})
    return run_experiments(experiments, chosen, Console())


def _report(options: argparse.Namespace) -> int:
    from rich.console import Console

    from fashion_keras.errors import ConfigError
    from fashion_keras.reports import load_stored, report_comparisons

    console = Console()
    if not options.publish:
        return report_comparisons(options.names, options.out, options.published, console)
    if options.names or options.published:
        raise ConfigError("--publish takes every comparison from the store, without names and --published")
    from fashion_keras.publishing import publish
    from fashion_keras.store import RunStore

    publish(load_stored(RunStore(options.out / "store"), ALL_NAMES), Path("experiments"), Path("README.md"))
    console.print("Published in experiments/, and in the README's tables")
    return 0


def _data(options: argparse.Namespace) -> int:
    from rich.console import Console

    from fashion_keras.inspection import describe_dataset

    return describe_dataset(options.data_dir, options.dataset, options.offline, options.out, Console())


def _predict(options: argparse.Namespace) -> int:
    """Classify what can be read; a picture that cannot is named and makes the status 1."""
    import numpy as np

    from fashion_keras.inference import ImageError, format_rows, load_model, read_picture

    model = load_model(options.model)
    pictures, errors = [], []
    for path in options.images:
        try:
            pictures.append(read_picture(path, model.image_shape, options.invert))
        except ImageError as error:
            errors.append(error)
    if pictures:
        answers = model.predict(np.stack([picture.pixels for picture in pictures]))
        print("\n".join(format_rows(pictures, answers)))
    for complaint in errors:
        print(f"fashion-keras: {complaint}", file=sys.stderr)
    return 1 if errors else 0
