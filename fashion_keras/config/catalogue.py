"""Catalogue of components: the named models, optimizers, schedules, losses, augmentations and initializers.

Data only, no Keras: a misspelt name or a rate out of range fails before anything is loaded. The classes behind the
names are resolved in `models`, `initializers` and `training`.
"""

import difflib
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

from fashion_keras.config.values import check_plain
from fashion_keras.errors import ConfigError

__all__ = [
    "AUGMENTATIONS", "INITIALIZERS", "LOSSES", "MODELS", "OPTIMIZERS", "REQUIRED", "SCHEDULES", "UNKNOWN", "Option",
    "Signature", "suggest", "suggesting",
]  # fmt: skip

_Arguments = ParamSpec("_Arguments")
_Returned = TypeVar("_Returned")

REQUIRED: Any = object()
"""The default of an option that must be given."""

UNKNOWN: Any = object()
"""The default of an option that its source computes: no value equals it."""


@dataclass(frozen=True)
class Option:
    """One option: its default and the values that it takes.

    Args:
        default: The value where none is given.
        kind: `float`, `int`, `bool`, `tuple` for a sequence of positive whole numbers, or `object` for whatever JSON
            can say.
        low, high: The range, `low` included where `low_included`, `high` never.
        hint: Ends the error message.
        choices: What it is one of, for an option that is a word.
        component: The catalogue that the value is a name of, for an option that is a component itself.
    """

    default: Any
    kind: type = float
    low: float = -math.inf
    high: float = math.inf
    low_included: bool = True
    hint: str = ""
    choices: tuple[str, ...] = ()
    component: str = ""

    def check(self, name: str, value: Any) -> Any:
        """Return the value, whole numbers turned to floats where a float is meant.

        Raises:
            ConfigError: The value is of another kind or out of range.
        """
        if value is None and self.default is None:
            return None
        if self.choices:
            if value not in self.choices:
                raise ConfigError(f"{name} must be {suggest(value, self.choices)}")
            return value
        if self.kind is object:
            plain = check_plain(name, value)
            return float(plain) if type(plain) is int and type(self.default) is float else plain
        if self.kind is tuple:
            return self._check_counts(name, value)
        if self.kind is bool:
            if not isinstance(value, bool):
                raise ConfigError(f"{name} must be True or False, got {value!r}")
            return value
        numeric = int if self.kind is int else (int, float)
        if isinstance(value, bool) or not isinstance(value, numeric) or not self._in_range(value):
            raise ConfigError(f"{name} must be {self._range_text()}, got {value!r}{self._ending()}")
        return self.kind(value)

    def _ending(self) -> str:
        return f"; {self.hint}" if self.hint else ""

    def _in_range(self, value: float) -> bool:
        above = value >= self.low if self.low_included else value > self.low
        return above and -math.inf < value < self.high

    def _range_text(self) -> str:
        noun = "a whole number" if self.kind is int else "a number"
        if self.high == math.inf:
            return f"{noun} {'of at least' if self.low_included else 'above'} {self.low:g}"
        return f"in {'[' if self.low_included else '('}{self.low:g}, {self.high:g})"

    def _check_counts(self, name: str, value: Any) -> tuple[int, ...]:
        items = value if isinstance(value, tuple) else (value,)
        if any(isinstance(item, bool) or not isinstance(item, int) or item < self.low for item in items):
            raise ConfigError(f"{name} must be whole numbers of at least {self.low:g}, got {value!r}{self._ending()}")
        return items


@dataclass(frozen=True)
class Signature:
    """What can be said of a component.

    Attributes:
        options: From name to option.
        is_open: Whether it takes options of any name besides.
        source: SHA-256 of the code that it stands for, where that is not the package's nor Keras's own; else empty.
    """

    options: Mapping[str, Option]
    is_open: bool = False
    source: str = ""


def suggest(given: Any, allowed: Collection[str], also: Collection[str] = ()) -> str:
    """End an error message: what is allowed, what arrived, and the nearest name where one is near.

    Args:
        given: What arrived.
        allowed: What is listed.
        also: What is allowed too and too much to list.
    """
    text, known = str(given), [*allowed, *also]
    same = [name for name in known if name.lower() == text.lower()]
    short = [name for name in known if "_" in name and text == "".join(word[0] for word in name.split("_") if word)]
    near = same or short or difflib.get_close_matches(text, known, cutoff=0.5)
    # Of those that are near, the first that begins alike: "cn" is rather cnn than fcn.
    nearest = next((name for name in near if name[:1] == text[:1]), near[0] if near else None)
    return f"one of {', '.join(sorted(allowed))}; got {given!r}" + (f" (did you mean {nearest!r}?)" if nearest else "")


