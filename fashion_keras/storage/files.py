"""Atomic writers: a file or a folder is there whole, in its new state or its old one, whatever ends the process.

What a killed write left beside its target is swept up by the next write of the same target.
"""

import contextlib
import ctypes
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import filelock

from fashion_keras.errors import StoreError, os_errors_as

__all__ = [
    "exchange", "folder_lock", "recover_folder", "sweep", "sync_folder", "write_file", "write_files",
    "write_folder",
]  # fmt: skip

_SUFFIX = ".partial"
_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2)
_HERE = -100  # AT_FDCWD


def write_files(folder: Path, contents: Mapping[str, str | bytes]) -> list[Path]:
    """Write files of these names and contents into a folder, each whole or not at all, and return their paths.

    Raises:
        StoreError: The folder cannot be written, in one line.
    """
    with os_errors_as(StoreError, folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            write_file(folder / name, content)
    return [folder / name for name in contents]


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all: under a temporary name, to the disk, then renamed.

    Several processes may write the same file: each has a temporary file of its own, locked while it is alive.

    Raises:
        OSError: As the system says; nothing is left behind then.
    """
    data = content.encode() if isinstance(content, str) else content
    sweep(path)
    handle, temporary = _open_temporary(path)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            # mkstemp makes it readable by its owner alone; a shared store must be readable as other files are.
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _open_temporary(path: Path) -> tuple[int, Path]:
    """Return a new file beside the target, open and locked, so that no other process takes it for a dead one's."""
    while True:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=_SUFFIX, dir=path.parent)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle, Path(name)
        os.close(handle)  # swept up between its making and its locking


def sweep(path: Path) -> None:
    """Remove the temporary files that killed writes of a file left beside it; those of living writers are locked."""
    prefix = f".{path.name}."
    with os.scandir(path.parent) as entries:
        names = [entry.path for entry in entries if entry.name.startswith(prefix) and entry.name.endswith(_SUFFIX)]
    for name in names:
        with contextlib.suppress(OSError), open(name, "rb") as file:  # noqa: PTH123  # a folder's is none of ours
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(name)  # noqa: PTH108


@contextlib.contextmanager
def folder_lock(path: Path) -> Iterator[None]:
    """Hold the right to write a folder, and wait for a process that holds it; who has it may ask for it again.

    Raises:
        OSError: As the system says.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(path.with_name(f".{path.name}.lock"), is_singleton=True):
        yield


@contextlib.contextmanager
def write_folder(path: Path, follow: Callable[[], object] = lambda: None) -> Iterator[Path]:
    """Yield an empty folder beside `path` that takes its place in the end, or vanishes if anything fails.

    One process at a time fills it; another waits. Whoever reads `path` meets the old folder or the new one.

    Args:
        path: The folder.
        follow: Is called as soon as the new folder is in place.

    Raises:
        OSError: As the system says; `path` is as it was then.
    """
    partial, replaced = (path.with_name(f".{path.name}.{word}") for word in ("partial", "replaced"))
    with folder_lock(path):
        recover_folder(path)
        for left in (partial, replaced):
            shutil.rmtree(left, ignore_errors=True)
        partial.mkdir()
        try:
            yield partial
            exchange(partial, path, replaced, follow)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        sync_folder(path.parent)


def recover_folder(path: Path) -> None:
    """Put a folder back that a killed writer had set aside, which happens only where the system has no exchange."""
    replaced = path.with_name(f".{path.name}.replaced")
    if replaced.exists() and not path.exists():
        replaced.rename(path)


def exchange(new: Path, path: Path, replaced: Path, follow: Callable[[], object] = lambda: None) -> None:
    """Put a folder into the place of another, in one step where the system can (Linux: renameat2).

    Args:
        new: The new folder; the same file system as `path`.
        path: Its place, taken or free.
        replaced: Where the earlier folder stands aside for a moment where the system cannot exchange the two.
        follow: As in `write_folder`.

    Raises:
        OSError: As the system says; the earlier folder is in its place then.
    """
    earlier = new
    if not path.exists():
        new.rename(path)
    elif not _exchange_at_once(new, path):
        earlier = path.rename(replaced)
        try:
            new.rename(path)
        except BaseException:
            replaced.rename(path)
            raise
    follow()
    shutil.rmtree(earlier, ignore_errors=True)


def _exchange_at_once(first: Path, second: Path) -> bool:
    """Exchange two names at once; False where the system or the file system has no such call."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    return rename is not None and rename(_HERE, os.fsencode(first), _HERE, os.fsencode(second), _EXCHANGE) == 0


def sync_folder(folder: Path) -> None:
    """Have the system write a folder's names to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
