"""Reading of results: CSV files, JSON lines, Parquet files, folders of TensorBoard logs, and frames in memory.

PyArrow is imported for Parquet files alone, pandas never.
"""

import ast
import contextlib
import csv
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fashion_keras.errors import ResultsError, os_errors_as
from fashion_keras.formatting import first_line, one_line
from fashion_keras.results.event_logs import read_logs
from fashion_keras.results.table import ResultTable, parse_number, quoted

__all__ = ["read_results"]

_SEPARATORS = ",;\t|"
_DEEPEST = 20
_NO_NUMBER = re.compile(r"(?<=: )-?(?:nan|inf)(?=[,}])")
_MAX_BYTES, _CHUNK_BYTES = 2**29, 2**24


def read_results(source: Any) -> ResultTable:
    """Return the table of a file, of a folder of TensorBoard logs, or of a frame.

    Args:
        source: A path, by whose ending the format is known (anything unknown is read as CSV); or a pandas or Polars
            frame, a mapping from names to columns, or a list of rows as mappings.

    Raises:
        ResultsError: It is missing, unreadable or has no rows, in one line.
    """
    if isinstance(source, str | os.PathLike):
        with os_errors_as(ResultsError, one_line(str(source)), "read"):
            table = _read_path(Path(source))
    else:
        table = _from_rows(enumerate(source), "the list") if isinstance(source, Sequence) else _from_frame(source)
    table = _unfold(table)
    if not table.lines:
        raise ResultsError(f"{table.name} has no rows; one for each run, below a line of names, was expected")
    return table


def _read_path(path: Path) -> ResultTable:
    if path.is_dir():
        return read_logs(path)
    name, ending = one_line(path.name), path.suffix.lower()
    if ending in (".parquet", ".pq"):
        return _read_parquet(path, name)
    text = _decode(_read_bytes(path, name), name)
    is_json = ending in (".json", ".jsonl", ".ndjson") or text.lstrip()[:1] in ("{", "[")  # a pipe has no ending
    return (_read_json if is_json else _read_csv)(text, name)


def _read_bytes(path: Path, name: str) -> bytes:
    """Return the content of a file, which may be a pipe, as a shell's `<(...)` is, or a device that never ends."""
    content = bytearray()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            content += chunk
            if len(content) > _MAX_BYTES:
                raise ResultsError(f"{name} goes on after {_MAX_BYTES >> 20} MiB; fewer columns, or Parquet, are read")
    return bytes(content)


def _decode(content: bytes, name: str) -> str:
    """Return the text of a file, which is UTF-8, or UTF-16 with its mark."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):  # as spreadsheets save "Unicode text"
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ResultsError(
            f"{name}:{line} is no UTF-8 text; save it so (in spreadsheets: CSV UTF-8), or unpack it"
        ) from error


def _read_csv(text: str, name: str) -> ResultTable:
    """Read CSV whose first line names the columns; commas, semicolons, tabs or bars separate its fields."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(_SEPARATORS, key=first.count)
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=separator)
    try:
        rows = {line: row for row, line in ((row, reader.line_num) for row in reader) if any(row)}
    except csv.Error as error:
        raise ResultsError(f"{name}:{reader.line_num} is no line of CSV: {error}") from error
    if not rows:
        raise ResultsError(f"{name} is empty; a line of names and one for each run were expected")
    heads = _check_heads(rows.pop(min(rows)), name)
    for line, row in rows.items():
        if len(row) > len(heads):
            raise ResultsError(f"{name}:{line} has {len(row)} fields, but the first line names {len(heads)} columns")
        row += [""] * (len(heads) - len(row))
    columns = dict(zip(heads, zip(*rows.values(), strict=True), strict=True)) if rows else {}
    return ResultTable(name, columns, list(rows), decimal_comma=separator != ",")


def _check_heads(row: Sequence[str], name: str) -> list[str]:
    heads = [field.strip() or f"column {number}" for number, field in enumerate(row, start=1)]
    if all(parse_number(head) is not None for head in heads):
        raise ResultsError(
            f"{name} begins with numbers; its first line must name the columns, such as arm,seed,accuracy"
        )
    head, count = Counter(heads).most_common(1)[0]
    if count > 1:
        raise ResultsError(f"{name} has two columns {quoted(head)}; give each a name of its own")
    return heads


def _read_json(text: str, name: str) -> ResultTable:
    """Read JSON lines, an object each, one JSON list of objects, or one object of columns."""
    if text.lstrip().startswith("["):
        return _from_rows(enumerate(_parse(text, name), start=1), name)
    whole = None
    with contextlib.suppress(ValueError, RecursionError):  # several lines of objects are no JSON together
        whole = json.loads(text)
    if isinstance(whole, Mapping):
        has_columns = bool(whole) and all(isinstance(column, list | Mapping) for column in whole.values())
        return replace(_from_frame(whole), name=name) if has_columns else _from_rows([(1, whole)], name)
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    return _from_rows([(number, _parse(line, f"{name}:{number}")) for number, line in lines], name)


