"""Run results: what a run leaves behind, as plain data and arrays."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fashion_keras.config.run_config import RunConfig

__all__ = [
    "HISTORY_KEYS", "METRICS", "History", "Predictions", "RunResult", "kept_epoch", "num_correct", "pack_bits",
    "unpack_bits",
]  # fmt: skip

HISTORY_KEYS = (
    "train_loss",
    "train_accuracy",
    "val_loss",
    "val_accuracy",
    "test_loss",
    "test_accuracy",
    "learning_rate",
    "seconds",
)
"""What is logged each epoch: losses in nats, accuracies as fractions, the rate at the epoch's end, and the seconds of
its training without the evaluations. The training columns are the epoch's means in training mode."""

METRICS = ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "test_loss", "test_accuracy")

History = Mapping[str, list[float | None]]


def kept_epoch(history: History, keep_best: str | None) -> int:
    """Return the index of the epoch that a run ends with: the last, or the first of the best by validation.

    Args:
        history: A value per epoch under each key.
        keep_best: `"val_loss"`, `"val_accuracy"`, or None for the last.
    """
    values = history[keep_best or "val_loss"]
    sign = -1.0 if keep_best == "val_loss" else 1.0
    known = {number: sign * value for number, value in enumerate(values) if value is not None}
    return max(known, key=known.__getitem__) if known and keep_best else len(values) - 1


@dataclass(frozen=True)
class Predictions:
    """What a trained model says of the test images, in their order.

    Attributes:
        class_id: uint8 [M].
        loss: Cross-entropy in nats, float32 [M].
        probabilities: float16 [M, K], for pictures of mistakes only: the rounding flips classes.
        correct: bool [M].
    """

    class_id: NDArray[np.uint8]
    loss: NDArray[np.float32]
    probabilities: NDArray[np.float16]
    correct: NDArray[np.bool_]


@dataclass(frozen=True)
class RunResult:
    """One finished run.

    Attributes:
        config: What was run.
        status: `"finished"`, or `"diverged"` where the training or validation loss ended as no finite number.
        history: One value per epoch under each of `HISTORY_KEYS`; None where it was not a number or not evaluated.
        final: The values under each of `METRICS` of the epoch that it ends with, see `kept_epoch`, and more by name.
        seconds: `train` without and `total` with the evaluations, `startup` from the call to the first epoch.
        environment: Versions and machine.
        weights: The model's final weights, in Keras's order.
        predictions: Of the test set; None where it was never evaluated, or a custom trainer did it.
        correct: Which test examples a custom trainer got right, bool [M]; None where it does not say.
        network_folder: Where the code of a custom network was found; None for the package's own.
    """

    config: RunConfig
    status: str
    history: History
    final: Mapping[str, float | None]
    seconds: Mapping[str, float]
    environment: Mapping[str, Any]
    weights: list[NDArray[Any]]
    predictions: Predictions | None
    correct: NDArray[np.bool_] | None = None
    network_folder: str | None = None


def pack_bits(flags: NDArray[np.bool_]) -> str:
    """Return flags [M] as base64, eight a byte."""
    return base64.b64encode(np.packbits(flags).tobytes()).decode()


def num_correct(text: str, count: int) -> int:
    """Return how many of `count` packed flags are set.

    Raises:
        ValueError: It is no base64 of so many flags.
    """
    packed = binascii.a2b_base64(text, strict_mode=True)
    unused = -count % 8
    number = int.from_bytes(packed, "big")
    if type(count) is not int or count < 1 or len(packed) != (count + 7) // 8 or number & ((1 << unused) - 1):
        raise ValueError(f"the images that it got right are not {count!r} flags")
    return number.bit_count()


def unpack_bits(text: str, count: int) -> NDArray[np.bool_]:
    """Return the `count` flags, bool [count], that `pack_bits` wrote."""
    packed = np.frombuffer(base64.b64decode(text), np.uint8)
    return np.unpackbits(packed, count=count).astype(bool)
