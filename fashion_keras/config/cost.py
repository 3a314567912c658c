"""Cost of a run: about how long it takes beside another, told from its configuration alone."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from fashion_keras.config.components import option_values
from fashion_keras.config.custom_code import is_custom_name
from fashion_keras.config.run_config import RunConfig

__all__ = ["CUSTOM_NETWORK_COST", "cost_key", "relative_cost"]

_COSTLY = (
    "batch_size", "epochs", "train_examples", "validation_fraction", "evaluate_test", "precision", "patience",
    "threads", "device", "data",
)  # fmt: skip

CUSTOM_NETWORK_COST = 1e7
"""Multiplications of an example that a custom network is taken to need: nobody knows before it runs."""


def relative_cost(config: RunConfig) -> float:
    """Return about how much longer a run takes than another: multiplications of an example of 28x28, times epochs."""
    side = 28
    if config.trainer is not None or is_custom_name(config.model.name):
        return config.epochs * CUSTOM_NETWORK_COST
    options = option_values("model", config.model)
    if config.model.name == "fcn":
        widths = (side * side, *options["hidden_units"], 10)
        return config.epochs * sum(inputs * outputs for inputs, outputs in pairwise(widths))
    if config.model.name == "resnet":
        return config.epochs * _resnet_multiplications(options["filters"], side)
    multiplications, channels = 0, 1
    for filters, kernel, pool in zip(options["filters"], options["kernel_sizes"], options["pool_sizes"], strict=True):
        multiplications += side * side * kernel * kernel * channels * filters
        channels, side = filters, side // pool
    widths = (side * side * channels, *options["dense_units"], 10)
    return config.epochs * (multiplications + sum(inputs * outputs for inputs, outputs in pairwise(widths)))


def _resnet_multiplications(filters: Sequence[int], side: int) -> int:
    stem, *stages = filters
    total, channels = side * side * 9 * stem, stem
    for width in stages:
        side //= 2
        total += side * side * 9 * width * (channels + 2 * width)
        channels = width
    return total + 10 * channels


def cost_key(config: RunConfig) -> tuple[Any, ...]:
    """What the duration of a run depends on: everything but the values of rates and the seed.

    A custom network may have fractions that are no rates, such as a factor of its width.
    """
    part = config.trainer or config.model
    is_custom = is_custom_name(part.name)
    options = tuple(
        (name, bool(value) if isinstance(value, float) and not is_custom else value) for name, value in part.options
    )
    costless = tuple(item for item in options if item[0] != "initializer")
    others = (getattr(config, name) for name in _COSTLY)
    return (part.name, costless, config.optimizer.name, *others)
