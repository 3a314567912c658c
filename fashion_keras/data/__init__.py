"""Data sets: found, verified, read and split. The tf.data pipelines alone, in `pipelines`, know TensorFlow."""

from fashion_keras.data.checks import find_ground
from fashion_keras.data.dataset import (
    FASHION_MNIST_CLASSES,
    FASHION_MNIST_HASH,
    FASHION_MNIST_NAME,
    DataLocation,
    Dataset,
    class_counts,
)
from fashion_keras.data.sources import load, locate
from fashion_keras.data.splits import split_dataset, split_indices

__all__ = [
    "FASHION_MNIST_CLASSES", "FASHION_MNIST_HASH", "FASHION_MNIST_NAME", "DataLocation", "Dataset", "class_counts",
    "find_ground", "load", "locate", "split_dataset", "split_indices",
]  # fmt: skip
