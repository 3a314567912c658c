"""Pairs of runs that are compared: those of the seeds that all arms have."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from fashion_keras.storage.comparison import ComparisonResults


def complete_seeds(results: ComparisonResults) -> list[int]:
    """Return the seeds that every arm has a run of, ascending."""
    return [seed for seed in results.seeds if all(seed in arm.runs for arm in results.arms)]


def paired_accuracies(results: ComparisonResults) -> Mapping[str, NDArray[np.float64]]:
    """Return the final test accuracies of each arm, float64 [complete seeds], fractions, entry i from the same seed.

    Returns:
        Nothing where no seed is complete, or the test set was never evaluated.
    """
    seeds = complete_seeds(results)
    finals = {arm.name: [arm.runs[seed].final["test_accuracy"] for seed in seeds] for arm in results.arms}
    values = {name: [value for value in row if value is not None] for name, row in finals.items()}
    if not seeds or any(len(row) < len(seeds) for row in values.values()):
        return {}
    return {name: np.array(row) for name, row in values.items()}
