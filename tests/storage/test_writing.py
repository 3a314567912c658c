"""Files and folders written whole or not at all, and what killed writers leave behind."""

import errno
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from fashion_keras.errors import ConfigError, DataError, UserError, os_errors_as
from fashion_keras.storage import files
from fashion_keras.storage.files import exchange, write_file, write_folder


def refuse(*_: object, **__: object) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


def test_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_file(path, "before")
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", refuse)
        with pytest.raises(OSError, match="No space"):
            write_file(path, "after")
    assert path.read_text() == "before"
    assert names_in(tmp_path) == ["file"]
    write_file(path, b"after")
    assert path.read_text() == "after"


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_file_is_readable_as_the_umask_says(tmp_path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        write_file(tmp_path / "file", "content")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == mode


KILLED = """
import os, signal, sys
from pathlib import Path
from fashion_keras.storage.files import write_file
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
write_file(Path(sys.argv[1]), "never finished")
"""


def test_what_a_killed_write_left_is_swept_up_by_the_next(tmp_path: Path) -> None:
    path = tmp_path / "table.md"
    (tmp_path / ".table.md.original").write_text("a user's")
    subprocess.run([sys.executable, "-c", KILLED, path], check=False)
    assert len(names_in(tmp_path)) == 2, "the user's and what the killed one left"
    write_file(tmp_path / "other.md", "of another file")
    assert len(names_in(tmp_path)) == 3
    write_file(path, "finished")
    assert names_in(tmp_path) == [".table.md.original", "other.md", "table.md"]


def test_the_temporary_file_of_a_living_writer_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    sync = os.fsync

    def write_another(descriptor: int) -> None:
        monkeypatch.setattr(os, "fsync", sync)
        write_file(path, "second")

    monkeypatch.setattr(os, "fsync", write_another)
    write_file(path, "first")
    assert path.read_text() == "first", "it was put into place last"
    assert names_in(tmp_path) == ["file"]


def fill(path: Path, content: str) -> None:
    with write_folder(path) as folder:
        assert not list(folder.iterdir())
        (folder / content).touch()


def test_new_folder_replaces_the_earlier_one_whole(tmp_path: Path) -> None:
    path = tmp_path / "1"
    for left in (".1.partial", ".1.replaced"):
        (tmp_path / left).mkdir()
        (tmp_path / left / "left by a process that died").touch()
    for content in ("first", "second"):
        fill(path, content)
        assert names_in(path) == [content]
        assert names_in(tmp_path) == ["1"]


def test_folder_that_fails_changes_nothing(tmp_path: Path) -> None:
    fill(tmp_path / "1", "first")
    with pytest.raises(KeyError), write_folder(tmp_path / "1"):
        raise KeyError
    assert names_in(tmp_path) == ["1"]
    assert names_in(tmp_path / "1") == ["first"]


def test_a_reader_never_finds_neither_folder(tmp_path: Path) -> None:
    path, missed, done = tmp_path / "1", [], threading.Event()
    fill(path, "0")

    def read() -> None:
        while not done.is_set():
            missed.extend([] if path.exists() else [1])

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(100):
        fill(path, str(number))
    done.set()
    reader.join()
    assert not missed


def test_without_an_exchange_the_earlier_folder_comes_back_where_the_new_one_cannot_be_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_exchange_at_once", lambda *_: False)
    path = tmp_path / "1"
    fill(path, "kept")
    with pytest.raises(FileNotFoundError):
        exchange(tmp_path / "not there", path, tmp_path / ".1.replaced")
    assert names_in(path) == ["kept"]
    path.rename(tmp_path / ".1.replaced")  # as a kill between the two renames leaves it
    with pytest.raises(KeyError), write_folder(path):
        raise KeyError
    assert names_in(path) == ["kept"]
    fill(path, "new")
    assert names_in(path) == ["new"]


@pytest.mark.parametrize("kind", [ConfigError, DataError])
def test_an_error_of_the_system_is_one_line_with_the_path(kind: type[UserError], tmp_path: Path) -> None:
    with (
        pytest.raises(kind, match=f"^cannot read {tmp_path / 'none'}: No such file"),
        os_errors_as(kind, tmp_path, "read"),
    ):
        (tmp_path / "none").read_bytes()
    with pytest.raises(kind, match="No space left on device; free"), os_errors_as(kind, tmp_path):
        refuse()
    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "a").touch()
    with (
        pytest.raises(kind, match=f"^cannot write {tmp_path / 'to' / 'a'}: No space left on device; free [^\\[]*$"),
        os_errors_as(kind, tmp_path),
    ):
        shutil.copytree(tmp_path / "from", tmp_path / "to", copy_function=refuse)
