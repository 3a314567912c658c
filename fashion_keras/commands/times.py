"""`fashion-keras times`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fashion_keras.commands.options import Commands, Parser, add_command, add_data_options, add_out_option, count

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["add_to", "times"]


def add_to(commands: "Commands[Parser]") -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "times",
        times,
        "measure how long each arm of the report takes, one at a time; leave the machine alone",
    )
    parser.add_argument("--rounds", type=count, metavar="N", help="measurements of each arm (default: 7)")
    parser.add_argument(
        "--epochs", type=count, metavar="N", help="timed epochs of a measurement, of the CNN a fifth (default: 5)"
    )
    add_data_options(parser)
    add_out_option(parser, "folder of times.csv")
    parser.add_argument(
        "--publish",
        action="store_true",
        help="measure nothing: put the times.csv of --out into experiments/ and judge the claims by it",
    )


def times(options: argparse.Namespace) -> int:
    """Measure, or publish what was measured."""
    from rich.console import Console

    from fashion_keras.errors import ConfigError

    console = Console()
    chosen = {name: vars(options)[name] for name in ("rounds", "epochs", "data_dir", "dataset", "image_size")}
    given = {name: value for name, value in chosen.items() if value is not None}
    if not options.publish:
        from fashion_keras.workflows.session import Session, fill
        from fashion_keras.workflows.time import TimingOptions, measure_times

        return measure_times(fill(TimingOptions, given), Session.of(vars(options), console))
    if given:
        raise ConfigError("--publish measures nothing: it goes with --out alone, the folder of times.csv")
    return _publish(options.out, console)


def _publish(out: Path, console: "Console") -> int:
    from fashion_keras.storage.times import TIMES
    from fashion_keras.workflows.publish import publish_times
    from fashion_keras.workflows.published import PUBLISHED

    publish_times(out / TIMES, PUBLISHED)
    console.print(f"Published in {PUBLISHED / TIMES}, and the claims are judged by it")
    return 0
