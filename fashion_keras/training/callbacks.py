"""Keras callbacks that evaluate, time and log the epochs of a run."""

import math
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from fashion_keras.storage.results import HISTORY_KEYS

__all__ = ["EvaluateTestSet", "HistoryLog"]


class EvaluateTestSet(keras.callbacks.Callback):
    """Evaluates the test set after each epoch, as the report's curves do, and adds it to the epoch's logs.

    Nothing is chosen by it. It must stand before the callbacks that read the logs.

    Args:
        dataset: Batches of images and labels, one pass.
    """

    def __init__(self, dataset: Any):
        super().__init__()
        self.dataset = dataset

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Add every metric to the logs under `test_...`."""
        metrics = self.model.evaluate(self.dataset, verbose=0, return_dict=True)
        if logs is not None:
            logs.update({f"test_{name}": value for name, value in metrics.items()})


class HistoryLog(keras.callbacks.Callback):
    """Logs each epoch's losses, accuracies, learning rate and seconds while the model trains.

    Args:
        on_epoch: Called with the number of epochs done and the epoch's record, a mapping from each of `HISTORY_KEYS`
            to a number, or None where it is no finite number or was not evaluated.

    Attributes:
        history: The records as one list per key.
    """

    def __init__(self, on_epoch: Callable[[int, dict[str, float | None]], None] | None = None):
        super().__init__()
        self.on_epoch = on_epoch
        self.history: dict[str, list[float | None]] = {key: [] for key in HISTORY_KEYS}
        self._started = self._trained = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start the clock."""
        self._started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Stop the clock: what follows the last batch is evaluation."""
        self._trained = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Record the epoch and pass it on."""
        logs = logs or {}
        # With label smoothing the loss is not comparable; the plain cross-entropy is logged beside it then.
        record = {f"{part}_loss": _pick(logs, prefix, "cross_entropy", "loss") for part, prefix in _PREFIXES.items()}
        record |= {f"{part}_accuracy": _pick(logs, prefix, "accuracy") for part, prefix in _PREFIXES.items()}
        record["learning_rate"] = _finite(float(self.model.optimizer.learning_rate))
        record["seconds"] = self._trained - self._started
        for key in HISTORY_KEYS:
            self.history[key].append(record[key])
        if self.on_epoch:
            self.on_epoch(epoch + 1, record)


_PREFIXES = {"train": "", "val": "val_", "test": "test_"}


def _pick(logs: dict[str, Any], prefix: str, *names: str) -> float | None:
    found = [logs[prefix + name] for name in names if prefix + name in logs]
    return _finite(float(found[0])) if found else None


def _finite(value: float) -> float | None:
    """Return a float32 in its shortest decimal form, 0.02 and not 0.019999999552965164."""
    return float(str(np.float32(value))) if math.isfinite(value) else None
