"""Console command `fashion-keras`.

Nothing heavy is imported before a command is known: `--help` and a misspelt option answer at once.
"""

import argparse
import contextlib
import io
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

from fashion_keras.commands import (
    check,
    data,
    demo,
    evaluate,
    export,
    judge,
    models,
    predict,
    report,
    run,
    status,
    tune,
)
from fashion_keras.commands import list as list_command
from fashion_keras.commands.options import USAGE_STATUS, Parser
from fashion_keras.errors import UserError
from fashion_keras.formatting import first_line, one_line

__all__ = ["command", "guard", "main"]

INTERRUPT_STATUS = 130

COMMANDS = (list_command, run, report, judge, status, check, tune, data, models, predict, evaluate, demo, export)
"""The modules of the subcommands, in the order of `--help`."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the console command and return its exit status."""
    _let_any_text_be_written()
    options = _build_parser().parse_args(arguments)
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return guard(lambda: options.function(options), options.debug)


def command() -> None:
    """Enter from the console script: leave the process with the exit status."""
    if "_ARGCOMPLETE" in os.environ:  # the shell asks for completions, see docs/compare.md
        _complete()
    sys.exit(main())


def _complete() -> None:
    """Answer the shell and leave, where argcomplete is there to do it."""
    with contextlib.suppress(ImportError):
        import argcomplete

        argcomplete.autocomplete(_build_parser())


def guard(command: Callable[[], int], debug: bool) -> int:
    """Call a command and turn a user's mistake into one line and status 2, an interrupt into status 130."""
    try:
        status = command()
        sys.stdout.flush()
        return status
    except UserError as error:
        if debug:
            raise
        print("fashion-keras:", "\n  ".join(one_line(str(part)) for part in error.args), file=sys.stderr)
        return USAGE_STATUS
    except KeyboardInterrupt:
        return INTERRUPT_STATUS
    except BrokenPipeError:
        # The reader of a pipe has left. Python would write what is left in the buffer at its exit, and complain.
        _discard_output()
        return 1
    except OSError as error:
        # What the system refuses where nobody foresaw it: a full disk under `> file`, a name that is too long.
        if debug:
            raise
        print(f"fashion-keras: {one_line(_describe(error))}", file=sys.stderr)
        try:
            sys.stdout.flush()
        except OSError:
            _discard_output()
        return USAGE_STATUS


def _let_any_text_be_written() -> None:
    """Write what the terminal's encoding lacks as its escape: tables and names need not fit into Latin-1 or ASCII."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by who started this, as with `>&-`
            setattr(sys, name, open(os.devnull, "w"))  # noqa: PTH123, SIM115
        if isinstance(stream := getattr(sys, name), io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _discard_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _describe(error: OSError) -> str:
    name = f"{error.filename}: " if error.filename else "cannot read or write: "
    return name + (error.strerror or first_line(error))


class _ShowVersions(argparse.Action):
    """Shows what a report of an error should name, as it is installed, and leaves."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any):
        super().__init__(option_strings, dest, nargs=0, **options)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import version

        python = ".".join(str(part) for part in sys.version_info[:3])
        libraries = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras", "keras-tuner"))
        print(f"fashion-keras {version('fashion-keras')} (Python {python}, {libraries})")
        parser.exit()


def _build_parser() -> Parser:
    parser = Parser(
        prog="fashion-keras",
        description="Compare choices in training a neural network: which is better, by how much, and is it real?",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version", action=_ShowVersions, help="show the versions of the package and what it trains with"
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add_to(commands)
    return parser
