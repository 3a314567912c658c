"""Run store: finished runs on disk, atomic, resumable, verified. Knows neither TensorFlow nor Keras.

    STORE/runs/LABEL__sSEED__HASH12/   history.json, predictions.npz, weights.npz, result.json
    STORE/partial/...                  runs in work: history.jsonl and log.txt while they train
    STORE/failed/...                   what the last failure of a run left: log.txt
    STORE/locks/                       one lock per run in work; the system frees it when its process dies
    STORE/comparisons/                 what was compared, see `fashion_keras.storage.comparison`

A run's folder is complete or absent: it is filled under another name, its result is written last, and then it is
renamed into place.
"""

import contextlib
import json
import math
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import filelock
import numpy as np
from numpy.typing import NDArray

from fashion_keras.config.identity import PROTOCOL_VERSION
from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import StoreError, os_errors_as
from fashion_keras.results.metrics import Metric
from fashion_keras.storage.files import sync_folder, write_file
from fashion_keras.storage.reading import (
    DIGEST,
    DamageError,
    check_digest,
    damage_of,
    parse_json,
    read_bytes,
    say_once,
    seal,
    sha256,
)
from fashion_keras.storage.results import History, Predictions, RunResult, pack_bits, unpack_bits
from fashion_keras.storage.verification import (
    check_artefact,
    check_artefacts,
    check_history,
    check_predictions,
    check_result,
    has_digests,
)

__all__ = ["RESULT", "RunStore", "StoredRun", "is_folder_name", "read_run"]

RESULT = "result.json"
NETWORK = "network.json"
HISTORY = "history.json"
ARTEFACTS = frozenset(("config.json", HISTORY, NETWORK, "predictions.npz", "weights.npz"))  # the first of old runs
REMEDY = "`fashion-keras run` trains it again"
LOGS = ("history.jsonl", "log.txt")
"""What a run writes while it trains; a finished one has its history instead."""


