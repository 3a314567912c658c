"""Options of the commands: a parser that says one line, types of values, and groups of options."""

import argparse
import difflib
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from fashion_keras.config.catalogue import suggest
from fashion_keras.formatting import one_line, shorten

__all__ = [
    "MOST", "USAGE_STATUS", "Commands", "Parser", "add_command", "add_data_options", "add_design_options",
    "add_execution_options", "add_json_option", "add_out_option", "add_output_options", "add_require_option",
    "complete_with", "count", "count_from_zero", "counts", "level", "names", "path", "port", "positive", "shard",
    "size", "span",
]  # fmt: skip

USAGE_STATUS = 2
MOST = 10_000
"""Of anything that is counted: seeds, epochs, trials, workers."""


class Parser(argparse.ArgumentParser):
    """Says of a mistake one line, with what was probably meant; argparse puts the list of all options above it."""

    def error(self, message: str) -> NoReturn:
        """Leave the process with the mistake in one line."""
        self.exit(USAGE_STATUS, f"{self.prog}: {one_line(message)} (--help lists what there is)\n")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse what is unknown here, where the options of the command are known, and not in the parser above."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}{self._hint(unknown)}")
        return found, unknown

    def _hint(self, unknown: Sequence[str]) -> str:
        for text in unknown:
            option = text.partition("=")[0]
            near = difflib.get_close_matches(option, self._option_string_actions, n=1)
            if option.startswith("--") and near:
                return f" (did you mean {near[0]!r}?)"
        return ""

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            raise argparse.ArgumentError(action, f"must be {suggest(value, list(action.choices))}")


Commands = argparse._SubParsersAction


def add_command(
    commands: "Commands[Parser]", name: str, function: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    """Add a subcommand, and return its parser for its own options.

    Args:
        commands: Of the parser above.
        name: As it is typed.
        function: Does it, and returns the exit status.
        text: What it does, for `--help`, as a sentence without its capital and its full stop, or a question.
    """
    sentence = text[0].upper() + text[1:] + ("" if text.endswith("?") else ".")
    parser = commands.add_parser(name, help=text, description=sentence, allow_abbrev=False)
    parser.set_defaults(function=function)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def complete_with(action: argparse.Action, found: Sequence[str]) -> None:
    """Let the shell complete an argument with names beside files."""

    def complete(prefix: str, **_: Any) -> list[str]:
        from argcomplete.completers import FilesCompleter

        return [*found, *FilesCompleter((".py",))(prefix)]

    vars(action)["completer"] = complete


def add_data_options(parser: argparse.ArgumentParser, can_fetch: bool = True, several: bool = False) -> None:
    """Add to a `parser` which data is used and where it is, how with `can_fetch`; with `several`, of many sets."""
    parser.add_argument("--data-dir", metavar="DIR", help="folder with the four files of Fashion-MNIST")
    parser.add_argument(
        "--dataset",
        metavar="PATH",
        nargs="+" if several else None,
        help="your own data instead: IDX files, an .npz, or pictures" + "; of several, a verdict over all" * several,
    )
    parser.add_argument("--image-size", type=size, metavar="H,W", help="scale the pictures of your own data")
    if can_fetch:
        parser.add_argument("--offline", action="store_true", help="fetch nothing")


def add_design_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how many runs decide, and how strictly."""
    parser.add_argument("--seeds", type=count, metavar="N", help="most runs of each arm (default: 10; 1 with --quick)")
    parser.add_argument(
        "--looks",
        type=counts,
        metavar="A,B",
        help="judge at these numbers of seeds; a decided arm gets no more (default: 5, 6, 8, 10, 14, 20, 28, ...)",
    )
    parser.add_argument("--fixed", action="store_true", help="train all seeds of every arm, and look once")
    parser.add_argument(
        "--level", type=level, metavar="P", help="chance of any false better or worse in the table (default: 0.05)"
    )
    parser.add_argument(
        "--margin",
        type=positive,
        metavar="D",
        help="what differs by less is equivalent: points of accuracy, or the metric's unit (default: 0.2 points)",
    )


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how much is shown of comparisons, and in which form."""
    parser.add_argument(
        "--tensorboard",
        type=path,
        metavar="DIR",
        help="write logs for TensorBoard there, too; `report --tensorboard` does while it trains (docs/tensorboard.md)",
    )
    parser.add_argument("--explain", action="store_true", help="print all tables and what their columns mean")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("-q", "--quiet", action="store_true", help="print the answer alone")
    group.add_argument(
        "-v", "--verbose", action="store_true", help="print each run as it ends, and all tables as --explain does"
    )
    add_json_option(parser)


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help="print JSON; what is said besides goes to standard error")


def add_out_option(parser: argparse.ArgumentParser, text: str = "folder of the results") -> None:
    """Add `--out`, the working folder."""
    parser.add_argument("--out", type=path, default=Path("runs"), help=f"{text} (default: %(default)s)")


