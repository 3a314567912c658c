"""TensorFlow, imported without the lines that it writes to the terminal."""

import contextlib
import gc
import importlib
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

from fashion_keras._output import redirected

_ARGUMENTS_ONLY = ("matplotlib", "pandas", "sklearn")
"""What Keras imports for callers that hand it frames, or ask it for plots and wrappers."""


def import_tensorflow(in_worker: bool = False) -> Any:
    """Return the module `tensorflow`, Keras imported with it, quietly and when it is needed: the import takes seconds.

    TensorFlow's C++ library writes to file descriptor 2 before TF_CPP_MIN_LOG_LEVEL has any effect, so the descriptor
    is hidden during the import. What it said is shown after all if the import fails.

    Args:
        in_worker: This process only does our tasks. Then the import takes half the time: Keras does without libraries
            that none of them needs, and the garbage collector leaves alone, for good, what was imported.
    """
    if "tensorflow" not in sys.modules:
        # 3, not 2: without a GPU the first operation reports a failed call of CUDA as an error.
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        with _hidden_stderr(), _left_out(_ARGUMENTS_ONLY if in_worker else ()), no_collection():
            importlib.import_module("tensorflow")
            importlib.import_module("keras")
        if in_worker:
            gc.freeze()
    return sys.modules["tensorflow"]


@contextlib.contextmanager
def _left_out(names: Sequence[str]) -> Iterator[None]:
    """Let imports of these packages fail in the block, those that are loaded already excepted."""
    missing = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(missing))  # type: ignore[arg-type]  # None says that there is none
    try:
        yield
    finally:
        for name in missing:
            del sys.modules[name]


@contextlib.contextmanager
def no_collection() -> Iterator[None]:
    """Let the garbage collector rest, where much is made that stays: it would look through all of it again and again.

    That took a fifth of the time of reading many runs.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextlib.contextmanager
def _hidden_stderr() -> Iterator[None]:
    """Keep what is written to file descriptor 2, and write it there only if the block raises."""
    with tempfile.TemporaryFile() as hidden:
        try:
            with redirected(hidden, (2,)):
                yield
        except Exception:  # not an interrupt
            hidden.seek(0)
            os.write(2, hidden.read())
            raise
