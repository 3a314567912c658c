"""Output of a process, C++ libraries' included, sent elsewhere for a while."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import BinaryIO

__all__ = ["is_in_notebook", "redirected"]


@contextlib.contextmanager
def redirected(file: BinaryIO, descriptors: tuple[int, ...] = (1, 2)) -> Iterator[None]:
    """Send what goes to file descriptors, standard output and standard error unless told otherwise, to a file."""
    _flush()
    saved = [os.dup(descriptor) for descriptor in descriptors]
    try:
        for descriptor in descriptors:
            os.dup2(file.fileno(), descriptor)
        yield
    finally:
        _flush()
        for descriptor, copy in zip(descriptors, saved, strict=True):
            os.dup2(copy, descriptor)
            os.close(copy)


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()


def is_in_notebook() -> bool:
    """Whether a kernel runs this process, which shows what it displays in the cell that runs."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return shell is not None and hasattr(shell, "kernel")
