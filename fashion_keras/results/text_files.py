"""Text files of results: CSV, whatever separates its fields, and JSON lines."""

import csv
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fashion_keras.errors import ResultsError
from fashion_keras.formatting import one_line
from fashion_keras.results.table import ResultTable, parse_number, quoted

__all__ = ["read_csv", "read_json", "table_of_rows"]

_SEPARATORS = ",;\t|"
_DEEPEST = 20


def read_csv(path: Path) -> ResultTable:
    """Read a CSV file whose first line names the columns; commas, semicolons, tabs or bars separate its fields.

    Raises:
        ResultsError: It is no such file; the message names the line.
    """
    name, text = one_line(path.name), _read_text(path)
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(_SEPARATORS, key=first.count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=separator)
    rows, lines = [], []
    csv.field_size_limit(2**31 - 1)
    try:
        for row in reader:
            if any(row):
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise ResultsError(f"{name}:{reader.line_num} is no line of CSV: {error}") from error
    if not rows:
        raise ResultsError(f"{name} is empty; a line of names and one for each run were expected")
    heads = _check_heads(rows[0], name)
    _check_widths(rows, lines, name)
    columns = (
        dict(zip(heads, zip(*(row + [""] * (len(heads) - len(row)) for row in rows[1:]), strict=True), strict=True))
        if len(rows) > 1
        else {}
    )
    return ResultTable(name, columns, lines[1:], decimal_comma=separator != ",")


def _read_text(path: Path) -> str:
    """Return the text; bytes that are no UTF-8 stand for themselves, as names of arms may have them."""
    content = path.read_bytes()
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):  # as spreadsheets save "Unicode text"
        return content.decode("utf-16", errors="replace")
    return content.decode("utf-8-sig", errors="surrogateescape")


def _check_heads(row: Sequence[str], name: str) -> list[str]:
    if all(parse_number(field) is not None for field in row):
        raise ResultsError(
            f"{name} begins with numbers; its first line must name the columns, such as arm,seed,accuracy"
        )
    heads = [field.strip() or f"column {number}" for number, field in enumerate(row, start=1)]
    twice = [head for head, count in Counter(heads).items() if count > 1]
    if twice:
        raise ResultsError(f"{name} has two columns {quoted(twice[0])}; give each a name of its own")
    return heads


def _check_widths(rows: Sequence[Sequence[str]], lines: Sequence[int], name: str) -> None:
    width = len(rows[0])
    for row, line in zip(rows, lines, strict=True):
        if len(row) > width:
            raise ResultsError(f"{name}:{line} has {len(row)} fields, but the first line names {width} columns")


def read_json(path: Path) -> ResultTable:
    """Read JSON lines, an object each, or one JSON list of objects; what is nested becomes `outer.inner`.

    Raises:
        ResultsError: A line is no object.
    """
    name, text = one_line(path.name), _read_text(path)
    if text.lstrip().startswith("["):
        listed = _parse(text, f"{name} is")
        return table_of_rows([(number, row) for number, row in enumerate(listed, start=1)], name)
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    return table_of_rows([(number, _parse(line, f"{name}:{number} is")) for number, line in lines], name)


def _parse(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"{place} no JSON: {one_line(str(error))}") from error


def table_of_rows(rows: Sequence[tuple[int, Any]], name: str) -> ResultTable:
    """Return the table of rows that are mappings, each with its number; a key that a row lacks is an empty field.

    Raises:
        ResultsError: A row is no mapping.
    """
    flat = []
    for number, row in rows:
        if not isinstance(row, Mapping):
            raise ResultsError(f'{name}:{number} is no object, such as {{"arm": "adam", "seed": 0, "accuracy": 0.9}}')
        flat.append(_flatten(row))
    keys = dict.fromkeys(key for row in flat for key in row)
    return ResultTable(name, {key: [row.get(key) for row in flat] for key in keys}, [number for number, _ in rows])


def _flatten(row: Mapping[Any, Any], depth: int = 0) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, Mapping) and depth < _DEEPEST:
            flat |= {f"{key}.{inner}": each for inner, each in _flatten(value, depth + 1).items()}
        else:
            flat[str(key)] = value
    return flat
