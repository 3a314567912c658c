"""`fashion-keras judge`."""

import argparse
import contextlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from fashion_keras.commands.options import Commands, Parser, add_command, add_require_option, counts, path, positive
from fashion_keras.formatting import one_line

if TYPE_CHECKING:
    from fashion_keras.reporting.gates import Gate
    from fashion_keras.reporting.judgement import Judgement

__all__ = ["add_to", "judge"]

_PATIENCE_SEC = 1.0


def add_to(commands: "Commands[Parser]") -> None:
    """Declare the command."""
    parser = add_command(commands, "judge", judge, "judge results of any training code: is a difference real?")
    parser.add_argument(
        "results",
        metavar="FILE",
        help="CSV, JSON lines, Parquet, a folder of TensorBoard logs, or - for standard input",
    )
    columns = parser.add_argument_group("columns", "found by their usual names unless they are given")
    columns.add_argument("--arm", metavar="COLUMN", help="names what is compared, such as model or optimizer,width")
    columns.add_argument("--seed", metavar="COLUMN", help="pairs the runs of different arms")
    columns.add_argument("--metric", metavar="COLUMN", help="is judged, such as accuracy or loss")
    columns.add_argument("--dataset-column", metavar="COLUMN", help="names the data set; each is judged by itself")
    parser.add_argument(
        "--baseline", metavar="ARM", help="the arm that the others are compared with (default: the first)"
    )
    direction = parser.add_mutually_exclusive_group()
    direction.add_argument(
        "--lower-is-better", dest="higher_is_better", action="store_const", const=False, help="of the metric"
    )
    direction.add_argument(
        "--higher-is-better", dest="higher_is_better", action="store_const", const=True, help="of the metric"
    )
    parser.add_argument(
        "--margin", type=positive, metavar="D", help="smaller differences are equivalent; in the unit of the file"
    )
    parser.add_argument(
        "--looked-at", type=counts, default=(), metavar="N,N", help="numbers of seeds at which it was judged before"
    )
    parser.add_argument(
        "--ranks",
        type=path,
        metavar="FILE",
        help="draw the critical-difference diagram over data sets: .png, .svg, .pdf",
    )
    add_require_option(parser)
    formats = parser.add_mutually_exclusive_group()
    for name in ("json", "markdown", "latex"):
        formats.add_argument(
            f"--{name}", dest="format", action="store_const", const=name, help="print the verdicts so, and nothing else"
        )


def judge(options: argparse.Namespace) -> int:
    """Judge a file and print what was found; the exit status is the gate's where one is required."""
    from fashion_keras.workflows import judge_results

    names = ("arm", "seed", "metric", "baseline", "dataset_column", "higher_is_better", "margin", "looked_at")
    source = "/dev/stdin" if options.results == "-" else options.results
    with _said_where_it_waits(source):
        judgement = judge_results.judge(source, **{name: getattr(options, name) for name in names})
    if options.ranks is not None:
        _draw_ranks(judgement, options.ranks)
    gate = None if options.require is None else judgement.require(options.require)
    _show(judgement, gate, options.format)
    return 0 if gate is None else gate.status


@contextlib.contextmanager
def _said_where_it_waits(source: str) -> Iterator[None]:
    """Say of a pipe or a terminal that does not end that somebody must write into it, and close it."""
    name = "standard input" if source == "/dev/stdin" else one_line(source)
    text = f"fashion-keras: waiting until results are written into {name}, which is no file, and it is closed"
    timer = threading.Timer(_PATIENCE_SEC, print, [text], {"file": sys.stderr, "flush": True})
    timer.daemon = True
    if Path(source).is_fifo() or Path(source).is_char_device():
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _draw_ranks(judgement: "Judgement", path: Path) -> None:
    from fashion_keras.errors import ResultsError, os_errors_as

    if judgement.over is None or judgement.over.ranks is None:
        raise ResultsError("--ranks needs at least three arms on three data sets")
    if path.suffix not in (".png", ".svg", ".pdf"):
        raise ResultsError(f"--ranks takes a file such as ranks.png, .svg or .pdf, got {path}")
    from fashion_keras.reporting.over_datasets import write_ranks

    with os_errors_as(ResultsError, path):
        write_ranks(judgement.over.ranks, len(judgement.datasets), path)


def _show(judgement: "Judgement", gate: "Gate | None", format_name: str | None) -> None:
    if format_name == "json":
        print(judgement.to_json(gate), end="")
        return
    if format_name is not None:
        _print_tables(judgement, format_name)
        return
    from rich.console import Console

    from fashion_keras.workflows.judge_results import print_judgement

    print_judgement(Console(), judgement, gate)


def _print_tables(judgement: "Judgement", format_name: str) -> None:
    if format_name == "latex":
        from fashion_keras.reporting.latex import to_latex as write
    else:
        from fashion_keras.reporting.rendering import to_markdown as write
    print("\n".join(write(table) for table in judgement.tables), end="")
