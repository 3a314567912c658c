"""Which training examples a run holds back for validation."""

import numpy as np
from numpy.typing import NDArray

from fashion_keras.errors import ConfigError, DataError
from fashion_keras.seeding import derive_seed

__all__ = ["split_indices"]


def split_indices(
    num_examples: int, validation_fraction: float, seed: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Split the training examples at random, afresh for each seed: 54,000 and 6,000 of Fashion-MNIST's 60,000.

    The split depends on the seed alone and on nothing of the model, so that the arms of a seed are paired.

    Args:
        num_examples: How many training examples there are.
        validation_fraction: The part to hold back, in (0, 1); the report's is 0.1. The count is rounded to nearest.
        seed: The run's seed.

    Returns:
        The indices for training and for validation, int32, each ascending; together they are 0..num_examples-1.

    Raises:
        ConfigError: The fraction is out of range.
        DataError: One of the two would be empty.
    """
    if not 0 < validation_fraction < 1:
        raise ConfigError(f"validation_fraction must be in (0, 1), got {validation_fraction}; the report's is 0.1")
    num_validation = round(num_examples * validation_fraction)
    if not 0 < num_validation < num_examples:
        raise DataError(
            f"{num_examples} training examples cannot be split with validation_fraction {validation_fraction}: "
            f"{num_validation} would be for validation; both parts need at least one"
        )
    # The old generator on purpose: NumPy keeps its stream the same for ever, and that of default_rng only for a while.
    order = np.random.RandomState(derive_seed(seed, "split")).permutation(num_examples).astype(np.int32)
    return np.sort(order[num_validation:]), np.sort(order[:num_validation])
