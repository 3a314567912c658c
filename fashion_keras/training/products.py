"""Products of the networks' shapes in both precisions, timed: what `--precision auto` goes by."""

import time
from collections.abc import Callable

import tensorflow as tf

from fashion_keras.training.run import use_threads

__all__ = ["measure_gains"]

_ROUNDS = 15
_DENSE = ([512, 784], ([784, 300], [300, 200]))
_CONVOLUTION = ([64, 14, 14, 32], ([5, 5, 32, 64],))


def measure_gains() -> dict[str, float]:
    """Return how many times as fast as in float32 a step of layers is in bfloat16, by the layers' kind.

    A step is the outputs and the gradients of the weights, which are float32 and cast as mixed precision does it. The
    two take turns for a fraction of a second, and the least time of each counts, of the processor: other programs that
    run meanwhile take from the clock.
    """
    use_threads(1)
    products = {
        "dense": (tf.matmul, *_DENSE),
        "convolution": (lambda values, kernel: tf.nn.conv2d(values, kernel, 1, "SAME"), *_CONVOLUTION),
    }
    return {
        name: _gain(*[_step(*parts, dtype) for dtype in (tf.float32, tf.bfloat16)]) for name, parts in products.items()
    }


def _step(
    multiply: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    inputs: list[int],
    weights: tuple[list[int], ...],
    dtype: tf.DType,
) -> Callable[[], float]:
    """Return a function that takes a step and returns the seconds of the processor."""
    images = tf.cast(tf.random.stateless_uniform(inputs, (0, 0)), dtype)
    kernels = [tf.random.stateless_uniform(shape, (0, 1), -0.1, 0.1) for shape in weights]

    @tf.function(autograph=False)
    def step() -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(kernels)
            values = images
            for kernel in kernels:
                values = tf.nn.relu(multiply(values, tf.cast(kernel, dtype)))
        return tf.add_n([tf.reduce_max(gradient) for gradient in tape.gradient(values, kernels)])

    def timed() -> float:
        started = time.process_time()
        step().numpy()
        return time.process_time() - started

    timed()  # traces
    return timed


def _gain(plain: Callable[[], float], other: Callable[[], float]) -> float:
    seconds = [(plain(), other()) for _ in range(_ROUNDS)]
    return min(first for first, _ in seconds) / min(second for _, second in seconds)
