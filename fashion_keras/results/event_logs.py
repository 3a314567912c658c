"""TensorBoard logs of any training code: the scalars of each run, read without TensorFlow.

FOLDER/adam/seed_0/events.out.tfevents...      arm adam, seed 0; also adam_seed0, adam-run-0, adam/0
FOLDER/adam/seed_0/validation/events...        as Keras writes them: its scalars are named validation/...
"""

import os
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from fashion_keras.errors import ResultsError
from fashion_keras.formatting import first_line, one_line
from fashion_keras.results.names import split_run_name
from fashion_keras.results.table import ResultTable

__all__ = ["read_logs"]

_PARTS = ("train", "validation", "val", "test", "eval")
_MOST_BYTES = 2**24  # of a record that may have scalars
_HEADER = struct.Struct("<QI")  # length of the record and its checksum; another checksum follows the record


def read_logs(folder: Path) -> ResultTable:
    """Return the last value of every scalar of each run below a folder, with columns `arm` and, where named, `seed`.

    Raises:
        ResultsError: There is no log, or none has scalars.
    """
    runs: dict[str, dict[str, float]] = {}
    for path in sorted(filter(Path.is_file, folder.rglob("*tfevents*"))):
        run, part = _run_of(path.parent.relative_to(folder).as_posix())
        values = _last_scalars(path)
        runs.setdefault(run, {}).update({f"{part}{tag}": value for tag, value in values.items()})
    runs = {run: values for run, values in runs.items() if values}
    name = one_line(folder.name) or str(folder)
    if not runs:
        raise ResultsError(
            f"{name} has no TensorBoard logs with scalars: files named *tfevents* were expected below it"
        )
    names = [split_run_name(run) for run in runs]
    tags = dict.fromkeys(tag for values in runs.values() for tag in values)
    columns: dict[str, list[Any]] = {"arm": [arm for arm, _ in names], "seed": [seed for _, seed in names]}
    table = ResultTable(
        name, columns | {tag: [each.get(tag) for each in runs.values()] for tag in tags}, range(1, len(runs) + 1)
    )
    return table.without("seed") if None in columns["seed"] else table


def _run_of(path: str) -> tuple[str, str]:
    """Return the run of a log's folder, and what its tags begin with: the part of the data that names the folder."""
    run, _, last = path.rpartition("/")
    return (run, f"{last}/") if run and last in _PARTS else (path, "")


def _last_scalars(path: Path) -> Mapping[str, float]:
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto.event_pb2 import Event

    last: dict[str, tuple[int, float]] = {}
    try:
        with path.open("rb") as file:
            for event in map(Event.FromString, _records(file)):
                for value in event.summary.value:
                    number = _scalar(value)
                    if number is not None and event.step >= last.get(value.tag, (event.step, 0.0))[0]:
                        last[value.tag] = event.step, number
    except (DecodeError, TypeError, ValueError) as error:
        raise ResultsError(f"{one_line(path.name)} is no TensorBoard log: {first_line(error)}") from error
    return {tag: number for tag, (_, number) in last.items()}


def _records(file: BinaryIO) -> Iterator[bytes]:
    """Yield the records of a log one by one; no scalars are in large ones, nor where a killed run cut off the last."""
    size = os.fstat(file.fileno()).st_size
    while len(head := file.read(_HEADER.size)) == _HEADER.size:
        length, _ = _HEADER.unpack(head)
        end = file.tell() + length
        if end > size:
            return
        if length <= _MOST_BYTES:
            yield file.read(length)
        file.seek(end + 4)


def _scalar(value: Any) -> float | None:
    """Return a summary's number; None where it is a picture, a histogram or a text."""
    from tensorboard.util.tensor_util import make_ndarray

    if value.HasField("simple_value"):
        return float(value.simple_value)
    if not value.HasField("tensor") or value.metadata.plugin_data.plugin_name not in ("", "scalars"):
        return None
    array = make_ndarray(value.tensor)
    return float(array) if array.ndim == 0 and array.dtype.kind in "biuf" else None
