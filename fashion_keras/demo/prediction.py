"""Predictions for the page: what the model is, what it says of a picture. Knows nothing of the web but JSON."""

import base64
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fashion_keras.data import FASHION_MNIST_HASH
from fashion_keras.demo.nearest import METHOD, NearestImages
from fashion_keras.images.worker import PictureReader

if TYPE_CHECKING:
    from fashion_keras.inference.classifier import Classifier

__all__ = ["MAX_UPLOAD_BYTES", "TOO_LARGE", "Demo"]

NUM_NEAREST = 8
MAX_UPLOAD_BYTES = 8 * 2**20
MAX_PICTURE_MEMORY = 850 * 2**20
"""With twelve uploads, below 1 GiB; a lossless WebP of 50 million pixels takes 770 MB, a PNG half of that."""

TOO_LARGE = f"this picture is larger than {MAX_UPLOAD_BYTES >> 20} MiB, the limit of the page; make it smaller"


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
