"""tf.data pipelines: normalised float32 batches out of uint8 images in memory."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from fashion_keras.data.orders import epoch_orders, num_batches


def normalise(images: tf.Tensor) -> tf.Tensor:
    """Map pixels uint8 [N, H, W, C] to float32 in [-1, 1]: x/255, then (x - 0.5)/0.5.

    The one place where this is decided: the pipelines and the exported signature both call it.
    """
    return (tf.cast(images, tf.float32) / 255.0 - 0.5) / 0.5


def make_training_dataset(
    images: np.ndarray, labels: np.ndarray, *, batch_size: int, num_epochs: int, seed: int
) -> tf.data.Dataset:
    """Make the batches of all epochs, one after another: `num_epochs * num_batches(...)` elements.

    Whole batches are gathered from the images in memory: shuffling single examples costs more than the training step
    of a small network. The order is drawn beforehand, so that it depends on the seed alone.

    Args:
        images: uint8 [N, H, W, C].
        labels: int32 [N].
        batch_size: Examples a batch; the last of each epoch has what is left.
        num_epochs: How many epochs' orders are drawn.
        seed: The run's seed.

    Returns:
        A data set of pairs: float32 [batch, H, W, C] in [-1, 1] and int32 [batch].
    """
    steps = num_batches(len(images), batch_size)
    order = tf.constant(epoch_orders(len(images), num_epochs, seed))

    def batch_indices(step: tf.Tensor) -> tf.Tensor:
        start = (step % steps) * batch_size
        return order[step // steps, start : start + batch_size]

    return _make_batches(images, labels, num_epochs * steps, batch_indices)


def make_evaluation_dataset(images: np.ndarray, labels: np.ndarray, *, batch_size: int = 512) -> tf.data.Dataset:
    """Make the batches of one pass in the given order; arguments and elements as in `make_training_dataset`."""

    def batch_indices(step: tf.Tensor) -> tf.Tensor:
        start = step * batch_size
        return tf.range(start, tf.minimum(start + batch_size, len(images)))

    return _make_batches(images, labels, num_batches(len(images), batch_size), batch_indices)


def _make_batches(
    images: np.ndarray, labels: np.ndarray, count: int, batch_indices: Callable[[tf.Tensor], tf.Tensor]
) -> tf.data.Dataset:
    pixels, classes = tf.constant(images), tf.constant(labels)

    def make_batch(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        indices = batch_indices(step)
        return normalise(tf.gather(pixels, indices)), tf.gather(classes, indices)

    # A run has one core: worker threads and autotuning would only take turns with the training step.
    options = tf.data.Options()
    options.threading.private_threadpool_size = 1
    options.threading.max_intra_op_parallelism = 1
    options.autotune.enabled = False
    options.deterministic = True
    return tf.data.Dataset.range(count).map(make_batch).with_options(options)
