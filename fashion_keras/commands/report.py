"""`fashion-keras report`."""

import argparse
from pathlib import Path

from fashion_keras.commands.options import Commands, Parser, add_command, add_out_option
from fashion_keras.names import ALL_NAMES


def add_to(commands: "Commands[Parser]") -> None:
    """Declare the command."""
    parser = add_command(commands, "report", report, "write the tables and curves of finished runs again")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(ALL_NAMES)} (default: all that were run)")
    add_out_option(parser)
    parser.add_argument("--published", type=Path, metavar="DIR", help="read the runs that were published in DIR")
    parser.add_argument(
        "--publish",
        action="store_true",
        help="write experiments/ and the README's tables: the report's comparisons and the tuned ones, ten seeds",
    )


def report(options: argparse.Namespace) -> int:
    """Write the reports of what the store or a published folder holds, or publish them."""
    from rich.console import Console

    from fashion_keras.errors import ConfigError
    from fashion_keras.reports import PUBLISHED, load_stored, report_comparisons, tuned_names

    console = Console()
    if not options.publish:
        return report_comparisons(options.names, options.out, options.published, console)
    if options.names or options.published:
        raise ConfigError("--publish takes every comparison from the store, without names and --published")
    from fashion_keras.publishing import publish
    from fashion_keras.store import RunStore

    store = RunStore(options.out / "store")
    publish(load_stored(store, [*ALL_NAMES, *tuned_names(store)]), PUBLISHED, Path("README.md"))
    console.print("Published in experiments/, and in the README's tables")
    return 0