@dataclass(frozen=True)
class StoredRun:
    """A complete run, read as far as it is asked for.

    Attributes:
        place: Its folder.
        result: The content of result.json.
    """

    place: str | os.PathLike[str]
    result: Mapping[str, Any]

    @cached_property
    def path(self) -> Path:
        """Its folder; made when it is asked for, as most of thousands of runs are not."""
        return Path(self.place)

    @property
    def run_id(self) -> str:
        """The hash of everything that changes the run's numbers."""
        return self.result["run_id"]

    @property
    def config(self) -> RunConfig:
        """The run's configuration."""
        return RunConfig.from_json(self.result["config"])

    @property
    def has_trainer(self) -> bool:
        """Whether a custom trainer made it, which says itself whether it diverged."""
        return "trainer" in self.result["config"]

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

    def value(self, metric: str) -> float | None:
        """Return what it ended with of a metric, or its `seconds` of training.

        None where that is no finite number; of a run that diverged, and stopped for it, the seconds count for nothing.
        """
        if metric == "seconds":
            return self.seconds["train"] if self.status == "finished" else None
        return self.final.get(metric)

    def judged_value(self, metric: Metric) -> float | None:
        """Return the same; NaN where the run diverged, None where it never was evaluated.

        Raises:
            StoreError: It has no such metric, or no share: a custom trainer may return what runs of Keras never have.
        """
        name, value = metric.name, self.value(metric.name)
        is_missing = name not in self.final or (self.has_trainer and self.status == "finished")
        if value is None and name != "seconds" and is_missing:
            has = ", ".join(name for name, value in self.final.items() if value is not None)
            raise StoreError(
                f"{self.path} has no {name}, but {has}; judge by one of these, or remove the folder to train it again"
            )
        if value is not None and metric.is_share and not 0.0 <= value <= 1.0:
            raise StoreError(
                f"{self.path} has a {name} of {value:g}, which is no share from 0 to 1: return one, or judge by "
                f"Metric({name!r}, is_share=False) and a margin"
            )
        return math.nan if value is None and self.has_diverged else value

    @property
    def has_diverged(self) -> bool:
        """Whether it ended in a loss that is no finite number, of training or of what was evaluated after it."""
        final = self.final
        return self.status == "diverged" or (
            not self.has_trainer
            and any(
                final[f"{part}_loss"] is None and final[f"{part}_accuracy"] is not None
                for part in ("train", "val", "test")
            )
        )

    @property
    def seconds(self) -> Mapping[str, float]:
        """Seconds of training, in total and of the start, see `RunResult.seconds`."""
        return self.result["seconds"]

    @cached_property
    def history(self) -> History:
        """One list per key of `results.HISTORY_KEYS`.

        Raises:
            DamageError: The file is not what was written.
        """
        check_artefact(str(self.place), HISTORY, self.result["artefacts"], REMEDY)
        path = f"{self.place}/{HISTORY}"
        with damage_of(path, REMEDY):
            history = parse_json(read_bytes(path))
            check_history(history, self.result)
        return history

    @property
    def correct(self) -> NDArray[np.bool_] | None:
        """Which test images it got right, bool [M], or None where the test set was never evaluated."""
        packed = self.result["correct"]
        return None if packed is None else unpack_bits(packed["bits"], packed["count"])

    @property
    def network_folder(self) -> str | None:
        """Where the code of its custom network was when it was trained; None where that is not known."""
        try:
            return str(parse_json(read_bytes(f"{self.path}/{NETWORK}"))["folder"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def load_predictions(self) -> Predictions:
        """Read what the model said of each test image.

        Raises:
            DamageError: The file is not what was written.
        """
        with self._arrays("predictions.npz") as arrays:
            found = Predictions(**{name: arrays[name] for name in ("class_id", "loss", "probabilities", "correct")})
            check_predictions(found.correct, self.result)
            return found

    def load_weights(self) -> list[NDArray[Any]]:
        """Read the final weights in Keras's order, for `model.set_weights`.

        Raises:
            DamageError: The file is not what was written.
        """
        with self._arrays("weights.npz") as arrays:
            return [arrays[f"weight_{number:03}"] for number in range(len(arrays.files))]

    @contextlib.contextmanager
    def _arrays(self, name: str) -> Iterator[Any]:
        path = self.path / name
        with damage_of(path, REMEDY):
            check_artefact(str(self.path), name, self.result["artefacts"])
            with np.load(path, allow_pickle=False) as arrays:
                yield arrays

    def check_contents(self, names: Collection[str]) -> None:
        """Hold what some files say against the result, of a run that has no digests; raises as they are read."""
        if HISTORY in names:
            self.history  # noqa: B018  # reads and checks it
        if "predictions.npz" in names and self.result["correct"] is not None:
            self.load_predictions()
        if "weights.npz" in names:
            self.load_weights()


class RunStore:
    """The runs under one folder, which several processes and machines may share.

    Args:
        root: The store's folder; made when something is written.
    """

    def __init__(self, root: str | os.PathLike[str]):
        self.root = Path(root)
        self._runs = f"{self.root}/runs"

    def find(self, config: RunConfig) -> StoredRun | None:
        """Return the complete run of a configuration whose files are all as they were written, or None."""
        return self._read(config.folder, config.run_id, ARTEFACTS)

    def find_folder(self, folder: str) -> StoredRun | None:
        """Return the complete run in a folder of that name whose history is as it was written, or None."""
        return self._read(folder, None, (HISTORY,)) if is_folder_name(folder) else None

    def _read(self, folder: str, run_id: str | None = None, hashed: Collection[str] = ()) -> StoredRun | None:
        """Return a run, or None where there is none or it is damaged, which is said once."""
        try:
            run = read_run(f"{self._runs}/{folder}", run_id, hashed)
        except DamageError as error:
            say_once(f"Left out: {error}")
            return None
        if run and not has_digests(run.result):
            say_once(f"Not verified: {self.root} has runs from before digests were kept; `fashion-keras check` counts")
        return run

    def partial_folder(self, config: RunConfig) -> Path:
        """The folder that a run fills while it trains."""
        return self.root / "partial" / config.folder

    @contextlib.contextmanager
    def lock(self, config: RunConfig) -> Iterator[bool]:
        """Hold the right to train a configuration; yields False at once where another process holds it."""
        with os_errors_as(StoreError, self.root):
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
        with os_errors_as(StoreError, self.root):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        return folder

    def commit(self, result: RunResult) -> StoredRun:
        """Write a run into its partial folder and put it into place, whole or not at all."""
        config = result.config
        partial, final = self.partial_folder(config), self.root / "runs" / config.folder
        with os_errors_as(StoreError, self.root):
            _write_artefacts(partial, result)
            artefacts = {path.name: _describe_file(path) for path in sorted(partial.iterdir()) if path.name not in LOGS}
            record = _result_record(result, artefacts)
            _check_sound(record, result)
            write_file(partial / RESULT, seal(record, indent=1, sort_keys=True, allow_nan=False))
            # Only now: had one of these files not found room, the log would be needed.
            for name in LOGS:
                (partial / name).unlink(missing_ok=True)
            final.parent.mkdir(exist_ok=True)
            # What stands there is no complete run, or this one would not have been trained.
            shutil.rmtree(final, ignore_errors=True)
            partial.rename(final)
            sync_folder(final.parent)
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
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(self.root / "runs") as entries:
            yield from filter(None, map(self._read, sorted(entry.name for entry in entries if entry.is_dir())))


def read_run(path: str | os.PathLike[str], run_id: str | None = None, hashed: Collection[str] = ()) -> StoredRun | None:
    """Return the run in a folder, or None where there is no such folder or its run is not the one that is meant.

    Args:
        path: The folder.
        run_id: Of the run that is meant; None is any.
        hashed: Files that are read and held against their digests; of the others, their sizes are.

    Raises:
        DamageError: The run is damaged or not complete, see `verification.check_result`.
    """
    place = os.fspath(path)
    file = f"{place}/{RESULT}"
    with damage_of(file, REMEDY):
        try:
            content = read_bytes(file)
        except (FileNotFoundError, NotADirectoryError):
            if not os.path.isdir(place):  # noqa: PTH112
                return None
            raise
        result = parse_json(content)
        check_digest(content, result)
        check_result(result, os.path.basename(place))  # noqa: PTH119
        check_artefacts(place, result["artefacts"], hashed, REMEDY)
    run = StoredRun(place, result)
    if not has_digests(result):
        run.check_contents(hashed)
    return run if run_id in (None, result["run_id"]) else None


def is_folder_name(name: str) -> bool:
    """Whether a text, which may come from a damaged or a forged record, is the name of a folder and leads nowhere."""
    return isinstance(name, str) and bool(name) and name == os.path.basename(name) and name not in (".", "..")  # noqa: PTH119


def _write_artefacts(folder: Path, result: RunResult) -> None:
    """Write everything but the result."""
    write_file(folder / HISTORY, _dump(result.history))
    weights = {f"weight_{number:03}": array for number, array in enumerate(result.weights)}
    _write_arrays(folder / "weights.npz", weights)
    if result.predictions is not None:
        _write_arrays(folder / "predictions.npz", vars(result.predictions))
    if result.network_folder is not None:
        # Beside the result, which is published: a folder of this machine is nobody else's concern.
        write_file(folder / NETWORK, _dump({"folder": result.network_folder}))


def _describe_file(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {"size": len(content), "sha256": sha256(content)}


def _check_sound(record: Mapping[str, Any], result: RunResult) -> None:
    """Refuse to store a run that nobody could read back."""
    try:
        check_result(record, result.config.folder)
        check_history(result.history, record)
    except ValueError as error:
        raise StoreError(f"the result of {result.config.folder} is not sound: {error}") from error


def _write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    with path.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
        file.flush()
        os.fsync(file.fileno())


def _result_record(result: RunResult, artefacts: Mapping[str, Any]) -> dict[str, Any]:
    correct = result.predictions.correct if result.predictions is not None else result.correct
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
        DIGEST: "",
    }


def _dump(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n"
