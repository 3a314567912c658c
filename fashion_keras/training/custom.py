"""Custom training: a run that is a user's function, in any framework. Imports neither TensorFlow nor Keras.

    def train(seed, *, width=128, learning_rate=0.1):
        ...
        return {"test_accuracy": 0.93}

It may return `correct`, which test examples it got right, in their order; `history`, a mapping of numbers for each
epoch; and more numbers, such as `val_accuracy`, by which `--tune` selects.
"""

import math
import random
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from fashion_keras.config.components import Component, load_custom
from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import ConfigError
from fashion_keras.seeding import derive_seed
from fashion_keras.storage.results import HISTORY_KEYS, METRICS, RunResult
from fashion_keras.training.environment import describe_environment

__all__ = ["train_custom", "try_trainer"]

_TOLERANCE = 1e-6
"""Between a test accuracy and the share of correct examples: it may have been computed in float32."""


def train_custom(config: RunConfig) -> RunResult:
    """Train by the function that a configuration names.

    Args:
        config: It has a trainer.

    Raises:
        ConfigError: The function fails, or returns something else than results: one line.
    """
    trainer = _trainer_of(config)
    train = load_custom("trainer", trainer)
    _seed(config.seed)
    started = time.perf_counter()
    with threadpool_limits(config.threads):
        _limit_torch(config.threads)
        returned = train(config.seed)
    seconds = time.perf_counter() - started
    try:
        return _make_result(config, returned, seconds)
    except ConfigError as error:
        raise ConfigError(f"{trainer.name} {error}") from error


def try_trainer(config: RunConfig) -> None:
    """Import the function that a configuration names, to see that it can be.

    Raises:
        ConfigError: Its import fails.
    """
    load_custom("trainer", _trainer_of(config))


def _trainer_of(config: RunConfig) -> Component:
    if config.trainer is None:
        raise ValueError(f"{config.label} has no trainer")
    return config.trainer


def _seed(seed: int) -> None:
    """Seed what a function may draw from without having been told; it gets the run's seed besides."""
    derived = derive_seed(seed, "trainer")
    random.seed(derived)
    np.random.seed(derived % 2**32)


def _limit_torch(threads: int) -> None:
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(threads)


def _make_result(config: RunConfig, returned: Any, seconds: float) -> RunResult:
    if not isinstance(returned, Mapping):
        raise ConfigError(f"must return a mapping, such as {{'test_accuracy': 0.93}}; got {_show(returned)}")
    values = dict(returned)
    rows = values.pop("history", None)
    history = _read_history(rows)
    correct = _read_correct(values.pop("correct", None))
    final = {name: column[-1] for name, column in history.items() if name not in ("learning_rate", "seconds")}
    returned = {name: _read_number(name, value) for name, value in values.items()}
    final |= returned
    if config.evaluate_test == "never":
        correct, final, history = None, _untested(final), _untested(history)
        _check_has_validation(final)
    elif correct is not None:
        final["test_accuracy"] = _count(correct, final)
    if not final:
        raise ConfigError("must return what its runs are judged by, such as {'test_accuracy': 0.93}; it has none")
    told = [name for name, value in rows[-1].items() if value is not None] if rows else []
    lost = None in (final[name] for name in final.keys() & {*told, *returned, "test_accuracy"})
    return RunResult(
        config=config,
        status="diverged" if lost else "finished",
        history=_fill_history(history, final, seconds),
        final={**dict.fromkeys(METRICS), **final},
        seconds={"train": seconds, "total": seconds, "startup": 0.0},
        environment=describe_environment(),
        weights=[],
        predictions=None,
        correct=correct,
    )


def _untested(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if not name.startswith("test_")}


def _check_has_validation(final: Mapping[str, float | None]) -> None:
    if not any(name.startswith("val_") for name in final):
        raise ConfigError(
            "must return val_accuracy, or val_ and the name of what its runs are judged by, for a choice that the "
            "test set has no part in"
        )


def _count(correct: NDArray[np.bool_], final: Mapping[str, float | None]) -> float:
    """Return the test accuracy, which must be the one that was returned, if any."""
    share = float(np.mean(correct))
    said = final.get("test_accuracy", share)
    if said is None or abs(said - share) > _TOLERANCE:
        raise ConfigError(f"returned a test_accuracy of {said}, but {share} of `correct` is True")
    return share


def _read_number(name: str, value: Any) -> float | None:
    """Return a number as Python's own; None where it is none that is finite, as after a run diverged."""
    if not isinstance(name, str):
        raise ConfigError(f"must return names that are text, got {name!r}")
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
        raise ConfigError(f"must return a number as {name}, got {_show(value)}")
    number = float(value)
    if not math.isfinite(number):
        return None
    if name.endswith("accuracy") and not 0 <= number <= 1:
        raise ConfigError(f"must return {name} as a fraction from 0 to 1, got {number:g}")
    return number


def _read_correct(value: Any) -> NDArray[np.bool_] | None:
    if value is None:
        return None
    try:
        flags = np.asarray(value)
    except ValueError:  # rows of different lengths
        flags = np.empty(0)
    if flags.ndim != 1 or flags.size < 2 or not np.isin(flags, (0, 1)).all():
        raise ConfigError(f"must return as `correct` True or False for each test example, got {_show(value)}")
    return flags.astype(bool)


def _read_history(rows: Any) -> dict[str, list[float | None]]:
    """Return a column for each name of the epochs' mappings."""
    if rows is None:
        return {}
    if not isinstance(rows, Sequence) or not rows or not all(isinstance(row, Mapping) for row in rows):
        raise ConfigError(f"must return as `history` a list of mappings, one for each epoch; got {_show(rows)}")
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [None if row.get(name) is None else _read_number(name, row[name]) for row in rows] for name in names}


def _fill_history(
    history: Mapping[str, list[float | None]], final: Mapping[str, float | None], seconds: float
) -> dict[str, list[float | None]]:
    """Return a history with every column that runs have: one epoch where none was told, the last one as it ended."""
    epochs = max((len(column) for column in history.values()), default=1)
    filled: dict[str, list[float | None]] = {
        name: list(history.get(name, [None] * epochs)) for name in (*HISTORY_KEYS, *history)
    }
    for name in METRICS:
        filled[name][-1] = final.get(name)
    if "seconds" not in history:
        filled["seconds"] = [seconds / epochs] * epochs
    return filled


def _show(value: Any) -> str:
    text = repr(value).replace("\n", " ")
    return text if len(text) <= 60 else f"{text[:60]}... ({type(value).__name__})"
