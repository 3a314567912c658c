"""Graphics cards: which TensorFlow sees, and the environment by which a worker sees its own or none."""

import os
from concurrent.futures import ProcessPoolExecutor

from fashion_keras._tensorflow import import_tensorflow
from fashion_keras.execution.spawning import CONTEXT, start_quiet_tracker

__all__ = ["find_cards", "list_cards", "show_card"]

_VISIBLE = "CUDA_VISIBLE_DEVICES"


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
