"""Worker process that reads pictures: those of strangers cost bounded seconds and memory, and can be given up.

What checks of a file's structure cannot foresee, a decoder's bug included, ends with the process: the next picture gets
a new one. A process is started when the first picture comes, in 0.1 to 0.3 s.
"""

import contextlib
import json
import math
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from fashion_keras.errors import ImageError, UserError
from fashion_keras.formatting import one_line
from fashion_keras.images.decoding import errors_on_one_line, measure
from fashion_keras.images.reading import Picture, read_picture

__all__ = ["PictureReader", "serve"]

MAX_SECONDS = 10.0
MAX_MEMORY_BYTES = 1_200 * 2**20
"""Of address space beyond what the process has at its start: twice that of any picture of today's cameras."""

_AT_ONCE, _BYTES_AT_ONCE = 64, 2**23  # files that are asked for at once, and bytes of their pixels
_START_SECONDS = 60.0
_POLL_SECONDS = 0.05
_RETIREMENT_KILOBYTES = 400 * 1024  # of memory that a process has ever had: freed memory need not go back
_START = "import sys; sys.path[:] = sys.argv[4:]; from fashion_keras.images.worker import serve; serve(*sys.argv[1:4])"

Answers = tuple[list[dict[str, Any]], bytes]
"""What is said of each of some pictures, and the pixels of all."""


