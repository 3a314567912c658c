"""TensorFlow, imported without the lines that it writes to the terminal."""

import contextlib
import importlib
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from fashion_keras._output import redirected


def import_tensorflow() -> Any:
    """Return the module `tensorflow`, imported quietly and when it is needed: the import takes seconds.

    TensorFlow's C++ library writes to file descriptor 2 before TF_CPP_MIN_LOG_LEVEL has any effect, so the descriptor
    is hidden during the import. What it said is shown after all if the import fails.
    """
    if "tensorflow" not in sys.modules:
        # 3, not 2: without a GPU the first operation reports a failed call of CUDA as an error.
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        with _hidden_stderr():
            importlib.import_module("tensorflow")
    return sys.modules["tensorflow"]


@contextlib.contextmanager
def _hidden_stderr() -> Iterator[None]:
    """Keep what is written to file descriptor 2, and write it there only if the block raises."""
    with tempfile.TemporaryFile() as hidden:
        try:
            with redirected(hidden, (2,)):
                yield
        except BaseException:
            hidden.seek(0)
            os.write(2, hidden.read())
            raise
