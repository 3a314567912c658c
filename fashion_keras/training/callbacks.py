"""Keras callbacks that evaluate, time and log the epochs of a run, average its weights, and keep its best epoch."""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from fashion_keras.storage.results import HISTORY_KEYS, Predictions, kept_epoch

__all__ = ["AveragedWeights", "BestEpoch", "CountPredictions", "EvaluateTestSet", "HistoryLog"]


class AveragedWeights(keras.callbacks.Callback):
    """Puts the optimizer's averaged weights into the model for an evaluation, and its own back for the training.

    Keras's SwapEMAWeights swaps by additions, which round: a run would depend on how often it was evaluated.
    """

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Exchange the weights."""
        optimizer = self.model.optimizer
        pairs = zip(optimizer._trainable_variables, optimizer._model_variables_moving_average, strict=True)
        for weights, average in ((weights, average) for weights, average in pairs if average is not None):
            trained = weights.numpy().copy()
            weights.assign(average.numpy().copy())
            average.assign(trained)

    on_test_end = on_test_begin
    """Exchange them again."""


class EvaluateTestSet(keras.callbacks.Callback):
    """Evaluates the test set after each epoch, as the report's curves do, and adds it to the epoch's logs.

    Nothing is chosen by it. It must stand before the callbacks that read the logs.

    Args:
        dataset: Batches of images and labels, one pass.
        callbacks: What must hear of it.
    """

    def __init__(self, dataset: Any, callbacks: Sequence[keras.callbacks.Callback] = ()):
        super().__init__()
        self.dataset = dataset
        self.callbacks = list(callbacks)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Add every metric to the logs under `test_...`."""
        metrics = self.model.evaluate(self.dataset, verbose=0, return_dict=True, callbacks=self.callbacks)
        if logs is not None:
            logs.update({f"test_{name}": value for name, value in metrics.items()})


class CountPredictions(keras.callbacks.Callback):
    """Counts losses and accuracies itself after each epoch, of a model whose own steps may log anything or nothing.

    Args:
        read: Returns what the model says of the images of a part: `val`, `test` or `train`.
        part: Of which it is asked; and `train` where the model's steps log no loss or no accuracy.
        averaging: What exchanges the weights for their average; nothing where they are not averaged.
    """

    def __init__(self, read: Callable[[str], Predictions], part: str, averaging: Sequence[AveragedWeights]):
        super().__init__()
        self.read, self.part, self.averaging = read, part, averaging

    @staticmethod
    def is_needed(model: keras.Model) -> bool:
        """Whether a model has steps or metrics of its own."""
        names = ("train_step", "test_step", "metrics", "compute_loss", "compute_metrics")
        return any(getattr(type(model), name) is not getattr(keras.Model, name) for name in names)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Put what was counted into the logs, in place of what the model's steps say."""
        logs = {} if logs is None else logs
        for each in self.averaging:
            each.on_test_begin()
        for part in (self.part, *([] if {"loss", "accuracy"} <= set(logs) else ["train"])):
            found, prefix = self.read(part), _PREFIXES[part]
            logs[f"{prefix}loss"], logs[f"{prefix}accuracy"] = found.loss.mean(dtype=np.float64), found.correct.mean()
        for each in self.averaging:
            each.on_test_end()


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


class BestEpoch(keras.callbacks.Callback):
    """Keeps the weights of the best epoch by validation, and ends a run that finds no better one.

    Args:
        log: Stands before it, and has the epoch already.
        keep_best: `"val_loss"` or `"val_accuracy"`; None keeps nothing.
        patience: After how many epochs without a better one the run ends, by `keep_best` or else by `"val_loss"`; None
            never.
        averaging: What exchanges the weights for their average; nothing where they are not averaged.
    """

    def __init__(
        self, log: HistoryLog, keep_best: str | None, patience: int | None, averaging: Sequence[AveragedWeights]
    ):
        super().__init__()
        self.log, self.keep_best, self.patience, self.averaging = log, keep_best, patience, averaging
        self._weights: list[Any] | None = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Keep the weights of the best epoch so far; end the run where it lies too far back."""
        best = kept_epoch(self.log.history, self.keep_best or "val_loss")
        if best == epoch and self.keep_best:
            for averaging in self.averaging:
                averaging.on_test_begin()
            self._weights = self.model.get_weights()
            for averaging in self.averaging:
                averaging.on_test_end()
        if self.patience is not None and epoch - best >= self.patience:
            self.model.stop_training = True

    def restore(self) -> None:
        """Give the model the weights that were kept, if any: after `fit`, which ends with the averaged ones."""
        if self._weights is not None:
            self.model.set_weights(self._weights)


_PREFIXES = {"train": "", "val": "val_", "test": "test_"}


def _pick(logs: dict[str, Any], prefix: str, *names: str) -> float | None:
    found = [logs[prefix + name] for name in names if prefix + name in logs]
    return _finite(float(found[0])) if found else None


def _finite(value: float) -> float | None:
    """Return a float32 in its shortest decimal form, 0.02 and not 0.019999999552965164."""
    return float(str(np.float32(value))) if math.isfinite(value) else None
