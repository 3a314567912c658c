"""Signature of every export: pixels in, probabilities and class ids out."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fashion_keras._tensorflow import import_tensorflow

if TYPE_CHECKING:
    import keras

__all__ = ["Serve", "input_spec", "make_serve", "pixels_shape", "with_class_names", "without_single_channel"]

Serve = Callable[[Any], dict[str, Any]]
"""Takes a tensor `images`, uint8 [N, H, W] or [N, H, W, C]; returns `probabilities`, float32 [N, K], and `class_id`,
int64 [N]: the part of the signature that every format can have.
"""


def pixels_shape(image_shape: Sequence[int]) -> tuple[int | None, ...]:
    """Return the shape that signatures take: [None, H, W], or [None, H, W, C] in colour."""
    height, width, channels = image_shape
    return (None, height, width) if channels == 1 else (None, height, width, channels)


def without_single_channel(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return images [N, H, W, C] as the signatures take them: [N, H, W], or [N, H, W, C] in colour."""
    return np.ascontiguousarray(images[..., 0] if images.shape[-1] == 1 else images)


def input_spec(image_shape: Sequence[int]) -> Any:
    """Return the `tf.TensorSpec` of `images`."""
    tf = import_tensorflow()
    return tf.TensorSpec(pixels_shape(image_shape), tf.uint8, "images")


def make_serve(model: "keras.Model") -> Serve:
    """Return the signature of a model from images [N, H, W, C] in [-1, 1] to logits."""
    tf = import_tensorflow()
    from fashion_keras.data.pipelines import normalise

    def serve(images: Any) -> dict[str, Any]:
        pixels = images[..., tf.newaxis] if images.shape.rank == 3 else images
        logits = model(normalise(pixels), training=False)
        return {"probabilities": tf.nn.softmax(logits), "class_id": tf.argmax(logits, axis=-1, output_type=tf.int64)}

    return serve


def with_class_names(serve: Serve, class_names: Sequence[str]) -> Serve:
    """Return a signature that gives `class_name`, string [N], too."""
    tf = import_tensorflow()
    # Bytes: a folder's name, which names a class, need not be UTF-8.
    names = tf.constant([name.encode(errors="surrogateescape") for name in class_names])

    def serve_names(images: Any) -> dict[str, Any]:
        outputs = serve(images)
        return outputs | {"class_name": tf.gather(names, outputs["class_id"])}

    return serve_names
