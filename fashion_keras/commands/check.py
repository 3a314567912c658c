"""`fashion-keras check`."""

import argparse
from pathlib import Path

from fashion_keras.commands.options import Commands, Parser, add_command, path

__all__ = ["add_to", "check"]


def add_to(commands: "Commands[Parser]") -> None:
    """Declare the command."""
    parser = add_command(commands, "check", check, "verify every file of a store, or of what was published")
    parser.add_argument(
        "place",
        type=path,
        nargs="?",
        metavar="STORE|ARCHIVE",
        default=Path("runs"),
        help="a store or the folder that holds it, a folder of published results, or a file of either "
        "(default: %(default)s)",
    )


def check(options: argparse.Namespace) -> int:
    """Verify a place and say what is damaged, a line a file."""
    from fashion_keras.workflows.check import check_place

    return check_place(options.place, print)
