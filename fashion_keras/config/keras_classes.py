"""Keras's optimizers, schedules, losses and initializers by their Keras names, such as `Nadam` or `GlorotNormal`.

Keras is imported when someone names one of its classes, to check the arguments: that takes seconds. The package's own
components, and configurations that are read from a store, do without it.
"""

import inspect
from functools import cache
from importlib import import_module
from typing import Any

from fashion_keras._tensorflow import import_tensorflow
from fashion_keras.config.catalogue import REQUIRED, UNKNOWN, Option, Signature, suggest
from fashion_keras.config.values import check_plain
from fashion_keras.errors import ConfigError

__all__ = ["class_names", "default_rate", "is_keras_name", "keras_signature"]

_MODULES = {
    "optimizer": "keras.optimizers",
    "schedule": "keras.optimizers.schedules",
    "loss": "keras.losses",
    "initializer": "keras.initializers",
}

# Bases; optimizers around other optimizers; what is not about one row of logits for each image.
_NOT_OFFERED = {
    "optimizer": {"Optimizer", "OptimizerMap", "LossScaleOptimizer", "MultiOptimizer"},
    "schedule": {"LearningRateSchedule"},
    "loss": {"Loss", "CTC", "Circle"},
    "initializer": {"Initializer", "RandomInitializer", "STFT"},
}

# What the run itself sets: the rate of a schedule is the optimizer's, networks return logits, each layer has its seed.
# The other losses of an epoch are of the averaged weights, which its training must not start from.
_SET_BY_THE_RUN = {
    "optimizer": ("name", "ema_overwrite_frequency"),
    "schedule": ("name", "initial_learning_rate"),
    "loss": ("name", "dtype", "reduction", "from_logits"),
    "initializer": ("seed",),
}

_DEFAULT_RATES = {"SGD": 0.01, "ScheduleFreeAdamW": 0.0025}


def is_keras_name(name: str) -> bool:
    """Whether a name is of one of Keras's classes, which begin with a capital as the package's own names do not."""
    return name[:1].isupper()


def default_rate(name: str) -> float:
    """Return the learning rate of one of Keras's optimizers where none is given; without Keras, for names of runs."""
    return _DEFAULT_RATES.get(name, 0.001)


@cache
def class_names(kind: str) -> tuple[str, ...]:
    """Return the names of Keras's classes of a kind, sorted; none for a model."""
    if kind not in _MODULES:
        return ()
    classes = inspect.getmembers(_import_module(kind), inspect.isclass)
    return tuple(name for name, value in classes if value.__name__ == name and name not in _NOT_OFFERED[kind])


@cache
def keras_signature(kind: str, name: str) -> Signature:
    """Return the arguments of one of Keras's classes.

    Args:
        kind: `"optimizer"`, `"schedule"`, `"loss"` or `"initializer"`.
        name: The class.

    Raises:
        ConfigError: Keras has no such class.
    """
    if name not in class_names(kind):
        raise ConfigError(f"{kind} must, as a class of Keras, be {suggest(name, class_names(kind))}")
    parameters = inspect.signature(getattr(_import_module(kind), name)).parameters.values()
    options = {
        each.name: _option_of(each)
        for each in parameters
        if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD) and each.name not in _SET_BY_THE_RUN[kind]
    }
    return Signature(options)


def _import_module(kind: str) -> Any:
    import_tensorflow()  # quietly; Keras would import it with all that it has to say
    return import_module(_MODULES[kind])


def _option_of(parameter: inspect.Parameter) -> Option:
    default = REQUIRED if parameter.default is parameter.empty else _plain(parameter.default)
    return Option(default, low=0, low_included=False) if parameter.name == "learning_rate" else Option(default, object)


def _plain(value: Any) -> Any:
    try:
        return check_plain("default", value)
    except ConfigError:
        return UNKNOWN
