"""Sentences on a console that shows tables and progress too."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def print_plain(console: "Console", text: str) -> None:
    """Print a text as it stands: brackets in it are no markup, its numbers get no colour, and no line is broken."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)
