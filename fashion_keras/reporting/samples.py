"""Sheets of images, each under its caption: the report's two pictures of the data, and those that a model got wrong."""

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from fashion_keras.data.checks import find_ground
from fashion_keras.data.dataset import Dataset
from fashion_keras.formatting import shorten
from fashion_keras.reporting.figures import write_figures

__all__ = ["draw_data", "draw_first_of_batches", "draw_grid", "draw_images", "put_title"]

_CELL_INCHES = 1.1
_LINE_INCHES = 0.14  # of a caption
_HEAD_INCHES = 0.55
_LONGEST_NAME = 14
_LONGEST_TITLE = 200


def draw_data(dataset: Dataset, order: ArrayLike, folder: Path) -> list[Path]:
    """Draw `first_of_batches.png` and `grid.png`, see the two functions below, and return their paths.

    Args:
        dataset: The data.
        order: Integers [N]: the training examples in the order in which an epoch goes through them.
        folder: Where to; made where it is missing.

    Raises:
        StoreError: The folder cannot be written, in one line.
    """
    return write_figures(
        lambda: {"first_of_batches": draw_first_of_batches(dataset, order), "grid": draw_grid(dataset)}, folder, ["png"]
    )


def draw_first_of_batches(dataset: Dataset, order: ArrayLike, batch_size: int = 512) -> Figure:
    """Draw the first training image of each of the first 16 batches, four in a row, with batch number and class.

    Args:
        dataset: Where the training images are.
        order: Integers [N]: the training examples in the order in which an epoch goes through them.
        batch_size: Examples a batch.
    """
    indices = np.asarray(order)[::batch_size][:16]
    captions = [f"{batch}: {name}" for batch, name in enumerate(_class_names(dataset, indices), start=1)]
    title = f"{_title_name(dataset)}: first sample of each of the first {len(indices)} batches of {batch_size}"
    return draw_images(dataset.train_images[indices], captions, [title], num_columns=4)


def draw_grid(dataset: Dataset) -> Figure:
    """Draw the first 64 training images, eight in a row, each under the name of its class."""
    indices = np.arange(min(64, len(dataset.train_images)))
    title = f"{_title_name(dataset)}: the first {len(indices)} training images"
    return draw_images(dataset.train_images[indices], _class_names(dataset, indices), [title], num_columns=8)


def draw_images(
    images: NDArray[np.uint8], captions: Sequence[str], titles: Sequence[str], num_columns: int = 6
) -> Figure:
    """Draw images in rows.

    Args:
        images: uint8 [N, H, W], or [N, H, W, 3] in colour.
        captions: N texts, of as many lines each.
        titles: Lines above all of them.
        num_columns: Images in a row.
    """
    num_rows = max(1, math.ceil(len(images) / num_columns))
    caption_inches = _LINE_INCHES * max((caption.count("\n") + 1 for caption in captions), default=1)
    height = num_rows * (_CELL_INCHES + caption_inches) + _HEAD_INCHES
    # A layout found by matplotlib would take longer than the drawing.
    figure = Figure((1.08 * num_columns * _CELL_INCHES, height))
    axes = figure.subplots(num_rows, num_columns, squeeze=False).ravel()
    top = 1 - (_HEAD_INCHES + caption_inches) / height
    spaces = {"hspace": caption_inches / _CELL_INCHES, "wspace": 0.08}
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.01, top=top, **spaces)
    for axis in axes:
        axis.set_axis_off()
    # Fashion-MNIST is bright on black, made by inverting pictures on white: inverted back it prints well.
    colours = "gray_r" if len(images) and find_ground(images) == "dark" else "gray"
    for axis, image, caption in zip(axes, images, captions, strict=False):  # the last row may not be full
        axis.imshow(image, cmap=colours, vmin=0, vmax=255, interpolation="nearest")
        axis.set_title(caption, fontsize=6.5, pad=2)
    put_title(figure, *titles)
    return figure


def put_title(figure: Figure, *lines: str) -> None:
    """Put lines above a figure, broken where they are longer than it is wide."""
    width = int(15 * figure.get_figwidth())
    texts = (textwrap.fill(shorten(line, _LONGEST_TITLE), width, break_on_hyphens=False) for line in lines)
    figure.suptitle("\n".join(texts), fontsize=8)


def _title_name(dataset: Dataset) -> str:
    return "Fashion-MNIST" if dataset.is_fashion_mnist else dataset.name


def _class_names(dataset: Dataset, indices: NDArray[np.integer]) -> list[str]:
    return [shorten(dataset.class_names[label], _LONGEST_NAME) for label in dataset.train_labels[indices]]
