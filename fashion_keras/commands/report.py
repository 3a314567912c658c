"""`fashion-keras report`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fashion_keras.commands.options import (
    Commands,
    Parser,
    add_command,
    add_out_option,
    add_output_options,
    add_require_option,
    complete_with,
    path,
    size,
)
from fashion_keras.experiments.names import ALL_NAMES

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["add_to", "report"]

_DEFAULT_PAGE = Path()  # stands for OUT/report.html, whatever --out turns out to be


def add_to(commands: "Commands[Parser]") -> None:
    """Declare the command."""
    parser = add_command(commands, "report", report, "write the tables and curves of finished runs again")
    named = parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"{', '.join(ALL_NAMES)}, or one of your own, such as my_comparison (default: all that were run)",
    )
    complete_with(named, ALL_NAMES)
    add_out_option(parser)
    parser.add_argument(
        "--published",
        type=path,
        metavar="DIR",
        help="read the runs that were published in DIR, and write OUT/published",
    )
    parser.add_argument("--tables-only", action="store_true", help="draw no curves, which takes most of the time")
    add_output_options(parser)
    add_require_option(parser)
    parser.add_argument(
        "--html",
        type=path,
        nargs="?",
        const=_DEFAULT_PAGE,
        metavar="FILE",
        help="write one self-contained page over all of it instead (default: OUT/report.html)",
    )
    parser.add_argument(
        "--dataset",
        metavar="PATH",
        help="your own data, for the page's confusions and mistakes (default: as it was run)",
    )
    parser.add_argument("--image-size", type=size, metavar="H,W", help="as it was run")
    parser.add_argument(
        "--publish",
        action="store_true",
        help="write experiments/ and the README's tables: the report's comparisons and the tuned ones, ten seeds or "
        "five; with --published, from the runs that were published before, and beside them the store's",
    )


def report(options: argparse.Namespace) -> int:
    """Write the reports of what the store or a published folder holds, or publish them."""
    from fashion_keras.errors import ConfigError
    from fashion_keras.workflows.report import report_comparisons, report_page
    from fashion_keras.workflows.session import DataOptions, fill, make_console

    console = make_console(vars(options))
    if (options.json or options.require) and (options.publish or options.html is not None):
        raise ConfigError("--json and --require go with neither --publish nor --html, which write files")
    if (options.dataset or options.image_size) and (options.html is None or options.published):
        raise ConfigError("--dataset and --image-size go with --html, of one's own runs: nothing else shows images")
    if options.publish:
        return _publish(options, console)
    if options.html is not None:
        if options.tables_only or options.tensorboard:
            raise ConfigError("--html writes one page and nothing else: leave out --tables-only and --tensorboard")
        data = fill(DataOptions, vars(options))
        return report_page(options.names, options.out, options.published, _page_path(options), console, data)
    pictures = () if options.tables_only else ("png", "svg")
    return report_comparisons(
        options.names,
        options.out,
        options.published,
        console,
        pictures,
        options.tensorboard,
        options.explain or options.verbose,
        options.json,
        options.require,
    )


def _page_path(options: argparse.Namespace) -> Path:
    from fashion_keras.errors import ConfigError
    from fashion_keras.workflows.report import PUBLISHED_REPORTS

    if options.html == _DEFAULT_PAGE:
        return options.out / (PUBLISHED_REPORTS if options.published else "") / "report.html"
    if options.html.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"--html takes a file such as page.html, got {options.html}; names stand before --html")
    return options.html


def _publish(options: argparse.Namespace, console: "Console") -> int:
    from fashion_keras.errors import ConfigError
    from fashion_keras.storage.runs import RunStore
    from fashion_keras.workflows.publish import load_publishable, publish
    from fashion_keras.workflows.published import PUBLISHED

    if options.names or options.tables_only or options.html is not None or options.tensorboard:
        raise ConfigError(
            "--publish takes every comparison, with its curves, and writes nothing else: leave out names, "
            "--tables-only, --html and --tensorboard"
        )
    publish(load_publishable(RunStore(options.out / "store"), options.published), PUBLISHED)
    console.print("Published in experiments/, and in the README's tables")
    return 0
