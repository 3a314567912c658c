"""Search spaces: functions from keras-tuner's HyperParameters to the settings of a run.

A space says what varies: it returns changes of the configuration, as `RunConfig.with_changes` takes them. A setting
that exists only for a choice is asked for in a conditional scope, and is None where it does not apply.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fashion_keras._tensorflow import import_tensorflow
from fashion_keras.config.catalogue import suggest
from fashion_keras.config.custom_code import add_folders, describe_error, find_function, import_function, is_custom_name
from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import ConfigError, UserError

__all__ = [
    "SPACES", "FunctionSpace", "Settings", "SpaceError", "cnn", "cnn_readings", "cnn_regularised", "describe_value",
    "describe_values", "fcn", "fcn_regularised", "fcn_small", "load_space",
]  # fmt: skip

Settings = Mapping[str, Any] | RunConfig
"""Changes of a configuration by name, None where a setting does not apply; or a whole configuration."""

NUM_DIGITS = 3
"""Significant digits of a rate: more would tell no two trials apart, and would fill the names of the runs."""


class SpaceError(UserError):
    """A search space is not there, or its function is wrong."""


def fcn(hp: Any) -> dict[str, Any]:
    """Fully connected networks: 1 to 4 hidden layers of up to 2048 units, each as wide as the one before or half."""
    return _fully_connected(hp, [1, 2, 3, 4], [128, 256, 512, 1024, 2048])


def fcn_small(hp: Any) -> dict[str, Any]:
    """The same with up to 3 hidden layers of up to 1024 units: trials of minutes are left out."""
    return _fully_connected(hp, [1, 2, 3], [128, 256, 512, 1024])


def fcn_regularised(hp: Any) -> dict[str, Any]:
    """Wide fully connected networks that train long: what is left to find is what keeps them from learning by heart.

    A finer search after one of `fcn_small`, whose best trials all were 1024 wide, with batch norm, and nearly all with
    AdamW: those are fixed here. Its trials were short, which favours little dropout; here there is always some.
    """
    depth = hp.Choice("depth", [2, 3])
    narrowing = hp.Choice("narrowing", [1, 2])
    return {
        "model": "fcn",
        "hidden_units": tuple(1024 // narrowing**layer for layer in range(depth)),
        "dropout_rate": hp.Choice("dropout_rate", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], default=0.3),
        "batch_norm": True,
        "optimizer": "adamw",
        "learning_rate": _rounded(hp.Float("learning_rate", 2e-4, 5e-3, sampling="log", default=1e-3)),
        "weight_decay": _rounded(hp.Float("weight_decay", 1e-3, 0.3, sampling="log", default=1e-2)),
        "schedule": "cosine",
        "warmup_epochs": hp.Choice("warmup_epochs", [0, 5]),
        "batch_size": hp.Choice("batch_size", [256, 512], default=512),
        "label_smoothing": hp.Choice("label_smoothing", [0.0, 0.05, 0.1, 0.2]),
    }


def _fully_connected(hp: Any, depths: list[int], widths: list[int]) -> dict[str, Any]:
    depth = hp.Choice("depth", depths, default=2)
    width = hp.Choice("width", widths, default=256)
    with hp.conditional_scope("depth", depths[1:]):
        narrowing = hp.Choice("narrowing", [1, 2])
    return {
        "model": "fcn",
        "hidden_units": tuple(width // (narrowing or 1) ** layer for layer in range(depth)),
        "dropout_rate": hp.Choice("dropout_rate", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
        **_layers(hp),
        **_training(hp),
    }


def cnn(hp: Any) -> dict[str, Any]:
    """Convolutional networks: 2 to 4 convolutions whose filters double at each pooling, then 1 or 2 dense layers."""
    num_convolutions = hp.Choice("num_convolutions", [2, 3, 4])
    first = hp.Choice("filters", [16, 32, 64], default=32)
    kernel = hp.Choice("kernel_size", [3, 5], default=5)
    num_dense = hp.Choice("num_dense", [1, 2], default=2)
    width = hp.Choice("dense_units", [64, 128, 256, 512], default=256)
    # Two poolings whatever the depth: 7x7 is left of 28x28, and images of 8x8 can be searched too.
    pools = {2: (2, 2), 3: (2, 1, 2), 4: (1, 2, 1, 2)}[num_convolutions]
    halvings = [sum(pool > 1 for pool in pools[:place]) for place in range(num_convolutions)]
    return {
        "model": "cnn",
        "filters": tuple(first * 2**halving for halving in halvings),
        "kernel_sizes": (kernel,) * num_convolutions,
        "pool_sizes": pools,
        "dense_units": (width, width // 2)[:num_dense],
        "dropout_rate": hp.Choice("dropout_rate", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
        **_layers(hp),
        **_training(hp),
    }


def cnn_readings(hp: Any) -> dict[str, Any]:
    """The report's convolutional network with what the report does not say of its training, and uses elsewhere."""
    optimizer = hp.Choice("optimizer", ["sgd", "rmsprop", "adam"])
    with hp.conditional_scope("optimizer", ["sgd"]):
        plain_rate = hp.Float("sgd_learning_rate", 5e-3, 0.2, sampling="log", default=0.02)
        momentum = hp.Choice("momentum", [0.0, 0.9])
    with hp.conditional_scope("optimizer", ["rmsprop", "adam"]):
        adaptive_rate = hp.Float("learning_rate", 2e-4, 4e-3, sampling="log", default=1e-3)
    return {
        "model": "cnn",
        "optimizer": optimizer,
        "learning_rate": _rounded(plain_rate if optimizer == "sgd" else adaptive_rate),
        "momentum": momentum,
        "batch_size": hp.Choice("batch_size", [64, 128, 256, 512], default=512),
    }


