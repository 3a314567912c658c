"""Augmentation: random changes of the training batches by layers of Keras, seeded per run, outside the network."""

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf
from keras import layers

from fashion_keras.config.components import Component, option_values
from fashion_keras.data.pipelines import Augment
from fashion_keras.seeding import derive_seed

__all__ = ["build_augmentation"]

_BLACK = -1.0  # of a normalised pixel: what Fashion-MNIST's items lie on
_FILLED = {"fill_mode": "constant", "fill_value": _BLACK}

_Options = Mapping[str, Any]
_LAYERS: Mapping[str, Callable[[_Options, _Options], layers.Layer]] = {
    "flip": lambda _, run: layers.RandomFlip("horizontal", **run),
    # By whole pixels, so that nothing is blurred.
    "shift": lambda options, run: layers.RandomTranslation(
        options["max_shift"], options["max_shift"], interpolation="nearest", **_FILLED, **run
    ),
    "crop": lambda options, run: layers.RandomZoom((-options["max_crop"], 0.0), **_FILLED, **run),
    "rotation": lambda options, run: layers.RandomRotation(options["max_degrees"] / 360, **_FILLED, **run),
    "erasing": lambda options, run: layers.RandomErasing(
        (options["erasing_rate"],) * 2, (0.02, options["max_erased"]), _BLACK, value_range=(-1.0, 1.0), **run
    ),
    "mixup": lambda options, run: layers.MixUp(options["mixup_alpha"], **run),
}


def build_augmentation(component: Component, num_classes: int, seed: int) -> Augment | None:
    """Return what an augmentation does to a training batch; None where it does nothing.

    The parts of a name such as `flip+shift` follow each other, each with a seed of its own.

    Args:
        component: A component of the catalogue `augmentation`.
        num_classes: Classes of the data.
        seed: The run's seed.
    """
    if component.name == "none":
        return None
    options = option_values("augmentation", component)
    # Half precision would blur the pixels; the network rounds them itself.
    steps = {
        name: _LAYERS[name](options, {"seed": derive_seed(seed, "augmentation", name), "dtype": "float32"})
        for name in component.name.split("+")
    }

    def augment(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        shares = tf.one_hot(labels, num_classes) if "mixup" in steps else labels
        batch = {"images": tf.cast(images, tf.float32), "labels": shares}
        for layer in steps.values():
            batch = layer(batch, training=True)
        return batch["images"], batch["labels"]

    return augment
