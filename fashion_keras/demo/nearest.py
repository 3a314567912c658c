"""Nearest images of a test set: those most like a picture."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["METHOD", "NearestImages"]

METHOD = "cosine similarity of the pixels"


class NearestImages:
    """A test set, ready to be searched.

    The measure is the cosine between two images as vectors of pixels. It knows nothing of the model, so that what it
    finds can be held against the model's prediction; and, unlike the distance, it does not take every thin drawing for
    the darkest image.

    Attributes:
        images: uint8 [N, H, W], or [N, H, W, 3] in colour.
        labels: int32 [N].
        class_names: In the order of the labels.
    """

    def __init__(self, images: NDArray[np.uint8], labels: NDArray[np.int32], class_names: Sequence[str]):
        self.images = images
        self.class_names = tuple(class_names)
        self.labels = labels
        self._directions = _directions(images)

    def __len__(self) -> int:
        return len(self.images)

    def find(self, pixels: NDArray[np.uint8], count: int) -> list[tuple[int, float]]:
        """Return the images most like one of the same shape, the likest first; of equals the first in the set.

        Each by its place in the set, and how similar the pixels are, in [0, 1]; 1 is the same up to its brightness.
        """
        similarities = self._directions @ _directions(pixels[np.newaxis])[0]
        order = np.argsort(-similarities, kind="stable")[:count]
        return [(int(k), min(1.0, float(similarities[k]))) for k in order]


def _directions(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return images as vectors of length 1: float32 [N, P]; a black one stays 0 and is like nothing."""
    vectors = images.reshape(len(images), -1).astype(np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(lengths, 1.0)