def cnn_regularised(hp: Any) -> dict[str, Any]:
    """The same network with what helps it in few epochs: a finer search after published runs with flips and AdamW."""
    return {
        "model": "cnn",
        "batch_norm": hp.Boolean("batch_norm"),
        "dropout_rate": hp.Choice("dropout_rate", [0.2, 0.3, 0.4], default=0.3),
        "augmentation": hp.Choice("augmentation", ["flip", "flip+erasing"]),
        "optimizer": "adamw",
        "learning_rate": _rounded(hp.Float("learning_rate", 1e-3, 4e-3, sampling="log", default=2e-3)),
        "weight_decay": _rounded(hp.Float("weight_decay", 3e-3, 5e-2, sampling="log", default=1e-2)),
        "schedule": "cosine",
        "warmup_epochs": 1,
        "batch_size": hp.Choice("batch_size", [64, 128]),
        "label_smoothing": hp.Choice("label_smoothing", [0.05, 0.1]),
    }


def _layers(hp: Any) -> dict[str, Any]:
    return {
        "batch_norm": hp.Boolean("batch_norm"),
        "initializer": hp.Choice("initializer", ["pytorch_default", "random_normal", "xavier_normal", "he_uniform"]),
    }


def _training(hp: Any) -> dict[str, Any]:
    """Optimizer, rate, schedule, batches and loss. SGD's rates are of another size than the others'."""
    optimizer = hp.Choice("optimizer", ["sgd", "rmsprop", "adam", "adamw"])
    with hp.conditional_scope("optimizer", ["sgd"]):
        plain_rate = hp.Float("sgd_learning_rate", 3e-3, 0.3, sampling="log", default=0.02)
        momentum = hp.Choice("momentum", [0.0, 0.9])
    with hp.conditional_scope("optimizer", ["rmsprop", "adam", "adamw"]):
        adaptive_rate = hp.Float("learning_rate", 1e-4, 1e-2, sampling="log", default=1e-3)
    with hp.conditional_scope("optimizer", ["adamw"]):
        weight_decay = hp.Float("weight_decay", 1e-3, 1.0, sampling="log", default=1e-2)
    schedule = hp.Choice("schedule", ["constant", "cosine"])
    with hp.conditional_scope("schedule", ["cosine"]):
        warmup_epochs = hp.Choice("warmup_epochs", [0, 1, 2, 5])
    return {
        "optimizer": optimizer,
        "learning_rate": _rounded(plain_rate if optimizer == "sgd" else adaptive_rate),
        "momentum": momentum,
        "weight_decay": _rounded(weight_decay),
        "schedule": schedule,
        "warmup_epochs": warmup_epochs,
        "batch_size": hp.Choice("batch_size", [128, 256, 512, 1024], default=512),
        "label_smoothing": hp.Choice("label_smoothing", [0.0, 0.05, 0.1, 0.2]),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{NUM_DIGITS}g}")


