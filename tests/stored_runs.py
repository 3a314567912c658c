"""Runs made by hand, for tests of what is done with results: no TensorFlow, no training, a few bytes each."""

from collections.abc import Sequence

import numpy as np

from fashion_keras.config.run_config import RunConfig
from fashion_keras.experiments.definition import Arm, Experiment
from fashion_keras.storage.results import HISTORY_KEYS, METRICS, Predictions, RunResult
from fashion_keras.storage.runs import RunStore, StoredRun

NUM_IMAGES = 1000

TUNABLE = Experiment(
    "rates",
    "Rates and more",
    RunConfig(epochs=2),
    (
        Arm("slow"),
        Arm("fast", learning_rate=0.1, text_only=True),
        Arm("drop", dropout_rate=0.3),
        Arm("adam", optimizer="adam", learning_rate=0.1),
    ),
)
"""A comparison of which two arms differ in the learning rate alone."""


def make_result(
    config: RunConfig, losses: Sequence[float | None] = (2.0, 1.0), *, with_test: bool = True, seconds: float = 30.0
) -> RunResult:
    """A result whose every loss of an epoch is that of `losses`, and its every accuracy, 1 at most.

    It diverged where the last is None; then it got no test image right.
    """
    accuracies = [None if loss is None else min(loss, 1.0) for loss in losses]
    history = {key: list(accuracies if key.endswith("accuracy") else losses) for key in HISTORY_KEYS}
    num_correct = round(NUM_IMAGES * (accuracies[-1] or 0))
    rng = np.random.default_rng(config.seed)
    predictions = Predictions(
        class_id=np.arange(NUM_IMAGES).astype(np.uint8) % 10,
        loss=rng.random(NUM_IMAGES, np.float32),
        probabilities=rng.dirichlet(np.ones(10), NUM_IMAGES).astype(np.float16),
        correct=np.arange(NUM_IMAGES) < num_correct,
    )
    final = {key: history[key][-1] for key in METRICS}
    if with_test:
        history["test_accuracy"][-1] = final["test_accuracy"] = num_correct / NUM_IMAGES
    return RunResult(
        config=config,
        status="finished" if losses[-1] is not None else "diverged",
        history=history,
        final=final,
        seconds={"train": seconds / 2, "total": seconds, "startup": 1.0},
        environment={"python": "3.11"},
        weights=[rng.normal(size=(2, 3)).astype(np.float32), np.zeros(3, np.float32)],
        predictions=predictions if with_test else None,
    )


def commit(store: RunStore, config: RunConfig, losses: Sequence[float | None] = (2.0, 1.0), **options) -> StoredRun:
    """Put a run into a store."""
    store.begin(config)
    return store.commit(make_result(config, losses, **options))
