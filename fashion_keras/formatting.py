"""Text for people: numbers, names and sentences made fit for a terminal, a table or a folder's name."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def format_duration(seconds: float) -> str:
    """Return a duration for people, such as `1 h 05 min`, `3 min 20 s` or `12 s`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def safe_name(name: str) -> str:
    """Return a name that every file system takes: what is no letter, digit, `-`, `_` or `.` becomes `_`."""
    text = "".join(char if char.isalnum() or char in "-_." else "_" for char in name)
    # 255 bytes are a file's most, and what is made of the name needs some of them.
    return text.lstrip(".")[:100].encode()[:200].decode(errors="ignore") or "_"


def printable(text: str) -> str:
    """Return a text on one line: a line break, a control character or an undecodable byte becomes its escape."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def first_line(error: Exception) -> str:
    """Return the first line of what an error says, or its type where it says nothing."""
    return printable((str(error).strip() or type(error).__name__).splitlines()[0])


def one_line(text: str) -> str:
    """Return a text with its line ends and control characters, the terminal's escapes among them, turned to spaces."""
    printable = text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())


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


def print_plain(console: "Console", text: str) -> None:
    """Print a text as it stands: brackets in it are no markup, its numbers get no colour, and no line is broken."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)