class PictureReader:
    """Reads pictures as `read_picture` does, one at a time, in a process of its own. Of several threads each waits.

    Args:
        seconds: What one picture may take.
        memory: How many bytes one picture may take.
    """

    def __init__(self, seconds: float = MAX_SECONDS, memory: int = MAX_MEMORY_BYTES):
        self._limits = seconds, memory
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    def __enter__(self) -> "PictureReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process; who waits for a picture gets an error at once."""
        self._closed.set()
        with self._lock:
            self._stop()

    def read(
        self,
        content: bytes,
        image_shape: Sequence[int] = (28, 28, 1),
        invert: str = "auto",
        name: str = "picture",
        ground: str = "black",
        unwanted: threading.Event | None = None,
    ) -> Picture:
        """Read the content of a picture's file.

        Args:
            content: Of the file.
            image_shape, invert, name, ground: As for `read_picture`.
            unwanted: Set by another thread, it gives the picture up.

        Raises:
            ImageError: As `read_picture`; or it takes more seconds or memory than it may, or is given up.
        """
        options = {"image_shape": list(image_shape), "invert": invert, "ground": ground}
        signs = [self._closed, *([unwanted] if unwanted else [])]
        while not self._lock.acquire(timeout=_POLL_SECONDS):
            _check_wanted(signs, name)
        try:
            _check_wanted(signs, name)
            return _to_picture(*self._ask([name], options, content, signs))
        finally:
            self._lock.release()

    def read_files(
        self, paths: Sequence[Path], image_shape: Sequence[int], bits: int | None = None
    ) -> Iterator[Picture]:
        """Yield the pictures of a data set, as they are: never inverted, those of one colour too.

        Args:
            paths: Of their files.
            image_shape, bits: As for `read_picture`.

        Raises:
            ImageError: As `read`.
        """
        options = {"image_shape": list(image_shape), "invert": "off", "allow_blank": True, "bits": bits}
        at_once = max(1, min(_AT_ONCE, _BYTES_AT_ONCE // math.prod(image_shape)))
        for answers, pixels in self._ask_of_files(paths, options, at_once):
            size = len(pixels) // len(answers)
            for number, answer in enumerate(answers):
                yield _to_picture([answer], pixels[number * size : (number + 1) * size])

    def measure_files(self, paths: Sequence[Path]) -> Iterator[tuple[tuple[int, int], str]]:
        """Yield height and width, upright, and the mode of files' pictures, by their headers; raises as `read`."""
        for answers, _ in self._ask_of_files(paths, {}, _AT_ONCE):
            yield from ((tuple(answer["size"]), answer["mode"]) for answer in answers)

    def _ask_of_files(self, paths: Sequence[Path], options: dict[str, Any], at_once: int) -> Iterator[Answers]:
        """Yield answers of as many files at once; where that fails, of each, so that the one is named."""
        names = list(map(str, paths))
        for start in range(0, len(names), at_once):
            batch = names[start : start + at_once]
            with self._lock:
                try:
                    answers = [self._ask(batch, options, None, [self._closed])]
                except ImageError:
                    answers = [self._ask([name], options, None, [self._closed]) for name in batch]
            yield from answers

    def _ask(
        self, names: list[str], options: dict[str, Any], content: bytes | None, signs: list[threading.Event]
    ) -> Answers:
        """Return what the process answers of the `content` or else of each file, and the pixels of all."""
        done, name = False, names[0]
        try:
            connection = self._connection or self._start(signs, name)
            connection.send_bytes(json.dumps([names, options, content is not None]).encode())
            connection.send_bytes(content or b"")
            self._wait(connection, self._limits[0] * len(names), signs, name)
            answers, kilobytes = json.loads(connection.recv_bytes())
            pixels = connection.recv_bytes()
            done = kilobytes < _RETIREMENT_KILOBYTES
        except (OSError, EOFError) as error:
            raise ImageError(f"{one_line(name)} cannot be read: its decoder broke down") from error
        finally:
            if not done:
                self._stop()
        for answer in answers:
            if "error" in answer:
                raise ImageError(answer["error"])
        return answers, pixels

    def _start(self, signs: list[threading.Event], name: str) -> Connection:
        ours, theirs = socket.socketpair()
        with theirs:
            seconds, memory = self._limits
            arguments = (str(theirs.fileno()), str(seconds), str(memory), *map(str, sys.path))
            # `-P`: nothing is imported from the current folder, but for what is on this process's path.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "MALLOC_MMAP_THRESHOLD_": str(2**20)},
            )
        self._connection = Connection(ours.detach())
        self._wait(self._connection, _START_SECONDS, signs, name)
        self._connection.recv_bytes()
        return self._connection

    def _wait(self, connection: Connection, seconds: float, signs: list[threading.Event], name: str) -> None:
        """Wait until something can be received, or raise."""
        end = time.monotonic() + seconds
        while not connection.poll(_POLL_SECONDS):
            _check_wanted(signs, name)
            if time.monotonic() > end:
                raise ImageError(f"{one_line(name)} takes longer than {seconds:g} s to read; save it anew, or smaller")

    def _stop(self) -> None:
        if self._connection:
            self._connection.close()
        if self._process:
            self._process.kill()
            self._process.wait()
        self._process = self._connection = None


def serve(descriptor: str, seconds: str, memory: str) -> None:
    """Read pictures until the other side closes the connection; the process's own entry.

    Args:
        descriptor: Number of the connection's file.
        seconds: That a picture may take.
        memory: Bytes that it may take beside what the process has.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + int(memory)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    with Connection(int(descriptor)) as connection, contextlib.suppress(EOFError, OSError):
        connection.send_bytes(b"ready")
        while True:
            (names, options, has_content), content = json.loads(connection.recv_bytes()), connection.recv_bytes()
            answers, pixels = [], bytearray()
            for name in names:
                # The other side counts too; this ends the process over one of several, and where that side is gone.
                signal.alarm(math.ceil(float(seconds)) + 1)
                answers.append(_read(content if has_content else name, name, options, pixels))
                if "error" in answers[-1]:
                    break
            signal.alarm(0)
            del content
            connection.send_bytes(json.dumps([answers, _peak_kilobytes()]).encode())
            connection.send_bytes(pixels)


def _read(source: bytes | str, name: str, options: dict[str, Any], pixels: bytearray) -> dict[str, Any]:
    """Return what is said of a picture, and append its pixels; without options it is measured alone."""
    try:
        # A worker that ends without a word would say less.
        with errors_on_one_line(name):
            if isinstance(source, str) and not options:
                size, mode = measure(source)
                return {"size": size, "mode": mode}
            picture = read_picture(source=source, name=name, **options)
    except UserError as error:
        return {"error": str(error)}
    pixels += picture.pixels.tobytes()
    return {"picture": [name, picture.pixels.shape, *[*vars(picture).values()][2:]]}


def _to_picture(answers: list[dict[str, Any]], pixels: bytes) -> Picture:
    name, shape, *others = answers[0]["picture"]
    return Picture(name, np.frombuffer(pixels, np.uint8).reshape(shape), *others)


def _peak_kilobytes() -> int:
    """Return the most memory that this process has had. Not `ru_maxrss`: that counts the process that started it."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"^VmHWM:\s+(\d+)", status, re.MULTILINE)[0])


def _check_wanted(signs: list[threading.Event], name: str) -> None:
    if any(sign.is_set() for sign in signs):
        raise ImageError(f"{one_line(name)} is no longer wanted")
