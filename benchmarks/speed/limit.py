"""What the machine can do: large matrix products, by the library that the package trains with."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import time

import tensorflow as tf

from benchmarks.speed.work import LIMIT_PRODUCTS, LIMIT_SIDE, OnEpoch, Work


def run(work: Work, on_epoch: OnEpoch) -> dict[str, float]:
    """Multiply, and call `on_epoch` after every `LIMIT_PRODUCTS` products."""
    if work.threads:
        tf.config.threading.set_intra_op_parallelism_threads(work.threads)
        tf.config.threading.set_inter_op_parallelism_threads(work.threads)
    matrix = tf.cast(tf.random.normal([LIMIT_SIDE, LIMIT_SIDE], stddev=LIMIT_SIDE**-0.5), work.precision)

    @tf.function
    def multiply() -> tf.Tensor:
        # Each product takes the one before it, so that none can be left out.
        product = matrix
        for _ in range(LIMIT_PRODUCTS):
            product = tf.matmul(product, matrix)
        return tf.reduce_sum(product)

    for _ in range(1 + work.epochs):
        started = time.perf_counter()
        multiply().numpy()
        on_epoch(time.perf_counter() - started, 0.0)
    return {}
