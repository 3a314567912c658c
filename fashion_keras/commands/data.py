"""`fashion-keras data`."""

import argparse

from fashion_keras.commands.options import Commands, Parser, add_command, add_data_options, add_out_option

__all__ = ["add_to", "describe"]


def add_to(commands: "Commands[Parser]") -> None:
    """Declare the command."""
    parser = add_command(commands, "data", describe, "say where the data is, verify it and draw its pictures")
    add_data_options(parser)
    add_out_option(parser, "folder of the pictures")


def describe(options: argparse.Namespace) -> int:
    """Find, verify and draw the data."""
    from fashion_keras.workflows.inspect_data import describe_dataset
    from fashion_keras.workflows.session import Session

    describe_dataset(Session.of(vars(options)))
    return 0
