"""Runs made by hand, for tests of what is done with results: no TensorFlow, no training, a few bytes each."""

from collections.abc import Sequence

import numpy as np

from fashion_keras.config.run_config import RunConfig
from fashion_keras.storage.results import HISTORY_KEYS, METRICS, Predictions, RunResult
from fashion_keras.storage.runs import RunStore, StoredRun


def make_result(
    config: RunConfig, losses: Sequence[float | None] = (2.0, 1.0), *, with_test: bool = True, seconds: float = 30.0
) -> RunResult:
    """A result whose every loss and accuracy of an epoch is that of `losses`; it diverged where the last is None."""
    history = {key: list(losses) for key in HISTORY_KEYS}
    rng = np.random.default_rng(config.seed)
    predictions = Predictions(
        class_id=np.array([3, 1, 0], np.uint8),
        loss=np.array([0.25, 0.5, 4.0], np.float32),
        probabilities=rng.dirichlet(np.ones(10), 3).astype(np.float16),
        correct=np.array([True, True, False]),
    )
    return RunResult(
        config=config,
        status="finished" if losses[-1] is not None else "diverged",
        history=history,
        final={key: history[key][-1] for key in METRICS},
        seconds={"train": seconds / 2, "total": seconds, "startup": 1.0},
        environment={"python": "3.11"},
        weights=[rng.normal(size=(2, 3)).astype(np.float32), np.zeros(3, np.float32)],
        predictions=predictions if with_test else None,
    )


def commit(store: RunStore, config: RunConfig, losses: Sequence[float | None] = (2.0, 1.0), **options) -> StoredRun:
    """Put a run into a store."""
    store.begin(config)
    return store.commit(make_result(config, losses, **options))
