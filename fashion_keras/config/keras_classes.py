"""Keras's optimizers, schedules, losses and initializers by their Keras names, such as `Nadam` or `GlorotNormal`.

Names and arguments are read out of Keras's source: a misspelt one is told before Keras is loaded, which takes seconds.
"""

import ast
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fashion_keras.config.catalogue import Option, Signature, suggest
from fashion_keras.config.python_source import options_of, read_source
from fashion_keras.errors import ConfigError

_PACKAGES = {
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
# Averaged weights would replace the trained ones after the last epoch, whose losses the tables show.
_SET_BY_THE_RUN = {
    "optimizer": ("self", "name", "use_ema", "ema_momentum", "ema_overwrite_frequency"),
    "schedule": ("self", "name", "initial_learning_rate"),
    "loss": ("self", "name", "dtype", "reduction", "from_logits"),
    "initializer": ("self", "seed"),
}


def is_keras_name(name: str) -> bool:
    """Whether a name is of one of Keras's classes, which begin with a capital as the package's own names do not."""
    return name[:1].isupper()


@cache
def class_names(kind: str) -> tuple[str, ...]:
    """Return the names of Keras's classes of a kind, sorted; none for a model."""
    return tuple(sorted(_definitions(kind))) if kind in _PACKAGES else ()


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
    definition = read_source(_file_of(_definitions(kind)[name])).classes[name]
    methods = {node.name: node for node in definition.body if isinstance(node, ast.FunctionDef)}
    options = options_of(methods["__init__"], _SET_BY_THE_RUN[kind]) if "__init__" in methods else {}
    if "learning_rate" in options:
        options["learning_rate"] = Option(options["learning_rate"].default, low=0, low_included=False)
    return Signature(options)


@cache
def _definitions(kind: str) -> dict[str, str]:
    """Return, from each public name, the module that defines the class."""
    package = _PACKAGES[kind]
    imported = read_source(_file_of(package)).imports(package)
    return {
        name: module
        for module, name in imported
        if is_keras_name(name) and name not in _NOT_OFFERED[kind] and name in read_source(_file_of(module)).classes
    }


def _file_of(module: str) -> Path:
    spec = find_spec("keras")  # of a package itself it imports nothing
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError("Keras is not installed; pip install keras")
    path = Path(spec.submodule_search_locations[0]).joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