def add_execution_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how and where runs are executed."""
    parser.add_argument("--workers", type=count, metavar="N", help="runs at a time (default: one per core)")
    parser.add_argument(
        "--precision",
        choices=("float32", "mixed_bfloat16", "auto"),
        help="of the training (default: the comparison's own, float32 of most; auto: bfloat16 where it is "
        "measured to be quicker)",
    )
    parser.add_argument(
        "--device",
        choices=("cpu", "gpu", "auto"),
        default="cpu",
        help="cpu (default), gpu, or a card where there is one",
    )
    parser.add_argument("--runs-per-gpu", type=count, metavar="N", help="runs at a time on each card (default: 1)")
    parser.add_argument("--engine", choices=("local", "ray"), default="local", help="where to run (default: local)")
    parser.add_argument("--address", metavar="HOST:PORT", help="head node of the Ray cluster, or `auto`")


def add_require_option(parser: argparse.ArgumentParser) -> None:
    """Add `--require`, which makes the exit status that of a gate."""
    parser.add_argument(
        "--require",
        choices=("better", "not-worse", "equivalent"),
        help="of every arm: exit with status 0 where it is shown, 1 where otherwise, 3 where it is undecided",
    )


def path(text: str) -> Path:
    """Read a path; `~` is the home folder, which a shell leaves alone in `--out=~/runs`."""
    return Path(os.path.expanduser(text))  # noqa: PTH111  # pathlib's raises of an unknown user


def count(text: str) -> int:
    """Read a whole number of at least 1."""
    return _whole_number(text, 1)


def count_from_zero(text: str) -> int:
    """Read a whole number of at least 0."""
    return _whole_number(text, 0)


def level(text: str) -> float:
    """Read a chance, such as `0.05`."""
    return _between(text, 1.0, "a chance between 0 and 1, such as 0.05")


def _between(text: str, most: float, expected: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 < value < most:
        raise argparse.ArgumentTypeError(f"must be {expected}, got {shorten(text, 30)!r}")
    return value


def _whole_number(text: str, least: int) -> int:
    """Read a whole number; beyond `MOST` it is a slip, and plans of so many runs would fill the memory."""
    if not (text.isascii() and text.isdecimal() and text.lstrip("0") >= ("1" if least else "")):
        raise argparse.ArgumentTypeError(f"must be a whole number of at least {least}, got {shorten(text, 30)!r}")
    digits = text.lstrip("0") or "0"
    if len(digits) > len(str(MOST)) or int(digits) > MOST:
        raise argparse.ArgumentTypeError(f"must be at most {MOST:,}, got {shorten(text, 30)!r}")
    return int(digits)


def size(text: str) -> tuple[int, int]:
    """Read height and width, such as `32,48`."""
    height, _, width = text.partition(",")
    sides = [int(side) if side.isdecimal() and len(side) < 9 else 0 for side in (height, width)]
    if not all(0 < side <= MOST for side in sides):
        raise argparse.ArgumentTypeError(
            f"must be height and width in pixels, 1 to {MOST:,}, such as 32,48, got {shorten(text, 40)!r}"
        )
    return sides[0], sides[1]


def port(text: str) -> int:
    """Read the number of a port, 0 to 65535."""
    if not (text.isascii() and text.isdecimal() and int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 to 65535, got {text!r}")
    return int(text)


def shard(text: str) -> tuple[int, int]:
    """Read a part of a whole, such as `0/8`."""
    part, _, whole = text.partition("/")
    if not (part.isdecimal() and whole.isdecimal() and int(part) < int(whole)):
        raise argparse.ArgumentTypeError(f"must be K/N with K from 0 to N-1, such as 0/8 to 7/8, got {text!r}")
    return int(part), int(whole)


def span(text: str) -> tuple[float, float]:
    """Read a range of numbers, such as `1e-5,1`."""
    low, _, high = text.partition(",")
    try:
        ends = float(low), float(high)
    except ValueError:
        ends = 0.0, 0.0
    if not -math.inf < ends[0] < ends[1] < math.inf:
        raise argparse.ArgumentTypeError(f"must be LOW,HIGH, two numbers such as 1e-5,1, got {text!r}")
    return ends


def names(text: str) -> tuple[str, ...]:
    """Read names separated by commas."""
    read = tuple(name.strip() for name in text.split(",") if name.strip())
    if not read:
        raise argparse.ArgumentTypeError(f"must be names separated by commas, got {text!r}")
    return read


def counts(text: str) -> tuple[int, ...]:
    """Read whole numbers of at least 1, separated by commas."""
    return tuple(count(each.strip()) for each in names(text))


def positive(text: str) -> float:
    """Read a number above 0."""
    return _between(text, math.inf, "a number above 0, such as 0.005")
