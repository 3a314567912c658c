"""Published runs in one compressed file: what tables, figures and verdicts need, without weights and pictures.

A result already holds a bit for each test image; with the history beside it, everything that reporting shows can be
computed again from a fresh clone. Knows no TensorFlow.
"""

import json
import lzma
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from fashion_keras.config.run_config import PROTOCOL_VERSION, canonical_json
from fashion_keras.errors import StoreError, os_errors_as
from fashion_keras.storage.files import write_file
from fashion_keras.storage.results import History
from fashion_keras.storage.runs import StoredRun

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

    Raises:
        StoreError: It cannot be read, or its protocol is another.
    """

    def __init__(self, path: Path):
        try:
            content = json.loads(lzma.decompress(path.read_bytes()))
            self._runs: Mapping[str, Mapping[str, Any]] = content["runs"]
            protocol = content["protocol"]
        except (OSError, lzma.LZMAError, ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{path} is not an archive of runs ({error})") from error
        if protocol != PROTOCOL_VERSION:
            raise StoreError(f"{path} has protocol version {protocol}, this program {PROTOCOL_VERSION}")

    def find_folder(self, folder: str) -> StoredRun | None:
        """Return the run that had a folder of that name, or None."""
        run = self._runs.get(folder)
        return ArchivedRun(Path(folder), run["result"], run["history"]) if run else None


def write_archive(path: Path, runs: Iterable[StoredRun]) -> None:
    """Write runs into one file, each once; equal runs give equal bytes.

    Raises:
        StoreError: It cannot be written.
    """
    by_folder = {run.path.name: {"result": dict(run.result), "history": dict(run.history)} for run in runs}
    content = canonical_json({"protocol": PROTOCOL_VERSION, "runs": by_folder})
    with os_errors_as(StoreError, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, lzma.compress(content.encode(), preset=9))
