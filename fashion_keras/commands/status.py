"""`fashion-keras status`."""

import argparse
from dataclasses import asdict

from fashion_keras.commands.options import Commands, Parser, add_command, add_json_option, add_out_option, count

__all__ = ["add_to", "status"]


def add_to(commands: "Commands[Parser]") -> None:
    """Declare the command."""
    parser = add_command(
        commands, "status", status, "say what the store has: comparisons, runs, failures, what is missing"
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these, such as my_comparison__digits")
    add_out_option(parser)
    parser.add_argument(
        "--shards", type=count, metavar="N", help="say which parts of `run --shard K/N` have runs to do"
    )
    add_json_option(parser)


def status(options: argparse.Namespace) -> int:
    """Print what the store has."""
    from fashion_keras.reporting.records import print_json
    from fashion_keras.workflows.status import describe_status, read_status

    found = read_status(options.out, options.names, options.shards)
    if options.json:
        print_json(asdict(found))
    else:
        describe_status(found, print, options.shards)
    return 0
