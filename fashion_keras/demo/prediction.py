"""Predictions for the page: what the model is, what it says of a picture, which test images are like it.

Knows nothing of the web but JSON.
"""

import base64
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fashion_keras.data import FASHION_MNIST_HASH
from fashion_keras.images.worker import PictureReader

if TYPE_CHECKING:
    from fashion_keras.inference.classifier import Classifier

__all__ = ["MAX_UPLOAD_BYTES", "TOO_LARGE", "Demo", "NearestImages"]

METHOD = "cosine similarity of the pixels"
NUM_NEAREST = 8
MAX_UPLOAD_BYTES = 8 * 2**20
MAX_PICTURE_MEMORY = 850 * 2**20
"""With twelve uploads, below 1 GiB; a lossless WebP of 50 million pixels takes 770 MB, a PNG half of that."""

TOO_LARGE = f"this picture is larger than {MAX_UPLOAD_BYTES >> 20} MiB, the limit of the page; make it smaller"


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


@dataclass(frozen=True)
class Demo:
    """A model to be tried.

    Attributes:
        model: It.
        name: What the user called it.
        nearest: The test set to look for similar images in, or None.
        missing: Where that is None, why and what to do.
        reader: Reads the pictures, one at a time.
    """

    model: "Classifier"
    name: str
    nearest: NearestImages | None = None
    missing: str = ""
    reader: PictureReader = field(default_factory=lambda: PictureReader(memory=MAX_PICTURE_MEMORY))

    def describe(self) -> dict[str, Any]:
        """Return what the page says of the model before it predicts anything."""
        info = self.model.info
        return {
            "name": self.name,
            "label": info.label,
            "accuracy": info.accuracy,
            "accuracy_interval": info.accuracy_interval,
            "num_test_images": info.num_test_images,
            "image_shape": self.model.image_shape,
            "class_names": self.model.class_names,
            "examples": info.data_hash == FASHION_MNIST_HASH,
            "max_upload_bytes": MAX_UPLOAD_BYTES,
            "too_large": TOO_LARGE,
            "nearest": {"count": len(self.nearest or ()), "method": METHOD, "missing": self.missing},
        }

    def predict(self, content: bytes, invert: str, unwanted: threading.Event | None = None) -> dict[str, Any]:
        """Return what the model sees in a picture and says of it, and the test images nearest to it.

        Args:
            content: Of the picture's file.
            invert: See `fashion_keras.images.reading.read_picture`.
            unwanted: Set by another thread, it gives the picture up.

        Raises:
            ImageError: It is no such picture, or shows nothing.
        """
        model = self.model
        picture = self.reader.read(content, model.image_shape, invert, "this picture", model.info.ground, unwanted)
        return {
            "pixels": _encode(picture.pixels),
            "inverted": picture.inverted,
            "note": picture.note,
            "classes": [
                {"name": prediction.class_name, "probability": prediction.probability}
                for prediction in model.predict_pictures([picture]).top(len(model.class_names))[0]
            ],
            "nearest": self._describe_nearest(self.nearest, picture.pixels) if self.nearest else [],
        }

    def _describe_nearest(self, nearest: NearestImages, pixels: NDArray[np.uint8]) -> list[dict[str, Any]]:
        found = nearest.find(pixels, NUM_NEAREST)
        predicted = self.model.predict(nearest.images[[index for index, _ in found]]).class_name
        return [
            {
                "pixels": _encode(nearest.images[index]),
                "index": index,
                "similarity": similarity,
                "class_name": nearest.class_names[nearest.labels[index]],
                "predicted": class_name,
            }
            for (index, similarity), class_name in zip(found, predicted, strict=True)
        ]


def _encode(pixels: NDArray[np.uint8]) -> str:
    """Return the bytes of an image, row by row, in base64."""
    return base64.b64encode(pixels.tobytes()).decode("ascii")


def _directions(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return images as vectors of length 1: float32 [N, P]; a black one stays 0 and is like nothing."""
    vectors = images.reshape(len(images), -1).astype(np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(lengths, 1.0)
