"""In which order a run takes its training examples."""

import numpy as np
from numpy.typing import NDArray

from fashion_keras.seeding import derive_seed

__all__ = ["epoch_orders", "num_batches"]


def epoch_orders(num_examples: int, num_epochs: int, seed: int) -> NDArray[np.int32]:
    """Return the order of the training examples in each epoch, int32 [`num_epochs`, `num_examples`].

    Every epoch's order has a seed of its own, made of `seed`: a run of fewer epochs begins like a longer one.
    """
    # The old generator, whose stream NumPy keeps the same for ever.
    generators = (np.random.RandomState(derive_seed(seed, "order", epoch)) for epoch in range(num_epochs))
    return np.stack([generator.permutation(num_examples).astype(np.int32) for generator in generators])


def num_batches(num_examples: int, batch_size: int) -> int:
    """Return how many batches hold all examples, the last one perhaps smaller."""
    return -(-num_examples // batch_size)
