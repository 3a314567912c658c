"""Finished runs on disk: atomic, resumable, verifiable. Knows neither TensorFlow nor Keras.

    STORE/runs/LABEL__sSEED__HASH12/   config.json, history.json, predictions.npz, weights.npz, result.json
    STORE/partial/...                  runs in work: history.jsonl and log.txt while they train
    STORE/failed/...                   what the last failure of a run left: log.txt
    STORE/locks/                       one lock per run in work; the system frees it when its process dies
    STORE/comparisons/                 what was compared, see `fashion_keras.storage.comparison`

A run's folder is complete or absent: it is filled under another name, its result is written last, and then it is
renamed into place.
"""

import contextlib
import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import filelock
import numpy as np
from numpy.typing import NDArray

from fashion_keras.config.run_config import PROTOCOL_VERSION, RunConfig
from fashion_keras.errors import StoreError
from fashion_keras.storage.results import History, Predictions, RunResult, pack_bits, unpack_bits

RESULT = "result.json"
NETWORK = "network.json"
LOGS = ("history.jsonl", "log.txt")
"""What a run writes while it trains; a finished one has its history instead."""


@dataclass(frozen=True)
class StoredRun:
    """A complete run, read as far as it is asked for.

    Attributes:
        path: Its folder.
        result: The content of result.json.
    """

    path: Path
    result: Mapping[str, Any]

    @property
    def run_id(self) -> str:
        """The hash of everything that changes the run's numbers."""
        return self.result["run_id"]

    @property
    def config(self) -> RunConfig:
        """The run's configuration."""
        return RunConfig.from_json(self.result["config"])

    @property
    def seed(self) -> int:
        """The run's seed."""
        return self.result["config"].get("seed", 0)

    @property
    def status(self) -> str:
        """`"finished"` or `"diverged"`."""
        return self.result["status"]

    @property
    def final(self) -> Mapping[str, float | None]:
        """The last epoch's values, see `RunResult.final`."""
        return self.result["final"]

    @property
    def seconds(self) -> Mapping[str, float]:
        """Seconds of training, in total and of the start, see `RunResult.seconds`."""
        return self.result["seconds"]

    @cached_property
    def history(self) -> History:
        """One list per key of `results.HISTORY_KEYS`."""
        return json.loads((self.path / "history.json").read_text())

    @property
    def correct(self) -> NDArray[np.bool_] | None:
        """Which test images it got right, bool [M], or None where the test set was never evaluated."""
        packed = self.result["correct"]
        return None if packed is None else unpack_bits(packed["bits"], packed["count"])

    @property
    def network_folder(self) -> str | None:
        """Where the code of its custom network was when it was trained; None where that is not known."""
        try:
            return str(json.loads((self.path / NETWORK).read_bytes())["folder"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def load_predictions(self) -> Predictions:
        """Read what the model said of each test image."""
        with np.load(self.path / "predictions.npz") as arrays:
            return Predictions(**{name: arrays[name] for name in ("class_id", "loss", "probabilities", "correct")})

    def load_weights(self) -> list[NDArray[Any]]:
        """Read the final weights in Keras's order, for `model.set_weights`."""
        with np.load(self.path / "weights.npz") as arrays:
            return [arrays[f"weight_{number:03}"] for number in range(len(arrays.files))]


class RunStore:
    """The runs under one folder, which several processes and machines may share.

    Args:
        root: The store's folder; made when something is written.
    """

    def __init__(self, root: str | os.PathLike[str]):
        self.root = Path(root)

    def find(self, config: RunConfig) -> StoredRun | None:
        """Return the complete run of a configuration, or None."""
        return read_run(self.root / "runs" / config.folder, config.run_id)

    def find_folder(self, folder: str) -> StoredRun | None:
        """Return the complete run in a folder of that name, or None."""
        return read_run(self.root / "runs" / folder)

    def partial_folder(self, config: RunConfig) -> Path:
        """The folder that a run fills while it trains."""
        return self.root / "partial" / config.folder

    @contextlib.contextmanager
    def lock(self, config: RunConfig) -> Iterator[bool]:
        """Hold the right to train a configuration; yields False at once where another process holds it."""
        with clear_errors(self.root):
            folder = self.root / "locks"
            folder.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(folder / f"{config.run_id[:12]}.lock", timeout=0)
            with contextlib.suppress(filelock.Timeout):
                lock.acquire()
        try:
            yield lock.is_locked
        finally:
            lock.release()

    def begin(self, config: RunConfig) -> Path:
        """Make an empty folder for a run to fill; the caller holds its lock."""
        folder = self.partial_folder(config)
        with clear_errors(self.root):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        return folder

    def commit(self, result: RunResult) -> StoredRun:
        """Write a run into its partial folder and put it into place, whole or not at all."""
        config = result.config
        partial, final = self.partial_folder(config), self.root / "runs" / config.folder
        with clear_errors(self.root):
            _write_artefacts(partial, result)
            sizes = {path.name: path.stat().st_size for path in sorted(partial.iterdir()) if path.name not in LOGS}
            write_file(partial / RESULT, _dump(_result_record(result, sizes)))
            # Only now: had one of these files not found room, the log would be needed.
            for name in LOGS:
                (partial / name).unlink(missing_ok=True)
            final.parent.mkdir(exist_ok=True)
            # What stands there is no complete run, or this one would not have been trained.
            shutil.rmtree(final, ignore_errors=True)
            partial.rename(final)
            _sync_folder(final.parent)
        stored = read_run(final, config.run_id)
        if stored is None:
            raise StoreError(f"{final} was written but cannot be read back")
        return stored

    def fail(self, config: RunConfig, log: str) -> Path | None:
        """Keep the log of a failed run and return its path, None where it does not fit on the disk.

        The next invocation tries the run again.
        """
        shutil.rmtree(self.partial_folder(config), ignore_errors=True)
        path = self.root / "failed" / config.folder / "log.txt"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_file(path, log)
        except OSError:
            return None
        return path

    def all_runs(self) -> Iterator[StoredRun]:
        """Read every complete run, in the order of their names."""
        folder = self.root / "runs"
        if folder.is_dir():
            for name in sorted(path.name for path in folder.iterdir()):
                run = read_run(folder / name)
                if run:
                    yield run


def read_run(path: Path, run_id: str | None = None) -> StoredRun | None:
    """Return the run in a folder, or None where it is not complete.

    Complete means: the result parses, its hash is the folder's (and `run_id`, where given), its artefacts are there.
    """
    try:
        result = json.loads((path / RESULT).read_bytes())
        found, artefacts = str(result["run_id"]), result["artefacts"]
        # One look at the folder: with thousands of runs, a path and a question for each file would take twice as long.
        with os.scandir(path) as entries:
            sizes = {entry.name: entry.stat().st_size for entry in entries}
        whole = artefacts.items() <= sizes.items()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    named = path.name.endswith(found[:12]) and run_id in (None, found)
    return StoredRun(path, result) if named and whole else None


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all: under a temporary name, to the disk, then renamed."""
    data = content.encode() if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes it readable by its owner alone; a shared store must be readable as other files are.
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _write_artefacts(folder: Path, result: RunResult) -> None:
    """Write everything but the result."""
    write_file(folder / "config.json", _dump(result.config.to_json()))
    write_file(folder / "history.json", _dump(result.history))
    weights = {f"weight_{number:03}": array for number, array in enumerate(result.weights)}
    _write_arrays(folder / "weights.npz", weights)
    if result.predictions is not None:
        _write_arrays(folder / "predictions.npz", vars(result.predictions))
    if result.network_folder is not None:
        # Beside the result, which is published: a folder of this machine is nobody else's concern.
        write_file(folder / NETWORK, _dump({"folder": result.network_folder}))


def _write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    with path.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
        file.flush()
        os.fsync(file.fileno())


def _result_record(result: RunResult, artefacts: Mapping[str, int]) -> dict[str, Any]:
    correct = result.predictions.correct if result.predictions is not None else None
    return {
        "run_id": result.config.run_id,
        "protocol": PROTOCOL_VERSION,
        "config": result.config.to_json(),
        "status": result.status,
        "epochs": len(result.history["train_loss"]),
        "final": dict(result.final),
        "correct": None if correct is None else {"count": len(correct), "bits": pack_bits(correct)},
        "seconds": {name: round(value, 4) for name, value in result.seconds.items()},
        "environment": dict(result.environment),
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "artefacts": dict(artefacts),
    }


def _dump(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def clear_errors(root: Path) -> Iterator[None]:
    """Turn what the system says of a full or read-only disk, or a file in the way, into one line."""
    try:
        yield
    except OSError as error:
        remedy = {
            errno.ENOSPC: "free some space and start again: finished runs are kept",
            errno.EROFS: "choose another folder with --out",
            errno.EACCES: "choose another folder with --out",
            errno.ENOTDIR: "a file is in the way; choose another folder with --out",
            errno.EEXIST: "a file is in the way; choose another folder with --out",
        }.get(error.errno or 0, "")
        where = error.filename or root
        raise StoreError(f"cannot write {where}: {error.strerror or error}{remedy and '; ' + remedy}") from error