def suggesting(function: Callable[_Arguments, _Returned]) -> Callable[_Arguments, _Returned]:
    """Make a public function answer an argument that it has not with the nearest that it has, in one line."""
    known = [name for name in signature(function).parameters if name != "self"]

    @wraps(function)
    def call(*values: _Arguments.args, **named: _Arguments.kwargs) -> _Returned:
        for name in named:
            if name not in known:
                raise ConfigError(f"an argument of {function.__name__}() is {suggest(name, known)}")
        return function(*values, **named)

    return call


_DROPOUT_RATE = Option(0.0, low=0, high=1, hint="0.3 drops 30 % of the units")


def _moment(default: float) -> Option:
    return Option(default, low=0, high=1)


_HIDDEN = {
    "dropout_rate": _DROPOUT_RATE,
    "batch_norm": Option(False, bool),
    "initializer": Option("pytorch_default", component="initializer"),
}

_EPSILON = Option(1e-8, low=0, low_included=False)

INITIALIZERS: Mapping[str, Mapping[str, Option]] = {
    "pytorch_default": {},
    # The report says "small random values"; 0.05 comes closest to its result and was chosen for that.
    "random_normal": {"stddev": Option(0.05, low=0, low_included=False)},
    "xavier_normal": {},
    "he_uniform": {},
}

MODELS: Mapping[str, Mapping[str, Option]] = {
    "fcn": {"hidden_units": Option((300, 200), tuple, low=1), **_HIDDEN},
    "cnn": {
        "filters": Option((32, 64), tuple, low=1),
        "kernel_sizes": Option((5, 5), tuple, low=1),
        "pool_sizes": Option((2, 2), tuple, low=1, hint="1 leaves the pooling out"),
        "dense_units": Option((256, 128), tuple, low=1),
        **_HIDDEN,
    },
    "resnet": {
        "filters": Option((32, 48, 96), tuple, low=1, hint="those of the stem, then of each stage"),
        "dropout_rate": _DROPOUT_RATE,
        "initializer": Option("he_uniform", component="initializer"),
    },
}

# As Keras names them: clipped gradients (Pascanu et al. 2013), and a running mean of the weights (Polyak and Juditsky
# 1992), with which a run is evaluated and ends.
_ANY_OPTIMIZER: Mapping[str, Option] = {
    "learning_rate": Option(0.02, low=0, low_included=False),
    "clipnorm": Option(None, low=0, low_included=False),
    "global_clipnorm": Option(None, low=0, low_included=False),
    "use_ema": Option(False, bool),
    "ema_momentum": Option(0.99, low=0, high=1),
}

# PyTorch's constants, which the report ran with. Keras's RMSprop has epsilon inside the root, PyTorch's outside: 1e-16
# inside is 1e-8 outside. Keras's Adam adds epsilon before the correction of the bias, PyTorch's after it, which tells
# only for gradients as small as epsilon.
OPTIMIZERS: Mapping[str, Mapping[str, Option]] = {
    "sgd": {**_ANY_OPTIMIZER, "momentum": _moment(0.0), "nesterov": Option(False, bool)},
    "rmsprop": {
        **_ANY_OPTIMIZER,
        "rho": _moment(0.99),
        "momentum": _moment(0.0),
        "epsilon": Option(1e-16, low=0, low_included=False),
    },
    "adam": {**_ANY_OPTIMIZER, "beta_1": _moment(0.9), "beta_2": _moment(0.999), "epsilon": _EPSILON},
    "adamw": {
        **_ANY_OPTIMIZER,
        "weight_decay": Option(0.01, low=0),
        "beta_1": _moment(0.9),
        "beta_2": _moment(0.999),
        "epsilon": _EPSILON,
    },
}

SCHEDULES: Mapping[str, Mapping[str, Option]] = {"constant": {}, "cosine": {"warmup_epochs": Option(0, int, low=0)}}

LOSSES: Mapping[str, Mapping[str, Option]] = {"cross_entropy": {"label_smoothing": Option(0.0, low=0, high=1)}}

AUGMENTATIONS: Mapping[str, Mapping[str, Option]] = {
    "flip": {},
    "shift": {"max_shift": Option(0.1, low=0, high=1, hint="0.1 moves by up to a tenth of the side")},
    "crop": {"max_crop": Option(0.2, low=0, high=1, hint="0.2 leaves at least 80 % of the side")},
    "rotation": {"max_degrees": Option(15.0, low=0, high=180.1, hint="degrees, either way")},
    "erasing": {
        "erasing_rate": Option(0.5, low=0, high=1.001, hint="0.5 changes every other image"),
        "max_erased": Option(0.25, low=0.02, high=1, hint="0.25 blackens up to a quarter of an image"),
    },
    "mixup": {"mixup_alpha": Option(0.2, low=0, low_included=False)},
}
"""Joined by a plus sign they follow each other; `none` is no augmentation."""
