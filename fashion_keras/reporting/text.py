"""Names and sentences made fit for where they are shown. Names come from users and may hold any character."""

import re


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
