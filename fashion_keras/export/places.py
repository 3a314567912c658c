"""Folders that are written whole or not at all, by one process at a time."""

import contextlib
import errno
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import filelock

from fashion_keras.errors import ExportError
from fashion_keras.inference.record import RECORD


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the right to write one export; waits for a process that holds it."""
    with clear_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(path.with_name(f".{path.name}.lock"))
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def replaced_whole(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside `path` that takes its place in the end, or vanishes if anything fails.

    The caller holds the lock, so whatever has the temporary names was left by a process that died.
    """
    if path.exists() and not (path / RECORD).exists() and not (path.is_dir() and not any(path.iterdir())):
        raise ExportError(f"{path} is there and is not an export of ours: move it away or choose another place")
    partial, replaced = (path.with_name(f".{path.name}.{word}") for word in ("partial", "replaced"))
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        yield partial
        swap(partial, path, replaced)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def swap(new: Path, path: Path, replaced: Path) -> None:
    """Put a folder into place; a folder cannot be renamed over another, so the earlier one steps aside first."""
    shutil.rmtree(replaced, ignore_errors=True)
    if not path.exists():
        new.rename(path)
        return
    path.rename(replaced)
    try:
        new.rename(path)
    except BaseException:
        replaced.rename(path)
        raise
    shutil.rmtree(replaced, ignore_errors=True)


@contextlib.contextmanager
def clear_errors(path: Path) -> Iterator[None]:
    """Turn what the system or TensorFlow says of a place that cannot be written or read back into one line."""
    try:
        yield
    except OSError as error:
        remedy = "free some space" if error.errno == errno.ENOSPC else "choose another place"
        raise ExportError(f"cannot write {error.filename or path}: {error.strerror or error}; {remedy}") from error
    except Exception as error:
        # TensorFlow's own errors, told by their module: importing it to name them would take seconds.
        if type(error).__module__.startswith("tensorflow."):
            reason = re.sub(r"\{\{.*?\}\} |\[Op:\w+\]", "", str(error).splitlines()[0]).strip()
            raise ExportError(f"cannot export to {path}: {reason}") from error
        raise