SPACES: Mapping[str, Callable[[Any], Settings]] = {
    "fcn": fcn,
    "fcn_small": fcn_small,
    "fcn_regularised": fcn_regularised,
    "cnn": cnn,
    "cnn_readings": cnn_readings,
    "cnn_regularised": cnn_regularised,
}
DEFAULT_EPOCHS: Mapping[str, int] = {"fcn": 40, "fcn_small": 40, "fcn_regularised": 50} | dict.fromkeys(
    ("cnn", "cnn_readings", "cnn_regularised"), 10
)
"""Epochs of a trial where nothing is said; of a custom space, the base's."""
_LONGEST_WARMUP = 10  # what a space asks for may be more epochs than a short trial has


@dataclass(frozen=True)
class FunctionSpace:
    """A search space that is a function.

    Attributes:
        name: One of `SPACES`, or `module:function`.
        function: From HyperParameters to settings.
    """

    name: str
    function: Callable[[Any], Settings]

    @property
    def default_epochs(self) -> int:
        """Epochs of a trial where nothing is said."""
        return DEFAULT_EPOCHS.get(self.name, RunConfig().epochs)

    def settings(self, hp: Any) -> Settings:
        """Ask the function.

        Raises:
            SpaceError: It raises, or returns something else than settings: one line with the file and the line.
        """
        try:
            settings = self.function(hp)
        except (Exception, SystemExit) as error:
            reason = describe_error(error, Path.cwd())
            remedy = "the search has stopped (--debug shows the traceback)"
            raise SpaceError(f"the space {self.name} has an error: {reason}; {remedy}") from error
        if not isinstance(settings, Mapping | RunConfig):
            raise SpaceError(
                f"the space {self.name} ({_definition_of(self.function)}) must return a mapping of settings, such as "
                f"{{'dropout_rate': 0.1}}, or a RunConfig; it returned {settings!r}"
            )
        return settings

    def sets_epochs(self, hp: Any) -> bool:
        """Whether the function says how many epochs a trial has.

        Raises:
            SpaceError: It is wrong.
        """
        settings = self.settings(hp)
        return isinstance(settings, RunConfig) or settings.get("epochs") is not None

    def config(self, values: Any, base: RunConfig) -> RunConfig:
        """Return the configuration of keras-tuner's HyperParameters; the base has what the function does not set.

        Raises:
            SpaceError: The function is wrong, or no run can have its settings.
        """
        settings = self.settings(values)
        if isinstance(settings, RunConfig):
            return settings
        changes = {name: value for name, value in settings.items() if value is not None}
        try:
            config = replace(base, epochs=max(base.epochs, _LONGEST_WARMUP)).with_changes(**changes)
            return config if "epochs" in changes else config.with_epochs(base.epochs)
        except (ConfigError, TypeError) as error:
            raise SpaceError(
                f"the space {self.name} ({_definition_of(self.function)}) returned settings that no run can have: "
                f"{error}; the search has stopped"
            ) from error


def load_space(name: str) -> FunctionSpace:
    """Return the space of a name, `module:function` from the current directory or the module path.

    Raises:
        SpaceError: There is none, or its module cannot be imported.
    """
    if name in SPACES:
        return FunctionSpace(name, SPACES[name])
    if not is_custom_name(name):
        raise SpaceError(f"a space is module:function or {suggest(name, SPACES)}")
    # The console command, unlike `python -m`, does not look in the current directory.
    add_folders([str(Path.cwd())])
    try:
        found = find_function("space", name)
        import_tensorflow()  # quietly: its module may import it with all that it says
        return FunctionSpace(name, import_function(found))
    except (Exception, SystemExit) as error:
        raise SpaceError(f"the space {name} cannot be used: {describe_error(error)}") from error


def _definition_of(function: Callable[..., Any]) -> str:
    code = getattr(function, "__code__", None)
    return f"{code.co_filename}, line {code.co_firstlineno}" if code else repr(function)


def describe_value(value: Any) -> str:
    """Return a hyperparameter's value for people."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def describe_values(values: Mapping[str, Any]) -> str:
    """Return the hyperparameters' values for people."""
    return ", ".join(f"{name} {describe_value(value)}" for name, value in values.items())
