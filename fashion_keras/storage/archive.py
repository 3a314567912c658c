"""Run archive: published runs in one compressed file, all that tables and verdicts need, without weights and pictures.

A result already holds a bit for each test image; with the history beside it, everything that reporting shows can be
computed again from a fresh clone. Knows no TensorFlow.
"""

import lzma
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from fashion_keras.config.identity import PROTOCOL_VERSION
from fashion_keras.errors import StoreError, os_errors_as
from fashion_keras.storage.files import write_file
from fashion_keras.storage.reading import (
    MAX_BYTES,
    check_digest,
    check_protocol,
    damage_of,
    parse_json,
    read_bytes,
    seal,
)
from fashion_keras.storage.results import History
from fashion_keras.storage.runs import StoredRun
from fashion_keras.storage.verification import check_history, check_result

__all__ = ["ARCHIVE", "ArchivedRun", "RunArchive", "write_archive"]

ARCHIVE = "runs.json.xz"


@dataclass(frozen=True)
class ArchivedRun(StoredRun):
    """A run out of an archive; it has no weights and no predictions but which images it got right.

    Attributes:
        archived_history: Stands for history.json.
    """

    archived_history: History

    @cached_property
    def history(self) -> History:
        """One list per key of `results.HISTORY_KEYS`."""
        return self.archived_history


class RunArchive:
    """The runs of an archive, found by their folders' names as in a `RunStore`.

    Args:
        path: The file.

    Attributes:
        is_verified: Whether it has a digest of its content; those published before digests were kept have none.

    Raises:
        StoreError: It cannot be read, or its protocol is another.
    """

    def __init__(self, path: Path):
        self.path = path
        with damage_of(path, "restore it from where it was published"):
            content = _decompress(read_bytes(path))
            record = parse_json(content)
            self.is_verified = check_digest(content, record)
            check_protocol(path, record)
            self._runs = {folder: _check_run(folder, run) for folder, run in record["runs"].items()}

    @property
    def folders(self) -> list[str]:
        """The names of the runs' folders."""
        return list(self._runs)

    def find_folder(self, folder: str) -> StoredRun | None:
        """Return the run that had a folder of that name, or None."""
        return self._runs.get(folder)


def _decompress(content: bytes) -> bytes:
    """Return the content of an xz file.

    Raises:
        ValueError: It is cut off, goes on after its end, or is larger than anything that was published.
    """
    stream = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=1 << 30)
    text = stream.decompress(content, max_length=MAX_BYTES)
    if not stream.eof or stream.unused_data:
        raise ValueError("it is cut off, too large, or goes on after its end")
    return text


def _check_run(folder: str, run: Mapping[str, Any]) -> StoredRun:
    try:
        check_result(run["result"], folder)
        check_history(run["history"], run["result"])
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"{folder}: {error}") from error
    return ArchivedRun(Path(folder), run["result"], run["history"])


def write_archive(path: Path, runs: Iterable[StoredRun]) -> None:
    """Write runs into one file, each once; equal runs give equal bytes.

    Raises:
        StoreError: It cannot be written.
    """
    by_folder = {run.path.name: {"result": dict(run.result), "history": dict(run.history)} for run in runs}
    content = seal(
        {"protocol": PROTOCOL_VERSION, "runs": by_folder}, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    with os_errors_as(StoreError, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, lzma.compress(content.encode(), preset=9))
