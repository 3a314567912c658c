"""Reader of the store's files: regular files of bounded size, JSON that is sound, one error for whatever is damaged."""

import csv
import hashlib
import json
import lzma
import multiprocessing
import os
import re
import stat
import sys
import zipfile
import zlib
from collections.abc import Mapping
from functools import cache
from typing import Any, NoReturn

from fashion_keras.config.identity import PROTOCOL_VERSION
from fashion_keras.errors import StoreError, UserError
from fashion_keras.formatting import first_line, one_line, shorten

__all__ = [
    "DIGEST", "MAX_BYTES", "DamageError", "check_digest", "check_protocol", "damage_of", "parse_json", "read_bytes",
    "read_json", "say_once", "seal", "sha256",
]  # fmt: skip

MAX_BYTES = 1 << 28
"""The largest file that is read whole as text; a run's result has some 3 kB."""

_AT_ONCE = 1 << 16  # bytes, more than any run's result has

DIGEST = "record_sha256"
"""The key of a record's own SHA-256, taken over its text with this digest left empty."""

_DAMAGES: tuple[type[Exception], ...] = (
    UserError,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    MemoryError,
    EOFError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    csv.Error,
)


class DamageError(StoreError):
    """A file of the store is not what was written there."""


@cache
def say_once(line: str) -> None:
    """Say on standard error, once, what is left out or not verified; the main process alone speaks."""
    if multiprocessing.parent_process() is None:
        print(one_line(line), file=sys.stderr)


class damage_of:  # noqa: N801  # a block; a generator would take four times as long, which thousands of runs pay
    """Turns whatever damaged content raises while it is read into one line that names the file, a DamageError.

    Args:
        path: The file that is read in the block.
        remedy: How to go on, after a semicolon.
    """

    def __init__(self, path: str | os.PathLike[str], remedy: str = ""):
        self._path, self._remedy = path, remedy

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, _DAMAGES) and not isinstance(error, StoreError):  # which says enough
            what = "cannot be read" if isinstance(error, OSError) else "is damaged"
            remedy = self._remedy and f"; {self._remedy}"
            raise DamageError(f"{self._path} {what}: {_reason(error)}{remedy}") from error


def _reason(error: Exception) -> str:
    if isinstance(error, UserError):
        return first_line(error)
    if isinstance(error, OSError):
        return str(error.strerror or error)
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, KeyError):
        return f"it lacks {error}"
    return shorten(first_line(error), 200)


def read_bytes(path: str | os.PathLike[str], limit: int = MAX_BYTES) -> bytes:
    """Return the content of a regular file; a pipe or a device, which may never end, is refused at once.

    Raises:
        OSError: As the system says.
        ValueError: It is no regular file, or larger than `limit` bytes.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        content = os.read(descriptor, _AT_ONCE)
        if content and not os.read(descriptor, 1):  # it has an end
            return content
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is no regular file")
        if status.st_size > limit:
            raise ValueError(f"it has {status.st_size:,} bytes; at most {limit:,} are expected")
        os.lseek(descriptor, 0, os.SEEK_SET)
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(limit + 1)
    finally:
        os.close(descriptor)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def parse_json(content: bytes) -> dict[str, Any]:
    """Return the object that a JSON text in UTF-8 holds; NaN and infinities are no JSON.

    Raises:
        ValueError: It holds no object.
    """
    text = content.decode().strip()
    value, end = _DECODER.raw_decode(text)
    if end < len(text):
        raise ValueError("it goes on after its end")
    if not isinstance(value, dict):
        raise ValueError(f"an object is expected, not {type(value).__name__}")
    return value


def read_json(path: str | os.PathLike[str], remedy: str = "") -> dict[str, Any]:
    """Read a JSON file of ours: an object of our protocol whose digest, where it has one, is that of its text.

    Args:
        path: The file.
        remedy: How to go on where it is damaged.

    Raises:
        StoreError: It is of another protocol: such results must not meet in one table.
        DamageError: It is damaged, or cannot be read.
    """
    with damage_of(path, remedy):
        content = read_bytes(path)
        value = parse_json(content)
        check_protocol(path, value)
        check_digest(content, value)
    return value


def check_protocol(path: str | os.PathLike[str], value: Mapping[str, Any]) -> None:
    """Check the version of the protocol where a record says one.

    Raises:
        StoreError: It is another than this program's.
    """
    version = value.get("protocol", PROTOCOL_VERSION)
    if version != PROTOCOL_VERSION:
        raise StoreError(f"{path} has protocol version {shorten(repr(version), 40)}, this program {PROTOCOL_VERSION}")


def check_digest(content: bytes, value: Mapping[str, Any]) -> bool:
    """Return whether a record has a digest of itself.

    Raises:
        ValueError: It has another one than its text.
    """
    digest = value.get(DIGEST)
    if digest is None:
        return False
    place = content.rfind(str(digest).encode())
    found = hashlib.sha256(memoryview(content)[: max(place, 0)], usedforsecurity=False)
    found.update(memoryview(content)[place + len(str(digest)) :])
    if found.hexdigest() != digest:
        raise ValueError("its digest is not that of its content")
    return True


def seal(content: Mapping[str, Any], **layout: Any) -> str:
    """Return a record as JSON with its own SHA-256 in it, which `read_json` checks.

    Args:
        content: Plain values.
        layout: Options of `json.dumps`.
    """
    text = json.dumps({DIGEST: "", **{key: value for key, value in content.items() if key != DIGEST}}, **layout) + "\n"
    digest = sha256(text.encode())
    return re.sub(rf'("{DIGEST}": ?")"', rf'\g<1>{digest}"', text, count=1)


def sha256(content: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(content, usedforsecurity=False).hexdigest()
