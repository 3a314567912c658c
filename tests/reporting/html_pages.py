"""Comparisons for tests of the page, with names that try to become markup."""

from pathlib import Path

import numpy as np
from conftest import make_arm, make_results, make_run

from fashion_keras.storage.comparison import ComparisonResults
from fashion_keras.storage.results import Predictions
from fashion_keras.storage.runs import StoredRun

HOSTILE = "</script><img src=x onerror=alert(1)> \"'`{{ 7*7 }} <!-- &amp; ]]>"


def seeded_comparison(
    *,
    arm: str = "other",
    title: str = "Two arms",
    data: str = "fashion_mnist",
    gain: float = 0.02,
    num_seeds: int = 8,
    epochs: int = 3,
) -> ComparisonResults:
    """A base and an arm that is better by `gain`, give or take what a seed does, over some seeds."""
    arms = []
    for name, level in (("base", 0.85), (arm, 0.85 + gain)):
        curves = [[level - 0.01 * left for left in range(epochs)][::-1]] * num_seeds
        runs = [
            make_run(
                seed, test_accuracy=[value + 0.0001 * ((seed * (3 if name == "base" else 5)) % 7) for value in row]
            )
            for seed, row in enumerate(curves)
        ]
        arms.append(make_arm(name, runs))
    return make_results(*arms, title=title, data=data)


def answering_run(folder: Path, seed: int, probabilities: np.ndarray, labels: np.ndarray) -> StoredRun:
    """A run whose predictions.npz lies in a folder of its own and says these probabilities, float [M, K]."""
    path = folder / f"run__s{seed}"
    path.mkdir(parents=True)
    class_id = probabilities.argmax(axis=1).astype(np.uint8)
    answers = Predictions(
        class_id, np.zeros(len(labels), np.float32), probabilities.astype(np.float16), class_id == labels
    )
    np.savez(path / "predictions.npz", **vars(answers))
    return StoredRun(path, make_run(seed, correct=answers.correct.tolist()).result)
