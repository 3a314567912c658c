"""Spawned processes that leave the caller's program alone, and see a graphics card of their own or none.

Python's own spawned process runs the main module of its parent again, as far as its guard `__name__ == "__main__"`. A
script without that guard, which calls `compare`, would train in each of its workers. Tasks are the package's own
functions, and the path of modules is handed over without the main module.
"""

import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import resource_tracker, spawn
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any

from fashion_keras._tensorflow import import_tensorflow

__all__ = ["CONTEXT", "find_cards", "list_cards", "show_card", "start_quiet_tracker"]

_lock = threading.Lock()
_VISIBLE = "CUDA_VISIBLE_DEVICES"


class _Process(SpawnProcess):
    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802
        with _main_left_out():
            return SpawnProcess._Popen(process_obj)


class _Context(SpawnContext):
    Process = _Process


CONTEXT = _Context()
"""In place of `multiprocessing.get_context("spawn")`."""


def start_quiet_tracker() -> None:
    """Start the process that clears up after this one, such that a kill is not answered with a warning of its work."""
    quiet = "ignore:resource_tracker"
    sys.warnoptions.append(quiet)  # is handed on to it
    try:
        resource_tracker.ensure_running()
    finally:
        sys.warnoptions.remove(quiet)


def find_cards() -> tuple[str, ...]:
    """Return the cards that TensorFlow sees, asked in a process of its own: this one does without TensorFlow."""
    start_quiet_tracker()
    with ProcessPoolExecutor(1, mp_context=CONTEXT) as pool:
        return pool.submit(list_cards).result()


def list_cards() -> tuple[str, ...]:
    """Return the cards that TensorFlow sees in this process, as CUDA_VISIBLE_DEVICES names them."""
    number = len(import_tensorflow(in_worker=True).config.list_physical_devices("GPU"))
    given = [name.strip() for name in os.environ.get(_VISIBLE, "").split(",") if name.strip()]
    return tuple((given or [str(card) for card in range(number)])[:number])


def show_card(card: str | None) -> None:
    """Let this process see one card alone, whose memory it takes as it needs it, or none; before any library looks."""
    os.environ[_VISIBLE] = "-1" if card is None else card
    if card is not None:
        os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"


@contextmanager
def _main_left_out() -> Iterator[None]:
    """Leave the main module out of what a process started by this thread is told; other threads' get theirs."""
    with _lock:
        prepare, ours = spawn.get_preparation_data, threading.get_ident()

        def prepare_without_main(name: str) -> dict[str, Any]:
            data = prepare(name)
            is_ours = threading.get_ident() == ours
            return {key: value for key, value in data.items() if not (is_ours and key.startswith("init_main_"))}

        spawn.get_preparation_data = prepare_without_main
        try:
            yield
        finally:
            spawn.get_preparation_data = prepare