def _parse(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"{place} is no JSON: {one_line(str(error))}") from error


def _from_rows(rows: Iterable[tuple[int, Any]], name: str) -> ResultTable:
    """Return the table of rows that are mappings, each with its number; a key that a row lacks is an empty field."""
    flat: dict[int, dict[str, Any]] = {}
    for number, row in rows:
        if not isinstance(row, Mapping):
            raise ResultsError(f'{name}:{number} is no object, such as {{"arm": "adam", "seed": 0, "accuracy": 0.9}}')
        flat[number] = _flatten(row)
    keys = dict.fromkeys(key for row in flat.values() for key in row)
    return ResultTable(name, {key: [row.get(key) for row in flat.values()] for key in keys}, list(flat))


def _flatten(row: Mapping[Any, Any], depth: int = 0) -> dict[str, Any]:
    """Return a mapping with one for `outer.inner` in the place of each mapping within."""
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, Mapping) and depth < _DEEPEST:
            flat |= {f"{key}.{inner}": each for inner, each in _flatten(value, depth + 1).items()}
        else:
            flat[str(key)] = value
    return flat


def _unfold(table: ResultTable) -> ResultTable:
    """Return the table with a column for each entry of those that hold mappings, as W&B's runs are often saved.

    Its `Api().runs()` gives a `summary` and a `config` of each run, which a CSV file has as Python writes them.
    """
    columns: dict[str, Sequence[Any]] = {}
    for name, values in table.columns.items():
        rows = _mappings(values)
        keys = dict.fromkeys(key for row in rows or () for key in row)
        columns |= {name: values} if rows is None else {f"{name}.{key}": [row.get(key) for row in rows] for key in keys}
    return replace(table, columns=columns)


def _mappings(values: Sequence[Any]) -> list[dict[str, Any]] | None:
    """Return the mappings that a column holds, as such or as text; None where anything in it is none."""
    if not all(isinstance(each, Mapping) or (isinstance(each, str) and each[:1] == "{") for each in values):
        return None
    with contextlib.suppress(ValueError, SyntaxError, TypeError, AttributeError, RecursionError, MemoryError):
        return [_flatten(each if isinstance(each, Mapping) else _literal(each)) for each in values]
    return None


def _literal(text: str) -> Any:
    """Return the mapping that a text is, as JSON or as Python writes it; NaN is infinite, for both are no number."""
    with contextlib.suppress(ValueError):
        return json.loads(text)
    return ast.literal_eval(_NO_NUMBER.sub("1e999", text))


def _from_frame(frame: Any) -> ResultTable:
    """Return the table of a pandas or Polars frame, or of a mapping from names to columns.

    A pandas frame may have seeds or arms as its index, a mapping `{"sgd": {0: 0.88, 1: 0.89}}` has them as keys.
    """
    if isinstance(frame, Mapping) and all(isinstance(column, Mapping) for column in frame.values()):
        keys = dict.fromkeys(key for column in frame.values() for key in column)
        columns = {name: [column.get(key) for key in keys] for name, column in frame.items()}
        frame = columns if "seed" in map(str, columns) else {"seed": [*keys], **columns}
    elif any(getattr(getattr(frame, "index", None), "names", ())):
        frame = frame.reset_index()
    try:
        names = list(frame if isinstance(frame, Mapping) else frame.columns)
        columns = {_name_of(name): list(frame[name]) for name in names}
    except (AttributeError, TypeError, KeyError) as error:
        kind = type(frame).__name__
        expected = "a path, a frame, a mapping from names to columns, or a list of mappings"
        raise ResultsError(f"{expected} was expected, got {kind}") from error
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        raise ResultsError(f"the columns of the frame differ in length, {min(lengths)} to {max(lengths)}")
    return ResultTable("the frame", columns, range(max(lengths, default=0)))


def _name_of(name: Any) -> str:
    return "_".join(str(part) for part in name if str(part)) if isinstance(name, tuple) else str(name)


def _read_parquet(path: Path, name: str) -> ResultTable:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise ResultsError(f"{name} needs PyArrow: pip install pyarrow, or save it as CSV") from error
    try:
        table = parquet.read_table(path)
    except (ArrowException, ValueError) as error:
        raise ResultsError(f"{name} is no Parquet file that PyArrow can read: {first_line(error)}") from error
    return ResultTable(name, table.to_pydict(), range(table.num_rows))
