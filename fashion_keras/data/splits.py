"""Split of the training examples: those that a run holds back for validation."""

import numpy as np
from numpy.typing import NDArray

from fashion_keras.data.dataset import Dataset
from fashion_keras.errors import ConfigError, DataError
from fashion_keras.seeding import derive_seed

__all__ = ["split_dataset", "split_indices"]


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
    order = _draw_order(num_examples, seed)
    return np.sort(order[num_validation:]), np.sort(order[:num_validation])


def split_dataset(
    dataset: Dataset, validation_fraction: float, seed: int, *, stratify: bool = False
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the indices of the examples for training and for validation, int32, each ascending.

    Of data that has a validation part of its own they are all of `train_images` and all of `val_images`.

    Args:
        dataset: The data.
        validation_fraction, seed: As in `split_indices`.
        stratify: Hold back the same share of each class, to a whole example: as many in all as without, and of each
            class at least one to train with.

    Raises:
        DataError: One of the two would be empty.
    """
    num_examples = len(dataset.train_images)
    if dataset.val_images is not None:
        return np.arange(num_examples, dtype=np.int32), np.arange(len(dataset.val_images), dtype=np.int32)
    train, validation = split_indices(num_examples, validation_fraction, seed)
    if not stratify:
        return train, validation
    order = _draw_order(num_examples, seed)
    by_class = [order[dataset.train_labels[order] == number] for number in range(dataset.num_classes)]
    shares = np.array([len(each) * validation_fraction for each in by_class])
    numbers = np.floor(shares).astype(int)
    for number in np.argsort(numbers - shares, kind="stable")[: len(validation) - numbers.sum()]:
        numbers[number] += numbers[number] + 1 < len(by_class[number])
    held_back = np.concatenate([each[:number] for each, number in zip(by_class, numbers, strict=True)])
    return np.setdiff1d(order, held_back), np.sort(held_back)


def _draw_order(num_examples: int, seed: int) -> NDArray[np.int32]:
    # The old generator on purpose: NumPy keeps its stream the same for ever, and that of default_rng only for a while.
    return np.random.RandomState(derive_seed(seed, "split")).permutation(num_examples).astype(np.int32)
