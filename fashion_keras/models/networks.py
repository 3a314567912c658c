"""Networks: the report's two and a residual one as Keras models, and custom ones; uncompiled, images to logits."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from fashion_keras.config.components import Component, load_custom, option_values, resolve_component
from fashion_keras.config.custom_code import is_custom_name
from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import ConfigError
from fashion_keras.models.initializers import LayerInitializers
from fashion_keras.seeding import derive_seed

__all__ = ["BATCH_NORM", "build_cnn", "build_fcn", "build_model", "build_resnet"]

# PyTorch's constants, which the report ran with; it writes the momentum of the running averages as 0.1. The running
# variance is the batch's biased one here, PyTorch's the unbiased: 0.2 % apart at batches of 512.
BATCH_NORM = {"epsilon": 1e-5, "momentum": 0.9}


class _Blocks:
    """What both networks share: layers with seeded weights, and what follows each of them.

    Weights and dropout are seeded by their own counters, so that adding dropout or batch norm changes no weight.
    """

    def __init__(self, initializer: str | Component, batch_norm: bool, dropout_rate: float, seed: int):
        self.initializers = LayerInitializers(resolve_component("initializer", initializer), seed)
        self.batch_norm = batch_norm
        self.dropout_rate = dropout_rate
        self.seed = seed
        self.dropouts = itertools.count()

    def dense(self, fan_in: int, units: int, name: str, **options: Any) -> layers.Layer:
        return layers.Dense(units, name=name, **self.initializers.next_layer(fan_in), **options)

    def convolution(self, channels: int, filters: int, kernel_size: int, name: str, **options: Any) -> layers.Layer:
        initializers = self.initializers.next_layer(channels * kernel_size**2)
        return layers.Conv2D(filters, kernel_size, padding="same", name=name, **initializers, **options)

    def activation(self, name: str) -> Iterator[layers.Layer]:
        """Batch norm where asked for, before the ReLU, as in the report."""
        if self.batch_norm:
            yield layers.BatchNormalization(name=f"{name}_norm", **BATCH_NORM)
        yield layers.ReLU(name=f"{name}_relu")

    def hidden(self, fan_in: int, units: int, name: str) -> Iterator[layers.Layer]:
        yield self.dense(fan_in, units, name)
        yield from self.activation(name)
        yield from self.dropout(name)

    def dropout(self, name: str) -> Iterator[layers.Layer]:
        if self.dropout_rate:
            seed = derive_seed(self.seed, "dropout", next(self.dropouts))
            yield layers.Dropout(self.dropout_rate, seed=seed, name=f"{name}_dropout")

    def classifier(self, fan_in: int, hidden_units: Sequence[int], num_classes: int) -> Iterator[layers.Layer]:
        """Hidden dense layers, then the logits, in float32 whatever the precision."""
        for number, units in enumerate(hidden_units, start=1):
            yield from self.hidden(fan_in, units, f"hidden_{number}")
            fan_in = units
        yield self.dense(fan_in, num_classes, "logits", dtype="float32")


def build_fcn(
    image_shape: Sequence[int] = (28, 28, 1),
    num_classes: int = 10,
    *,
    hidden_units: Sequence[int] = (300, 200),
    dropout_rate: float = 0.0,
    batch_norm: bool = False,
    initializer: str | Component = "pytorch_default",
    seed: int = 0,
) -> keras.Sequential:
    """Build the fully connected network: flatten, hidden ReLU layers, logits.

    At the report's sizes it has 297,710 parameters.

    Args:
        image_shape: Height, width and channels of an image.
        num_classes: Number of logits.
        hidden_units: Units of each hidden layer.
        dropout_rate: Share of each hidden layer's outputs that training drops, in [0, 1).
        batch_norm: Normalise each hidden layer before its ReLU.
        initializer: Scheme of the weights: `pytorch_default`, `random_normal`, `xavier_normal`, `he_uniform`, or a
            `Component` with options.
        seed: Fixes weights and dropout.

    Returns:
        An uncompiled model from images [N, *image_shape], in what the dtype policy computes in (float32 where none is
        set), to float32 logits [N, num_classes].

    Raises:
        ConfigError: A setting is out of range.
    """
    settings = _check(
        "fcn",
        image_shape,
        num_classes,
        hidden_units=hidden_units,
        dropout_rate=dropout_rate,
        batch_norm=batch_norm,
        initializer=initializer,
    )
    blocks = _Blocks(settings["initializer"], settings["batch_norm"], settings["dropout_rate"], seed)
    model = keras.Sequential(name="fcn")
    model.add(_images(image_shape))
    model.add(layers.Flatten(name="flatten"))
    for layer in blocks.classifier(math.prod(image_shape), settings["hidden_units"], num_classes):
        model.add(layer)
    return model


def build_cnn(
    image_shape: Sequence[int] = (28, 28, 1),
    num_classes: int = 10,
    *,
    filters: Sequence[int] = (32, 64),
    kernel_sizes: Sequence[int] = (5, 5),
    pool_sizes: Sequence[int] = (2, 2),
    dense_units: Sequence[int] = (256, 128),
    dropout_rate: float = 0.0,
    batch_norm: bool = False,
    initializer: str | Component = "pytorch_default",
    seed: int = 0,
) -> keras.Model:
    """Build the convolutional network: convolutions of stride 1 with ReLU and max-pooling, hidden dense layers, logits.

    At the report's sizes it has 889,354 parameters. Deeper networks are longer lists: AlexNet's layout at 28x28 is
    `filters=(32, 64, 128, 128, 64)`, `kernel_sizes=(5, 5, 3, 3, 3)`, `pool_sizes=(2, 2, 1, 1, 2)`,
    `dense_units=(512, 512)`, `dropout_rate=0.5`.

    Args:
        image_shape: Height, width and channels of an image.
        num_classes: Number of logits.
        filters: Filters of each convolution.
        kernel_sizes: Side of each convolution's kernel; padding keeps the image's size.
        pool_sizes: Side of the max-pooling after each convolution; 1 leaves it out.
        dense_units: Units of each hidden dense layer.
        dropout_rate: Share of each hidden dense layer's outputs that training drops, in [0, 1).
        batch_norm: Normalise each convolution and hidden dense layer before its ReLU.
        initializer: Scheme of the weights, as in `build_fcn`.
        seed: Fixes weights and dropout.

    Returns:
        An uncompiled model from images [N, *image_shape], in what the dtype policy computes in (float32 where none is
        set), to float32 logits [N, num_classes].

    Raises:
        ConfigError: A setting is out of range, the lists differ in length, or the pooling leaves no pixel.
    """
    settings = _check(
        "cnn",
        image_shape,
        num_classes,
        filters=filters,
        kernel_sizes=kernel_sizes,
        pool_sizes=pool_sizes,
        dense_units=dense_units,
        dropout_rate=dropout_rate,
        batch_norm=batch_norm,
        initializer=initializer,
    )
    _check_pooling(settings["pool_sizes"], image_shape)
    blocks = _Blocks(settings["initializer"], settings["batch_norm"], settings["dropout_rate"], seed)
    images = _images(image_shape)
    x, channels = images, image_shape[-1]
    convolutions = zip(settings["filters"], settings["kernel_sizes"], settings["pool_sizes"], strict=True)
    for number, (num_filters, kernel_size, pool_size) in enumerate(convolutions, start=1):
        x = blocks.convolution(channels, num_filters, kernel_size, f"conv_{number}")(x)
        for layer in blocks.activation(f"conv_{number}"):
            x = layer(x)
        if pool_size > 1:
            x = layers.MaxPooling2D(pool_size, name=f"pool_{number}")(x)
        channels = num_filters
    x = layers.Flatten(name="flatten")(x)
    for layer in blocks.classifier(x.shape[-1], settings["dense_units"], num_classes):
        x = layer(x)
    return keras.Model(images, x, name="cnn")


def build_resnet(
    image_shape: Sequence[int] = (28, 28, 1),
    num_classes: int = 10,
    *,
    filters: Sequence[int] = (32, 48, 96),
    dropout_rate: float = 0.0,
    initializer: str | Component = "he_uniform",
    seed: int = 0,
) -> keras.Model:
    """Build a residual network that processors can train: a stem, stages that halve the image, global max-pooling.

    A stage is a max-pooling, a convolution and a residual block of two (He et al. 2016), all of 3x3, each with batch
    norm and ReLU. By default it has 265,770 parameters.

    Args:
        image_shape: Height, width and channels of an image.
        num_classes: Number of logits.
        filters: Filters of the stem's convolution, then those of each stage.
        dropout_rate: Share of the pooled features that training drops, in [0, 1).
        initializer: Scheme of the weights, as in `build_fcn`.
        seed: Fixes weights and dropout.

    Returns:
        An uncompiled model from images [N, *image_shape], in what the dtype policy computes in (float32 where none is
        set), to float32 logits [N, num_classes].

    Raises:
        ConfigError: A setting is out of range, or the stages leave no pixel.
    """
    options = {"filters": filters, "dropout_rate": dropout_rate, "initializer": initializer}
    settings = _check("resnet", image_shape, num_classes, **options)
    stem, *stages = settings["filters"]
    _check_pooling([2] * len(stages), image_shape)
    blocks = _Blocks(settings["initializer"], True, settings["dropout_rate"], seed)

    def convolve(x: Any, num_filters: int, name: str) -> Any:
        x = blocks.convolution(x.shape[-1], num_filters, 3, name, use_bias=False)(x)
        x = _fused(layers.BatchNormalization(name=f"{name}_norm", **BATCH_NORM))(x)
        return layers.ReLU(name=f"{name}_relu")(x)

    images = _images(image_shape)
    x = convolve(images, stem, "stem")
    for number, num_filters in enumerate(stages, start=1):
        x = layers.MaxPooling2D(2, name=f"pool_{number}")(x)
        x = convolve(x, num_filters, f"stage_{number}")
        residual = convolve(convolve(x, num_filters, f"block_{number}_1"), num_filters, f"block_{number}_2")
        x = layers.Add(name=f"block_{number}")([x, residual])
    x = layers.GlobalMaxPooling2D(name="pooled")(x)
    for layer in (*blocks.dropout("pooled"), *blocks.classifier(x.shape[-1], (), num_classes)):
        x = layer(x)
    return keras.Model(images, x, name="resnet")


def _fused(norm: layers.BatchNormalization) -> layers.BatchNormalization:
    """Let batch norm train by TensorFlow's one operation: with Keras's many, an epoch takes a third longer.

    Not as a subclass: a file for Keras alone could not hold it. The running variance is the unbiased one, as PyTorch's.
    """
    evaluate = norm.call

    def call(inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if not training:
            return evaluate(inputs, training=training, mask=mask)
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, norm.gamma, norm.beta, epsilon=norm.epsilon, is_training=True
        )
        for average, value in ((norm.moving_mean, mean), (norm.moving_variance, variance)):
            average.assign(average * norm.momentum + value * (1 - norm.momentum))
        return outputs

    norm.call = call
    return norm


def _images(image_shape: Sequence[int]) -> Any:
    """The input, in what the first layer computes in: it would cast float32 images to that, batch by batch."""
    return keras.Input(tuple(image_shape), name="images", dtype=keras.config.dtype_policy().compute_dtype)


def build_model(component: Component, image_shape: Sequence[int], num_classes: int, seed: int) -> keras.Model:
    """Build the model that a configuration names, for a data set's images and classes.

    Args:
        component: The configuration's `model`.
        image_shape: Height, width and channels of an image.
        num_classes: Number of logits.
        seed: Fixes weights and dropout.

    Raises:
        ConfigError: A setting is out of range for these images; or a custom function fails, returns anything but a
            network from such images to logits, or is no longer the one that was named.
    """
    if is_custom_name(component.name):
        return _build_custom(component, image_shape, num_classes, seed)
    builders: dict[str, Callable[..., keras.Model]] = {"fcn": build_fcn, "cnn": build_cnn, "resnet": build_resnet}
    return builders[component.name](image_shape, num_classes, **option_values("model", component), seed=seed)


def _build_custom(component: Component, image_shape: Sequence[int], num_classes: int, seed: int) -> keras.Model:
    # Layers without seeds of their own draw them from the global generators.
    keras.utils.set_random_seed(derive_seed(seed, "own network"))
    model = load_custom("model", component, seed)(tuple(image_shape), num_classes)
    _check_network(model, component.name, tuple(image_shape), num_classes)
    return model


def _check_network(model: Any, name: str, image_shape: tuple[int, ...], num_classes: int) -> None:
    if not isinstance(model, keras.Model):
        raise ConfigError(f"{name} must return a Keras model, got {type(model).__name__}")
    if isinstance(model, keras.Sequential) and not model.built:
        model.build((None, *image_shape))
    inputs, outputs = (getattr(model, side, None) for side in ("inputs", "outputs"))
    if not inputs or not outputs:
        raise ConfigError(f"{name} must return keras.Model(inputs, network(inputs)): its inputs are not fixed")
    shapes = [[tuple(tensor.shape) for tensor in tensors] for tensors in (inputs, outputs)]
    if shapes != [[(None, *image_shape)], [(None, num_classes)]]:
        raise ConfigError(
            f"{name} must go from images {(None, *image_shape)} to logits {(None, num_classes)}, "
            f"got {' and '.join(map(str, shapes[0]))} to {' and '.join(map(str, shapes[1]))}"
        )
    pixels = np.random.RandomState(0).uniform(-1, 1, (4, *image_shape)).astype(np.float32)
    answers = np.asarray(keras.ops.convert_to_numpy(model(pixels, training=False))).astype(np.float64)
    if answers.min() >= 0 and np.allclose(answers.sum(axis=1), 1, atol=0.02):
        raise ConfigError(f"{name} returns probabilities, rows that sum to 1; leave the last softmax out: logits")


def _check(model: str, image_shape: Sequence[int], num_classes: int, **options: Any) -> dict[str, Any]:
    """Check a builder's arguments as a configuration does, so that a call by hand meets the same messages."""
    if len(image_shape) != 3 or min(image_shape) < 1:
        raise ConfigError(f"image_shape must be (height, width, channels), got {tuple(image_shape)}")
    if num_classes < 2:
        raise ConfigError(f"num_classes must be at least 2, got {num_classes}")
    return option_values("model", RunConfig(model=Component.of(model, **options)).model)


def _check_pooling(pool_sizes: Sequence[int], image_shape: Sequence[int]) -> None:
    side = min(image_shape[:2])
    for pool_size in pool_sizes:
        side //= pool_size
    if side < 1:
        raise ConfigError(f"pool_sizes {pool_sizes} leave no pixel of a {image_shape[0]}x{image_shape[1]} image")
