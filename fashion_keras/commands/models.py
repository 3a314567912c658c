"""`fashion-keras models`."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fashion_keras.commands.options import Commands, Parser, add_command, path
from fashion_keras.formatting import break_name, one_line, print_plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from fashion_keras.workflows.list_models import ListedModel

__all__ = ["add_to", "list_models"]

FOLDER = Path("saved_models")
_DESCRIPTION = "what it is"


def add_to(commands: "Commands[Parser]") -> None:
    """Declare the command."""
    parser = add_command(commands, "models", list_models, "name the models that are there")
    parser.add_argument(
        "folder",
        nargs="?",
        type=path,
        metavar="DIR",
        help=f"list the SavedModels in this folder (default: those that came with the package, and {FOLDER})",
    )
    parser.add_argument("--json", action="store_true", help="print what each says of itself as JSON")


def list_models(options: argparse.Namespace) -> int:
    """Print a line for each model."""
    import json

    from rich.console import Console

    from fashion_keras.workflows.list_models import list_folder, list_shipped

    shipped = [] if options.folder else list_shipped()
    # The usual folder is made by the first comparison; one that the user names must be there.
    found = list_folder(options.folder or FOLDER) if options.folder or FOLDER.is_dir() else []
    places = {model.path.resolve() for model in shipped}
    others = [model for model in found if model.path.resolve() not in places]
    if options.json:
        print(json.dumps([model.to_json() for model in (*shipped, *others)], indent=1))
    else:
        _print(shipped, others, options.folder or FOLDER, Console())
    return 0


def _print(shipped: "Sequence[ListedModel]", others: "Sequence[ListedModel]", folder: Path, console: "Console") -> None:
    place = one_line(str(folder))
    if shipped:
        print_plain(console, f"With the package, in {shipped[0].path.parents[1]}; commands take the name")
        console.print(_table(shipped, console), "")
    if others:
        print_plain(console, f"In {place}; commands take the path")
        console.print(_table(others, console))
    else:
        print_plain(console, f"No other model in {place}: `fashion-keras run initializers` exports some")


def _table(models: "Sequence[ListedModel]", console: "Console") -> "Table":
    from fashion_keras.reporting.terminal import natural_width

    spare = console.width - natural_width(console, _grid(models, len(_DESCRIPTION)))
    return _grid(models, len(_DESCRIPTION) + max(spare, 0))


def _grid(models: "Sequence[ListedModel]", width: int) -> "Table":
    """Return the table with descriptions of at most so many characters a line, broken between settings."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.HORIZONTALS, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("model", overflow="fold")  # a name that is cut off is of no use
    table.add_column(_DESCRIPTION, overflow="fold")
    for title in ("test accuracy, %", "MB"):
        table.add_column(title, justify="right", no_wrap=True)
    for model in models:
        table.add_row(
            Text(one_line(model.name)),
            Text(break_name(model.description, width)),
            _accuracy(model),
            f"{model.num_bytes / 1e6:.1f}",
        )
    return table


def _accuracy(model: "ListedModel") -> str:
    from fashion_keras.reporting.units import ACCURACY

    text, ends = ACCURACY.text(model.info.accuracy), map(ACCURACY.text, model.info.accuracy_interval or ())
    return f"{text} [{'–'.join(ends)}]" if model.info.accuracy_interval else text
