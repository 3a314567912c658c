"""Texts of numbers and names, made fit for a terminal, a table, a CSV file or a folder's name."""

import csv
import io
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "break_name", "count_noun", "csv_text", "finite_or_none", "first_line", "format_duration", "one_line",
    "print_plain", "safe_name", "shorten",
]  # fmt: skip


def format_duration(seconds: float) -> str:
    """Return a duration for people, such as `1 h 05 min`, `3 min 20 s` or `12 s`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def safe_name(name: str) -> str:
    """Return a name of at most 100 bytes that every file system takes, the one way of a text from outside to a path.

    What is no letter, digit, `-`, `_` or `.` becomes `_`.
    """
    text = "".join(char if char.isalnum() or char in "-_." else "_" for char in name)
    return text.lstrip(".").encode()[:100].decode(errors="ignore") or "_"


def one_line(text: str) -> str:
    """Return a text as a terminal may show it, whoever wrote it: the one way there for names and messages from outside.

    What does not print becomes its escape, such as `\\n` or `\\x1b`: line ends, the terminal's escape sequences, marks
    that turn the direction of writing, undecodable bytes. Wide and fixed spaces become plain ones.
    """
    return _visible(text.strip())


def first_line(error: Exception) -> str:
    """Return the first line of what an error says, or its type where it says nothing."""
    return one_line((str(error).strip() or type(error).__name__).splitlines()[0])


def shorten(text: str, width: int) -> str:
    """Return at most `width` characters of a text's line, the last one an ellipsis where some are missing."""
    line = one_line(text)
    return line if len(line) <= width else f"{line[: width - 1]}…"


def break_name(name: str, width: int) -> str:
    """Break a name into lines of at most `width` characters: after an underscore, hyphen or space if it can."""
    lines = [""]
    for part in re.findall(rf"[^_\- ]{{0,{width - 1}}}[_\- ]|[^_\- ]{{1,{width}}}", one_line(name)):
        if len(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def count_noun(number: int, noun: str) -> str:
    """Return `1 seed`, `10 seeds`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def csv_text(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return rows under their heads as CSV; what is None or not a number is an empty field.

    A float has eight significant digits: what float32 holds; more would show how a mean was added up.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows([_csv_value(value) for value in row] for row in rows)
    return text.getvalue()


def _csv_value(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return "" if math.isnan(value) else f"{value:.8g}"


def finite_or_none(value: Any) -> Any:
    """Return plain values with None for each number that is not finite, for which JSON has no word."""
    if isinstance(value, Mapping):
        return {key: finite_or_none(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite_or_none(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def print_plain(console: "Console", text: str) -> None:
    """Print a text as it stands: brackets in it are no markup, its numbers get no colour, and no line is broken.

    Of what does not print, only its line ends reach the terminal.
    """
    lines = "\n".join(_visible(line) for line in text.split("\n"))
    console.print(lines, markup=False, highlight=False, soft_wrap=True)


def _visible(text: str) -> str:
    return text if text.isprintable() else "".join(map(_visible_character, text))


def _visible_character(character: str) -> str:
    if character.isprintable():
        return character
    return " " if unicodedata.category(character) == "Zs" else character.encode("unicode_escape").decode()
