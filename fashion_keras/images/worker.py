"""Worker process that reads pictures: those of strangers cost bounded seconds and memory, and can be given up.

What checks of a file's structure cannot foresee, a decoder's bug included, ends with the process: the next picture gets
a new one. A process is started when the first picture comes, in 0.2 to 0.4 s, and costs each picture some 0.5 ms.
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
from collections.abc import Sequence
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from fashion_keras.errors import ImageError, UserError
from fashion_keras.formatting import one_line
from fashion_keras.images.decoding import errors_on_one_line
from fashion_keras.images.reading import Picture, read_picture

__all__ = ["PictureReader", "serve"]

MAX_SECONDS = 10.0
MAX_MEMORY_BYTES = 1_200 * 2**20
"""Of address space beyond what the process has at its start: twice that of any picture of today's cameras."""

_START_SECONDS = 60.0
_POLL_SECONDS = 0.05
_RETIREMENT_KILOBYTES = 400 * 1024  # of memory that a process has ever had: freed memory need not go back
_START = "import sys; sys.path[:] = sys.argv[4:]; from fashion_keras.images.worker import serve; serve(*sys.argv[1:4])"


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
        request = {"image_shape": list(image_shape), "invert": invert, "name": name, "ground": ground}
        signs = [self._closed, *([unwanted] if unwanted else [])]
        while not self._lock.acquire(timeout=_POLL_SECONDS):
            _check_wanted(signs, name)
        try:
            _check_wanted(signs, name)
            return self._ask(request, content, signs)
        finally:
            self._lock.release()

    def _ask(self, request: dict[str, Any], content: bytes, signs: list[threading.Event]) -> Picture:
        done = False
        try:
            connection = self._connection or self._start(signs, request["name"])
            connection.send_bytes(json.dumps(request).encode())
            connection.send_bytes(content)
            self._wait(connection, self._limits[0], signs, request["name"])
            answer = json.loads(connection.recv_bytes())
            pixels = None if "error" in answer else connection.recv_bytes()
            done = answer.pop("kilobytes") < _RETIREMENT_KILOBYTES
        except (OSError, EOFError) as error:
            raise ImageError(f"{one_line(request['name'])} cannot be read: its decoder broke down") from error
        finally:
            if not done:
                self._stop()
        if pixels is None:
            raise ImageError(answer["error"])
        return Picture(pixels=np.frombuffer(pixels, np.uint8).reshape(answer.pop("shape")), **answer)

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
            request, content = json.loads(connection.recv_bytes()), connection.recv_bytes()
            # The other side counts too; this ends the process where that side is gone.
            signal.alarm(math.ceil(float(seconds)) + 1)
            answer, pixels = _read(content, request)
            signal.alarm(0)
            del content
            answer["kilobytes"] = _peak_kilobytes()
            connection.send_bytes(json.dumps(answer).encode())
            if pixels is not None:
                connection.send_bytes(pixels)


def _read(content: bytes, request: dict[str, Any]) -> tuple[dict[str, Any], bytes | None]:
    try:
        # A worker that ends without a word would say less.
        with errors_on_one_line(request["name"]):
            picture = read_picture(content, **request)
    except UserError as error:
        return {"error": str(error)}, None
    answer = asdict(picture)
    pixels = answer.pop("pixels")
    return answer | {"shape": pixels.shape}, pixels.tobytes()


def _peak_kilobytes() -> int:
    """Return the most memory that this process has had. Not `ru_maxrss`: that counts the process that started it."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"^VmHWM:\s+(\d+)", status, re.MULTILINE)[0])


def _check_wanted(signs: list[threading.Event], name: str) -> None:
    if any(sign.is_set() for sign in signs):
        raise ImageError(f"{one_line(name)} is no longer wanted")
