"""Initialisers: the report's four schemes and those of Keras, seeded per layer.

The report names three schemes beside "default", which in PyTorch is not Keras's default: weights AND biases uniform in
+-1/sqrt(fan_in). PyTorch's Xavier normal is not truncated, while Keras's `GlorotNormal` is.
"""

import inspect
import math
from collections.abc import Callable
from typing import Any

import keras

from fashion_keras.config.components import Component, option_values
from fashion_keras.config.keras_classes import is_keras_name
from fashion_keras.seeding import derive_seed

__all__ = ["FanInUniform", "LayerInitializers", "build_kernel_initializer"]


@keras.saving.register_keras_serializable("fashion_keras")
class FanInUniform(keras.initializers.Initializer):
    """Uniform in +-1/sqrt(fan_in): PyTorch's default for the weights and biases of linear and convolution layers.

    PyTorch reaches it as `kaiming_uniform_(a=sqrt(5))` (`torch.nn.Linear.reset_parameters`). A bias does not know how
    many inputs its layer has, so that its fan is given.

    Args:
        fan_in: Inputs of a unit; None takes it from the weights' shape.
        seed: An integer; the same seed and shape give the same values.
    """

    def __init__(self, fan_in: int | None = None, seed: int | None = None):
        self.fan_in = fan_in
        self.seed = seed

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """Return a tensor of `shape` and `dtype` with values in [-1/sqrt(fan_in), 1/sqrt(fan_in))."""
        fan_in = self.fan_in or math.prod(shape[:-1])
        limit = 1 / math.sqrt(fan_in)
        return keras.random.uniform(shape, -limit, limit, dtype=dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, so that a model with this initialiser can be saved and loaded."""
        return {"fan_in": self.fan_in, "seed": self.seed}


def _untruncated(mode: str, distribution: str, scale: float) -> Callable[[int], keras.initializers.Initializer]:
    return lambda seed: keras.initializers.VarianceScaling(scale, mode, distribution, seed=seed)


def build_kernel_initializer(scheme: Component, seed: int) -> keras.initializers.Initializer:
    """Return a scheme's initialiser for the weights of one layer.

    `xavier_normal` has variance 2/(fan_in + fan_out) (Glorot and Bengio 2010), `he_uniform` variance 2/fan_in (He et
    al. 2015), `random_normal` the standard deviation `stddev`. A class of Keras is what Keras says it is.
    """
    if is_keras_name(scheme.name):
        return _build_keras_initializer(scheme, seed)
    options = option_values("initializer", scheme)
    builders: dict[str, Callable[[int], keras.initializers.Initializer]] = {
        "pytorch_default": lambda seed: FanInUniform(seed=seed),
        "random_normal": lambda seed: keras.initializers.RandomNormal(0.0, options["stddev"], seed=seed),
        "xavier_normal": _untruncated("fan_avg", "untruncated_normal", 1.0),
        "he_uniform": _untruncated("fan_in", "uniform", 2.0),
    }
    return builders[scheme.name](seed)


def _build_keras_initializer(scheme: Component, seed: int) -> keras.initializers.Initializer:
    """A class of Keras with the layer's own seed, where it draws anything: one instance would repeat itself."""
    initializer = getattr(keras.initializers, scheme.name)
    seeded = {"seed": seed} if "seed" in inspect.signature(initializer).parameters else {}
    return initializer(**scheme.plain_options(list), **seeded)


class LayerInitializers:
    """Hands each layer in turn its initialisers, seeded by the run's seed and the layer's number.

    The schemes replace the weights only: biases stay PyTorch's, as in the base model, so that one thing varies.

    Args:
        scheme: The scheme of the weights, a component of the catalogue `initializer`.
        seed: The run's seed.
    """

    def __init__(self, scheme: Component, seed: int):
        self.scheme = scheme
        self.seed = seed
        self.layer = 0

    def next_layer(self, fan_in: int) -> dict[str, keras.initializers.Initializer]:
        """Return `kernel_initializer` and `bias_initializer` of the next layer with weights, of `fan_in` inputs."""
        kernel_seed = derive_seed(self.seed, "weights", self.layer, "kernel")
        bias_seed = derive_seed(self.seed, "weights", self.layer, "bias")
        self.layer += 1
        return {
            "kernel_initializer": build_kernel_initializer(self.scheme, kernel_seed),
            "bias_initializer": FanInUniform(fan_in, bias_seed),
        }
