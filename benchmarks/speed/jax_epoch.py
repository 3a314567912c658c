"""JAX with optax: an epoch is one jitted scan over gathered batches, its state donated."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array, lax

from benchmarks.speed.work import (
    BATCH_SIZE,
    LAYERS,
    LEARNING_RATES,
    OPTIMIZERS,
    Convolution,
    Dense,
    OnEpoch,
    Work,
    read_parts,
)

Params: TypeAlias = list[tuple[Array, Array]]
Images: TypeAlias = Array
"""uint8 [N, 28, 28]; a batch is normalised when it is gathered, which is faster than gathering floats."""


def run(work: Work, on_epoch: OnEpoch) -> dict[str, float]:
    """Train and evaluate."""
    optimizers = {"sgd": optax.sgd, "adam": optax.adam}
    name = OPTIMIZERS[work.model]
    optimizer = optimizers[name](LEARNING_RATES[name])
    # Weights held as [units, inputs] are faster for the FCN in float32, and slower for the CNN and in bfloat16.
    by_units = work.model == "fcn" and work.precision == "float32"
    forward = partial(_forward, work.model, jnp.dtype(work.precision), by_units)
    train, evaluate = _jit_training(forward, optimizer), _jit_evaluation(forward)
    parts = {
        part: (jnp.asarray(arrays.images), jnp.asarray(arrays.labels)) for part, arrays in read_parts(work).items()
    }
    generator = np.random.default_rng(0)
    params = [_initial_layer(layer, generator, by_units) for layer in LAYERS[work.model]]
    state = optimizer.init(params)
    for _ in range(1 + work.epochs):
        started = time.perf_counter()
        order = generator.permutation(len(parts["train"][1])).astype(np.int32)
        params, state, sums = train(params, state, *parts["train"], order)
        jax.block_until_ready((params, sums))
        trained = time.perf_counter()
        evaluate(params, *parts["validation"])[0].block_until_ready()
        _, correct = evaluate(params, *parts["test"])
        on_epoch(trained - started, int(correct) / len(parts["test"][1]))
    return {}


def _initial_layer(
    layer: Dense | Convolution, generator: np.random.Generator, by_units: bool = False
) -> tuple[Array, Array]:
    if isinstance(layer, Dense):
        fan_in, shape = layer.inputs, [layer.inputs, layer.units]
    else:
        fan_in = layer.channels * layer.kernel_size**2
        shape = [layer.kernel_size, layer.kernel_size, layer.channels, layer.filters]
    limit = fan_in**-0.5
    draw = partial(generator.uniform, -limit, limit)
    weights, biases = jnp.asarray(draw(shape), jnp.float32), jnp.asarray(draw(shape[-1:]), jnp.float32)
    return weights.T if by_units else weights, biases


def _forward(model: str, dtype: Any, by_units: bool, params: Params, images: Images) -> Array:
    """Return logits, float32; the layers before them compute in `dtype`."""
    values = ((images.astype(jnp.float32) / 255 - 0.5) / 0.5).astype(dtype)
    if by_units:
        params = [(weights.T, biases) for weights, biases in params]
    *hidden, (weights, biases) = params
    if model == "cnn":
        values = values[..., None]
        for kernel, bias in hidden[:2]:
            values = _pool(jax.nn.relu(_convolve(values, kernel.astype(dtype)) + bias.astype(dtype)))
        hidden = hidden[2:]
    values = values.reshape(len(images), -1)
    for kernel, bias in hidden:
        values = jax.nn.relu(_multiply(values, kernel.astype(dtype)) + bias).astype(dtype)
    return values.astype(jnp.float32) @ weights + biases


@jax.custom_vjp
def _multiply(values: Array, weights: Array) -> Array:
    """A matrix product whose result, and whose gradients, leave it as float32: XLA is slower where it is bfloat16."""
    return jnp.dot(values, weights, preferred_element_type=jnp.float32)


def _multiply_forward(values: Array, weights: Array) -> tuple[Array, tuple[Array, Array]]:
    return _multiply(values, weights), (values, weights)


def _multiply_backward(saved: tuple[Array, Array], gradient: Array) -> tuple[Array, Array]:
    values, weights = saved
    gradient = gradient.astype(values.dtype)
    for_values = jnp.dot(gradient, weights.T, preferred_element_type=jnp.float32)
    for_weights = jnp.dot(values.T, gradient, preferred_element_type=jnp.float32)
    return for_values.astype(values.dtype), for_weights.astype(weights.dtype)


_multiply.defvjp(_multiply_forward, _multiply_backward)


def _pool(values: Array) -> Array:
    """Max-pooling of 2 out of plain maxima, whose gradient XLA computes faster than that of `reduce_window`."""
    rows = jnp.maximum(values[:, ::2], values[:, 1::2])
    return jnp.maximum(rows[:, :, ::2], rows[:, :, 1::2])


def _plain_convolution(values: Array, kernel: Array) -> Array:
    layout = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(values, kernel, (1, 1), "SAME", dimension_numbers=layout)


@jax.custom_vjp
def _convolve(values: Array, kernel: Array) -> Array:
    """A convolution whose gradients are a convolution and a matrix product: XLA's own are many times slower here."""
    return _plain_convolution(values, kernel)


