"""Frames of results in memory, and Parquet files; pandas and PyArrow are imported for the latter alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fashion_keras.errors import ResultsError
from fashion_keras.formatting import first_line, one_line
from fashion_keras.results.table import ResultTable
from fashion_keras.results.text_files import table_of_rows

__all__ = ["from_frame", "read_parquet"]

_FRAME = "the frame"


def from_frame(frame: Any) -> ResultTable:
    """Return the table of a pandas or Polars frame, of a mapping from names to columns, or of a list of mappings.

    Raises:
        ResultsError: It is none of these, or its columns differ in length.
    """
    if isinstance(frame, Mapping):
        return _from_columns({str(name): list(column) for name, column in frame.items()}, _FRAME)
    if isinstance(frame, Sequence):
        return table_of_rows(list(enumerate(frame)), "the list")
    try:
        names = list(frame.columns)
        columns = {_name_of(name): list(frame[name]) for name in names}
    except (AttributeError, TypeError, KeyError) as error:
        kind = type(frame).__name__
        raise ResultsError(f"a path, a frame, a mapping or a list of mappings was expected, got {kind}") from error
    return _from_columns(columns, _FRAME)


def _name_of(name: Any) -> str:
    return "_".join(str(part) for part in name if str(part)) if isinstance(name, tuple) else str(name)


def _from_columns(columns: Mapping[str, list[Any]], name: str) -> ResultTable:
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        raise ResultsError(f"the columns of {name} differ in length, {min(lengths)} to {max(lengths)}")
    return ResultTable(name, columns, range(max(lengths, default=0)))


def read_parquet(path: Path) -> ResultTable:
    """Read a Parquet file with PyArrow, which pandas uses too.

    Raises:
        ResultsError: PyArrow is missing, or the file is no Parquet.
    """
    name = one_line(path.name)
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise ResultsError(f"{name} needs PyArrow: pip install pyarrow, or save it as CSV") from error
    try:
        columns = parquet.read_table(path).to_pydict()
    except (ArrowException, ValueError) as error:
        raise ResultsError(f"{name} is no Parquet file that PyArrow can read: {first_line(error)}") from error
    return _from_columns(columns, name)
