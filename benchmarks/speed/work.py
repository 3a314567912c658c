"""The work that every system does, and how much it is. Knows NumPy only: each library's environment imports it."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

BATCH_SIZE = 512
NUM_TRAIN = 54_000
LEARNING_RATES = {"sgd": 0.02, "adam": 0.001}
OPTIMIZERS = {"fcn": "sgd", "cnn": "adam"}
PARTS = ("train", "validation", "test")

# What one call of the limit's measurement computes: so many products of two square matrices.
LIMIT_SIDE = 2048
LIMIT_PRODUCTS = 6

OnEpoch = Callable[[float, float], None]
"""Called after each epoch, its evaluations included, with the seconds of its training alone and the test accuracy."""


class Dense(NamedTuple):
    """A fully connected layer."""

    inputs: int
    units: int

    @property
    def products(self) -> int:
        """Multiplications of one example's forward pass."""
        return self.inputs * self.units


class Convolution(NamedTuple):
    """A convolution of stride 1 whose padding keeps the image's size; max-pooling of 2 follows it."""

    side: int
    channels: int
    filters: int
    kernel_size: int = 5

    @property
    def products(self) -> int:
        """Multiplications of one example's forward pass, those with the padding included."""
        return self.side**2 * self.filters * self.channels * self.kernel_size**2


LAYERS: dict[str, tuple[Dense | Convolution, ...]] = {
    "fcn": (Dense(784, 300), Dense(300, 200), Dense(200, 10)),
    "cnn": (
        Convolution(28, 1, 32),
        Convolution(14, 32, 64),
        Dense(7 * 7 * 64, 256),
        Dense(256, 128),
        Dense(128, 10),
    ),
}


def epoch_flops(layers: tuple[Dense | Convolution, ...], num_examples: int = NUM_TRAIN) -> int:
    """Return the floating-point operations of the products of one epoch of training, without evaluation.

    A layer computes its output, the gradient of its weights and that of its inputs, each of as many multiplications and
    additions; the first layer's inputs need no gradient.
    """
    return num_examples * sum(2 * layer.products * (3 if number else 2) for number, layer in enumerate(layers))


def limit_flops() -> int:
    """Return the operations of one call of the limit's measurement."""
    return LIMIT_PRODUCTS * 2 * LIMIT_SIDE**3


@dataclass(frozen=True)
class Work:
    """What one process does.

    Attributes:
        model: `fcn`, `cnn`, or `limit` for plain matrix products.
        precision: `float32` or `bfloat16`, the latter mixed: weights and logits stay float32.
        epochs: Measured epochs; one more before them warms up.
        share: The share of the data set's images: the CNN is measured on a quarter.
        threads: 1, or 0 for what the library does by itself.
        loading_workers: Of PyTorch's DataLoader.
        data: The folder of `write_arrays`.
    """

    model: str
    precision: str
    epochs: int
    share: float
    threads: int
    loading_workers: int
    data: str


class Part(NamedTuple):
    """Images uint8 [N, 28, 28] and labels int32 [N]."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int32]


def shrink(dataset: Any, share: float) -> Any:
    """Return a package's data set with the first images of both its parts."""
    num_train, num_test = (round(share * len(labels)) for labels in (dataset.train_labels, dataset.test_labels))
    return replace(
        dataset,
        train_images=dataset.train_images[:num_train],
        train_labels=dataset.train_labels[:num_train],
        test_images=dataset.test_images[:num_test],
        test_labels=dataset.test_labels[:num_test],
    )


def arrays_path(folder: Path, share: float) -> Path:
    """Return where the arrays of a share of the data stand."""
    return folder / f"arrays-{share:g}.npz"


def read_parts(work: Work) -> dict[str, Part]:
    """Return the images and labels of each of `PARTS`, split as the package splits them."""
    with np.load(arrays_path(Path(work.data), work.share)) as arrays:
        return {part: Part(arrays[f"{part}_images"], arrays[f"{part}_labels"]) for part in PARTS}


def normalise(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Map pixels to [-1, 1]: x/255, then (x - 0.5)/0.5."""
    return (images.astype(np.float32) / np.float32(255) - np.float32(0.5)) / np.float32(0.5)


def batch_bounds(num_examples: int) -> list[tuple[int, int]]:
    """Return where each batch starts and ends; the last one is smaller."""
    return [(start, min(start + BATCH_SIZE, num_examples)) for start in range(0, num_examples, BATCH_SIZE)]


def num_steps(num_examples: int) -> int:
    """Return how many batches hold all examples."""
    return math.ceil(num_examples / BATCH_SIZE)
