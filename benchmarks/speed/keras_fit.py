"""Keras as its tutorials use it: `fit` on arrays, here with the test set evaluated after each epoch too."""

import os

# Before TensorFlow is imported; it says nothing of use here.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import time

import keras
import tensorflow as tf

from benchmarks.speed.work import BATCH_SIZE, LEARNING_RATES, OPTIMIZERS, OnEpoch, Work, normalise, read_parts
from fashion_keras.config.components import Component
from fashion_keras.models.networks import build_model


class _Epochs(keras.callbacks.Callback):
    def __init__(self, test: tuple, on_epoch: OnEpoch):
        super().__init__()
        self.test, self.report = test, on_epoch

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.trained = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        _, accuracy = self.model.evaluate(*self.test, batch_size=BATCH_SIZE, verbose=0)
        self.report(self.trained - self.started, accuracy)


def run(work: Work, on_epoch: OnEpoch) -> dict[str, float]:
    """Train and evaluate."""
    if work.threads:
        tf.config.threading.set_intra_op_parallelism_threads(work.threads)
        tf.config.threading.set_inter_op_parallelism_threads(work.threads)
    keras.config.set_dtype_policy("mixed_bfloat16" if work.precision == "bfloat16" else "float32")
    arrays = {name: (normalise(part.images)[..., None], part.labels) for name, part in read_parts(work).items()}
    model = _build(work)
    model.fit(
        *arrays["train"],
        batch_size=BATCH_SIZE,
        epochs=1 + work.epochs,
        validation_data=arrays["validation"],
        validation_batch_size=BATCH_SIZE,
        verbose=0,
        callbacks=[_Epochs(arrays["test"], on_epoch)],
    )
    return {}


def _build(work: Work) -> keras.Model:
    model = build_model(Component(work.model), (28, 28, 1), 10, seed=0)
    optimizers = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}
    name = OPTIMIZERS[work.model]
    model.compile(
        optimizer=optimizers[name](LEARNING_RATES[name]),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,  # XLA makes the CNN slower and the FCN no faster; see README.md.
    )
    return model
