"""Pictures of the data: the report's two, the first sample of each of the first batches and a grid with class names."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from fashion_keras.data.dataset import Dataset

_CELL_INCHES = 1.1
_TITLE_INCHES = 0.5


def draw_first_of_batches(
    dataset: Dataset, order: ArrayLike, path: Path, *, batch_size: int = 512, num_batches: int = 16
) -> None:
    """Draw the first training image of each of the first batches, four in a row, with batch number and class.

    Args:
        dataset: Where the training images are.
        order: Integers [N]: the training examples in the order in which an epoch goes through them.
        path: The picture to write; its suffix says the format.
        batch_size: Examples a batch.
        num_batches: How many batches at most; a short epoch has fewer.
    """
    indices = np.asarray(order)[::batch_size][:num_batches]
    captions = [f"{batch}: {_class_name(dataset, index)}" for batch, index in enumerate(indices, start=1)]
    title = f"{_title_name(dataset)}: first sample of each of the first {len(indices)} batches of {batch_size}"
    _draw(dataset, indices, captions, title, path, num_columns=4)


def draw_grid(dataset: Dataset, path: Path, *, num_images: int = 64) -> None:
    """Draw the first training images eight in a row, each under the name of its class.

    Args:
        dataset: Where the training images are.
        path: The picture to write; its suffix says the format.
        num_images: How many at most.
    """
    indices = np.arange(min(num_images, len(dataset.train_images)))
    captions = [_class_name(dataset, index) for index in indices]
    title = f"{_title_name(dataset)}: the first {len(indices)} training images"
    _draw(dataset, indices, captions, title, path, num_columns=8)


def _title_name(dataset: Dataset) -> str:
    return "Fashion-MNIST" if dataset.is_fashion_mnist else dataset.name


def _class_name(dataset: Dataset, index: int | np.integer, at_most: int = 14) -> str:
    name = dataset.class_names[dataset.train_labels[index]]
    return name if len(name) <= at_most else f"{name[: at_most - 1]}…"


def _draw(
    dataset: Dataset,
    indices: NDArray[np.integer],
    captions: Sequence[str],
    title: str,
    path: Path,
    num_columns: int,
) -> None:
    num_rows = math.ceil(len(indices) / num_columns)
    # A Figure of its own, not pyplot's: no global state, no display needed.
    figure = Figure((num_columns * _CELL_INCHES, num_rows * (_CELL_INCHES + 0.15) + _TITLE_INCHES), layout="compressed")
    figure.suptitle(_plain(title), fontsize=9)
    axes = figure.subplots(num_rows, num_columns, squeeze=False).ravel()
    for axis in axes:
        axis.set_axis_off()
    for axis, index, caption in zip(axes, indices, captions, strict=False):  # the last row may not be full
        _draw_image(axis, dataset.train_images[index], caption)
    figure.savefig(path, dpi=200, bbox_inches="tight", pad_inches=0.08)


def _draw_image(axis: Axes, image: NDArray[np.uint8], caption: str) -> None:
    # Fashion-MNIST and MNIST are bright on black, made by inverting pictures on white: inverted back they print well.
    axis.imshow(image, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
    axis.set_title(_plain(caption), fontsize=7, pad=2)


def _plain(text: str) -> str:
    return text.replace("$", r"\$")  # a class called $x$ is a name, no formula