def _convolve_forward(values: Array, kernel: Array) -> tuple[Array, tuple[Array, Array]]:
    return _plain_convolution(values, kernel), (values, kernel)


def _convolve_backward(saved: tuple[Array, Array], gradient: Array) -> tuple[Array, Array]:
    values, kernel = saved
    for_values = _plain_convolution(gradient, jnp.flip(kernel, (0, 1)).transpose(0, 1, 3, 2))
    for_kernel = _patches(values, kernel.shape[0]).T @ gradient.reshape(-1, gradient.shape[-1])
    return for_values, for_kernel.reshape(kernel.shape)


_convolve.defvjp(_convolve_forward, _convolve_backward)


def _patches(values: Array, side: int) -> Array:
    """Return what each output of a convolution sees: [N * height * width, side * side * channels]."""
    count, height, width, _ = values.shape
    margin = side // 2
    padded = jnp.pad(values, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
    shifted = [padded[:, y : y + height, x : x + width] for y in range(side) for x in range(side)]
    return jnp.concatenate(shifted, -1).reshape(count * height * width, -1)


def _loss_and_correct(forward: Callable, params: Params, images: Images, labels: Array) -> tuple[Array, Array]:
    logits = forward(params, images)
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
    return losses.mean(), (logits.argmax(-1) == labels).sum()


def _jit_training(forward: Callable, optimizer: optax.GradientTransformation) -> Callable:
    gradients_of = jax.value_and_grad(partial(_loss_and_correct, forward), has_aux=True)

    @partial(jax.jit, donate_argnums=(0, 1))
    def train(params: Params, state: Any, images: Images, labels: Array, order: Array) -> Any:
        def step(carry: Any, indices: Array) -> tuple[Any, None]:
            params, state, (loss_sum, correct_sum) = carry
            (loss, correct), gradients = gradients_of(params, images[indices], labels[indices])
            updates, state = optimizer.update(gradients, state, params)
            sums = (loss_sum + loss * len(indices), correct_sum + correct)
            return (optax.apply_updates(params, updates), state, sums), None

        return _scan(step, (params, state, (0.0, 0)), order)

    return train


def _jit_evaluation(forward: Callable) -> Callable:
    @jax.jit
    def evaluate(params: Params, images: Images, labels: Array) -> tuple[Array, Array]:
        def step(sums: Any, batch: tuple[Array, Array]) -> tuple[Any, None]:
            loss, correct = _loss_and_correct(forward, params, *batch)
            return (sums[0] + loss * len(batch[1]), sums[1] + correct), None

        return _scan(step, (0.0, 0), (images, labels))

    return evaluate


def _scan(step: Callable, carry: Any, arrays: Any) -> Any:
    """Scan over the whole batches of arrays [N, ...] and then take the smaller last one."""
    count = len(jax.tree.leaves(arrays)[0])
    whole = count - count % BATCH_SIZE
    batches = jax.tree.map(lambda array: array[:whole].reshape(-1, BATCH_SIZE, *array.shape[1:]), arrays)
    carry, _ = lax.scan(step, carry, batches)
    if whole < count:
        carry, _ = step(carry, jax.tree.map(lambda array: array[whole:], arrays))
    return carry
