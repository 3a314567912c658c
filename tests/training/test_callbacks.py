"""The callbacks, their hooks driven by hand with hand-written logs."""

from types import SimpleNamespace

import numpy as np
import pytest

from fashion_keras.storage.results import HISTORY_KEYS

# The module, not its names: pytest would take the class EvaluateTestSet for tests.
from fashion_keras.training import callbacks


def make_log(on_epoch=None, learning_rate=0.02):
    log = callbacks.HistoryLog(on_epoch)
    log.set_model(SimpleNamespace(optimizer=SimpleNamespace(learning_rate=np.float32(learning_rate))))
    return log


LOGS = {
    "loss": 0.5,
    "accuracy": 0.75,
    "val_loss": 0.625,
    "val_accuracy": 0.7,
    "test_loss": 0.7,
    "test_accuracy": 0.65,
}


def test_an_epoch_is_logged_under_every_key():
    log = make_log()
    log.on_epoch_end(0, dict(LOGS))
    assert tuple(log.history) == HISTORY_KEYS
    assert {key: values for key, values in log.history.items() if key != "seconds"} == {
        "train_loss": [0.5],
        "train_accuracy": [0.75],
        "val_loss": [0.625],
        "val_accuracy": [0.7],
        "test_loss": [0.7],
        "test_accuracy": [0.65],
        "learning_rate": [0.02],
    }


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), np.float32("nan")])
def test_what_is_no_finite_number_or_was_not_evaluated_is_none(value):
    log = make_log()
    log.on_epoch_end(0, {"loss": value, "accuracy": 0.75})
    assert log.history["train_loss"] == log.history["test_loss"] == log.history["val_accuracy"] == [None]
    assert log.history["train_accuracy"] == [0.75]


def test_the_plain_cross_entropy_is_logged_where_there_is_one():
    log = make_log()
    smoothed = {"loss": 0.9, "cross_entropy": 0.5, "val_loss": 0.95, "val_cross_entropy": 0.6}
    log.on_epoch_end(0, smoothed | {"test_loss": 0.99, "test_cross_entropy": 0.7})
    assert [log.history[f"{part}_loss"] for part in ("train", "val", "test")] == [[0.5], [0.6], [0.7]]


def test_a_float32_is_logged_in_its_shortest_form():
    log = make_log()
    log.on_epoch_end(0, {"loss": float(np.float32(0.1))})
    assert log.history["train_loss"] == [0.1]
    assert log.history["learning_rate"] == [0.02]


def test_seconds_run_from_the_start_of_the_epoch_to_the_last_batch(monkeypatch):
    clock = iter([10.0, 11.0, 12.5, 20.0, 21.0])
    monkeypatch.setattr(callbacks.time, "perf_counter", lambda: next(clock))
    log = make_log()
    log.on_epoch_begin(0)
    log.on_train_batch_end(0)
    log.on_train_batch_end(1)
    log.on_epoch_end(0, {})
    log.on_epoch_begin(1)
    log.on_train_batch_end(0)
    log.on_epoch_end(1, {})
    assert log.history["seconds"] == [2.5, 1.0]


def test_each_epoch_adds_one_value_and_is_passed_on_with_its_number_from_one():
    calls = []
    log = make_log(lambda number, record: calls.append((number, record)))
    log.on_epoch_end(0, {"loss": 2.0})
    log.on_epoch_end(1, {"loss": float("nan")})
    assert [number for number, _ in calls] == [1, 2]
    assert [record["train_loss"] for _, record in calls] == log.history["train_loss"] == [2.0, None]
    assert {len(values) for values in log.history.values()} == {2}
    assert set(calls[0][1]) == set(HISTORY_KEYS)


def test_the_test_set_is_evaluated_after_each_epoch_in_silence():
    calls = []

    def evaluate(dataset, **options):
        calls.append((dataset, options))
        return {"loss": 0.7, "accuracy": 0.65}

    evaluation = callbacks.EvaluateTestSet("batches", ["averaging"])
    evaluation.set_model(SimpleNamespace(evaluate=evaluate))
    logs = {"loss": 0.5}
    evaluation.on_epoch_end(0, logs)
    assert logs == {"loss": 0.5, "test_loss": 0.7, "test_accuracy": 0.65}
    evaluation.on_epoch_end(1)  # Keras may have no logs
    assert calls == [("batches", {"verbose": 0, "return_dict": True, "callbacks": ["averaging"]})] * 2
