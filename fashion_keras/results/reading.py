"""Reading of results: CSV files, JSON lines, Parquet files, folders of TensorBoard logs, and frames in memory."""

import os
from pathlib import Path
from typing import Any

from fashion_keras.errors import ResultsError, os_errors_as
from fashion_keras.formatting import one_line
from fashion_keras.results.event_logs import read_logs
from fashion_keras.results.frames import from_frame, read_parquet
from fashion_keras.results.table import ResultTable
from fashion_keras.results.text_files import read_csv, read_json

__all__ = ["read_results"]

_READERS = {
    ".jsonl": read_json,
    ".ndjson": read_json,
    ".json": read_json,
    ".parquet": read_parquet,
    ".pq": read_parquet,
}


def read_results(source: Any) -> ResultTable:
    """Return the table of a file, of a folder of TensorBoard logs, or of a frame.

    Args:
        source: A path, by whose ending the format is known (anything unknown is read as CSV); or a pandas or Polars
            frame, a mapping from names to columns, or a list of rows as mappings.

    Raises:
        ResultsError: It is missing, unreadable or has no rows, in one line.
    """
    if not isinstance(source, str | os.PathLike):
        return _check(from_frame(source))
    path = Path(source)
    with os_errors_as(ResultsError, one_line(str(path)), "read"):
        return _check(read_logs(path) if path.is_dir() else _READERS.get(path.suffix.lower(), read_csv)(path))


def _check(table: ResultTable) -> ResultTable:
    if not table.lines:
        raise ResultsError(f"{table.name} has no rows; one for each run, below a line of names, was expected")
    return table
