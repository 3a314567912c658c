"""tf.data pipelines: normalised float32 batches out of uint8 images in memory."""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from fashion_keras.data.orders import epoch_orders, num_batches

__all__ = [
    "Augment", "Gather", "gather_from", "hold_images", "make_evaluation_dataset", "make_orders",
    "make_training_dataset", "normalise",
]  # fmt: skip

Augment = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
"""From normalised images [N, H, W, C] and class ids [N] to such images, float32, and ids or shares [N, classes]."""

Gather = Callable[[tf.Tensor], tuple[tf.Tensor, ...]]
"""From indices, int32 [n], to images, labels and, where classes have weights, the examples' weights."""

# Up to this size images are normalised once and held as float32, four times their size in the files: a step of a small
# network is some 3 % quicker. Larger ones are normalised batch by batch, to the same bits.
HELD_BYTES = 2**30
_CHUNK_EXAMPLES = 2048  # small enough for the cache, where normalising takes half the time


def normalise(images: tf.Tensor) -> tf.Tensor:
    """Map pixels uint8 [N, H, W, C] to float32 in [-1, 1]: x/255, then (x - 0.5)/0.5.

    The one place where this is decided: the pipelines and the exported signature both call it.
    """
    return (tf.cast(images, tf.float32) / 255.0 - 0.5) / 0.5


def hold_images(images: np.ndarray, dtype: str = "float32") -> tf.Tensor:
    """Return images uint8 [N, H, W, C] as the pipelines take them: normalised.

    What would not fit in `HELD_BYTES` stays uint8, and the pipelines normalise each batch, to float32.

    Args:
        images: Pixels.
        dtype: What the model's input is. In bfloat16 half as much is gathered, and no batch is cast, to the same bits:
            the first layer would round each pixel to it anyway.
    """
    if images.size * 4 > HELD_BYTES:
        return tf.constant(images)
    held = np.empty(images.shape, np.float32)
    for start in range(0, len(images), _CHUNK_EXAMPLES):
        chunk = slice(start, start + _CHUNK_EXAMPLES)
        held[chunk] = normalise(tf.constant(images[chunk])).numpy()
    return tf.cast(tf.constant(held), dtype)


def make_training_dataset(
    images: tf.Tensor | np.ndarray,
    labels: np.ndarray,
    examples: np.ndarray | None = None,
    *,
    batch_size: int,
    num_epochs: int,
    seed: int,
    augment: Augment | None = None,
) -> tf.data.Dataset:
    """Make the batches of all epochs, one after another: `num_epochs * num_batches(...)` elements.

    Whole batches are gathered from the images in memory: shuffling single examples costs more than the training step
    of a small network. The order is drawn beforehand, so that it depends on the seed alone.

    Args:
        images: uint8 [N, H, W, C], or what `hold_images` made of them.
        labels: int32 [N].
        examples: Indices of the examples to train with, int32 [n]; None is all.
        batch_size: Examples a batch; the last of each epoch has what is left.
        num_epochs: How many epochs' orders are drawn.
        seed: The run's seed.
        augment: Changes each batch, one after another.

    Returns:
        A data set of pairs: float32, or what was held, [batch, H, W, C] in [-1, 1] and int32 [batch]; or what
        `augment` made of them.
    """
    examples = np.arange(len(labels), dtype=np.int32) if examples is None else examples
    gather, steps = gather_from(images, labels, augment), num_batches(len(examples), batch_size)
    orders = tf.constant(examples[epoch_orders(len(examples), num_epochs, seed)])

    def make_batch(step: tf.Tensor) -> tuple[tf.Tensor, ...]:
        start = (step % steps) * batch_size
        return gather(orders[step // steps, start : start + batch_size])

    return _on_one_core(tf.data.Dataset.range(num_epochs * steps).map(make_batch))


def make_orders(examples: np.ndarray, num_epochs: int, seed: int) -> tf.data.Dataset:
    """Make a data set of an element an epoch, the order of its examples, for a graph that gathers its batches itself.

    After the last order comes the first again.

    Args:
        examples: Indices of the examples to train with, int32 [n].
        num_epochs: How many orders are drawn, those of `make_training_dataset`.
        seed: The run's seed.
    """
    orders = tf.data.Dataset.from_tensor_slices(examples[epoch_orders(len(examples), num_epochs, seed)])
    # Without an end: to Keras an element is a batch, and it would begin anew when it had counted so many of them.
    return _on_one_core(orders.repeat())


def gather_from(
    images: tf.Tensor | np.ndarray,
    labels: np.ndarray,
    augment: Augment | None = None,
    class_weights: Sequence[float] | None = None,
) -> Gather:
    """Return what gathers a training batch, in a pipeline or in the training's own graph.

    Args:
        images: uint8 [N, H, W, C], or what `hold_images` made of them.
        labels: int32 [N].
        augment: Changes each batch, one after another.
        class_weights: What an example of each class counts; None leaves the weights out.
    """
    pixels, classes = _as_held(images), tf.constant(labels)

    def gather(indices: tf.Tensor) -> tuple[tf.Tensor, ...]:
        batch = _normalised(tf.gather(pixels, indices)), tf.gather(classes, indices)
        batch = augment(*batch) if augment else batch
        return batch if class_weights is None else (*batch, _weigh(batch[1], class_weights))

    return gather


def _weigh(labels: tf.Tensor, class_weights: Sequence[float]) -> tf.Tensor:
    """Return the weights of class ids [N], or of shares [N, classes] by the largest, float32 [N]."""
    classes = labels if labels.shape.rank == 1 else tf.argmax(labels, axis=-1, output_type=tf.int32)
    return tf.gather(tf.constant(class_weights, tf.float32), classes)


def make_evaluation_dataset(
    images: tf.Tensor | np.ndarray, labels: np.ndarray, examples: np.ndarray | None = None, *, batch_size: int = 512
) -> tf.data.Dataset:
    """Make the batches of one pass in the given order; arguments and elements as in `make_training_dataset`.

    The batches are laid out beforehand: every pass makes new iterators, and those of a mapped data set take 5 ms each.
    """
    pixels, classes = _as_held(images), tf.constant(labels)
    if examples is not None:
        pixels, classes = tf.gather(pixels, examples), tf.gather(classes, examples)
    whole, rest = divmod(len(classes), batch_size)
    end = whole * batch_size
    batches = [tf.reshape(values[:end], [whole, batch_size, *values.shape[1:]]) for values in (pixels, classes)]
    dataset = tf.data.Dataset.from_tensor_slices(tuple(batches))
    if rest:
        dataset = dataset.concatenate(tf.data.Dataset.from_tensors((pixels[end:], classes[end:])))
    if pixels.dtype == tf.uint8:
        dataset = dataset.map(lambda batch, batch_labels: (normalise(batch), batch_labels))
    return _on_one_core(dataset)


def _as_held(images: tf.Tensor | np.ndarray) -> tf.Tensor:
    return images if tf.is_tensor(images) else hold_images(images)


def _normalised(pixels: tf.Tensor) -> tf.Tensor:
    return normalise(pixels) if pixels.dtype == tf.uint8 else pixels


def _on_one_core(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Let no worker threads and no autotuning take turns with the training step on the one core of a run."""
    options = tf.data.Options()
    options.threading.private_threadpool_size = 1
    options.threading.max_intra_op_parallelism = 1
    options.autotune.enabled = False
    options.deterministic = True
    return dataset.with_options(options)
