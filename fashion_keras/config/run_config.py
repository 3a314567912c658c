"""Configuration of a run: frozen data that can be checked, hashed, stored and sent to another machine."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Self

from fashion_keras.config.catalogue import UNKNOWN, Option, Signature, suggest
from fashion_keras.config.components import (
    COMPONENT_KINDS,
    SOURCE,
    Component,
    find_signature,
    option_values,
    resolve_component,
    stored_values,
    to_component,
)
from fashion_keras.config.custom_code import is_custom_name
from fashion_keras.config.identity import identify, keras_versions
from fashion_keras.config.values import Accepts, Settings, to_plain
from fashion_keras.data.dataset import FASHION_MNIST_HASH
from fashion_keras.errors import ConfigError
from fashion_keras.formatting import shorten

__all__ = ["BFLOAT16_IS_EQUIVALENT", "DEVICES", "OF_EXPERIMENTS", "PRECISIONS", "TEST_EVALUATIONS", "RunConfig"]

DEVICES = ("cpu", "gpu")
KEEP_BEST = ("val_loss", "val_accuracy")
PRECISIONS = ("float32", "mixed_bfloat16")
TEST_EVALUATIONS = ("each_epoch", "never")

_Given = str | Mapping[str, Any] | Component

BFLOAT16_IS_EQUIVALENT = True
"""Whether both published comparisons, experiments/precision_fcn and precision_cnn, say so: a test holds it to them."""


@dataclass(frozen=True)
class RunConfig:
    """Everything that changes the numbers of one run.

    Args:
        model, optimizer, schedule, loss, augmentation: A `Component`, a name, or a mapping with the key
            `name`; the catalogues name the options.
        batch_size: Training examples a step; the last batch of an epoch may be smaller.
        epochs: Passes over the training split.
        validation_fraction: Share of the training part that is held out, in (0, 1); data with a validation part of its
            own is not split.
        stratify: Hold out the same share of each class.
        class_weight: What an example of each class counts in the training loss: numbers in the order of the classes,
            or `"balanced"`, the inverse of their frequency.
        keep_best: End with the weights of the epoch with the best `"val_loss"` or `"val_accuracy"`; None: the last one.
        patience: End after so many epochs without a better one, by `keep_best` or else by `"val_loss"`.
        callbacks: A custom function that returns callbacks of Keras, as `Component`.
        evaluate_test: `"each_epoch"`, or `"never"` where a choice is still to be made.
        precision: `"float32"` or `"mixed_bfloat16"`.
        train_examples: Use only so many examples of the training split; None uses all.
        threads: Threads of one run; the order of additions depends on it.
        device: `"cpu"`, or `"gpu"` for a card, on which equal runs need not give equal bits.
        data: Content hash of the data set.
        seed: Fixes split, batch order, initial weights, dropout and augmentation.
        trainer: A custom training function, `module:function`, which gets the seed and its options and does all the
            rest in any framework; only `threads`, `device`, `evaluate_test` and `seed` go beside it.

    Raises:
        ConfigError: On construction, where a name is unknown or a value out of range.
    """

    model: Accepts[_Given, Component] = field(default=Component("fcn"))  # type: ignore[arg-type]
    optimizer: Accepts[_Given, Component] = field(default=Component("sgd"))  # type: ignore[arg-type]
    schedule: Accepts[_Given, Component] = field(default=Component("constant"))  # type: ignore[arg-type]
    loss: Accepts[_Given, Component] = field(default=Component("cross_entropy"))  # type: ignore[arg-type]
    augmentation: Accepts[_Given, Component] = field(default=Component("none"))  # type: ignore[arg-type]
    batch_size: int = 512
    epochs: int = 50
    validation_fraction: float = 0.1
    stratify: bool = False
    class_weight: str | tuple[float, ...] | None = None
    keep_best: str | None = None
    patience: int | None = None
    callbacks: Accepts[_Given | None, Component | None] = None  # type: ignore[assignment]
    evaluate_test: str = "each_epoch"
    precision: str = "float32"
    train_examples: int | None = None
    threads: int = 1
    device: str = "cpu"
    data: str = FASHION_MNIST_HASH
    seed: int = 0
    trainer: Accepts[_Given | None, Component | None] = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        for kind in _kinds_of(vars(self)):
            given = getattr(self, kind)
            component = resolve_component(kind, given)
            if component is not given:
                _check_names(kind, component)
                object.__setattr__(self, kind, component)
        for name, option in _SETTINGS.items():
            if (value := getattr(self, name)) is not option.default:
                object.__setattr__(self, name, option.check(name, value))
        object.__setattr__(self, "class_weight", _check_weights(self.class_weight))
        if not isinstance(self.data, str):
            raise ConfigError(f"data must be the content hash of a data set, got {self.data!r}")
        self._check_lengths()
        self._check_optimizer()
        self._check_trainer()

    def _check_lengths(self) -> None:
        """Check what only two settings together can get wrong, before any worker meets it."""
        warmup = self.schedule.as_dict().get("warmup_epochs", 0)
        if warmup >= self.epochs:
            raise ConfigError(f"warmup_epochs must be below the {self.epochs} epochs of the run, got {warmup}")
        if self.model.name != "cnn":
            return
        options = option_values("model", self.model)
        lengths = {name: len(options[name]) for name in ("filters", "kernel_sizes", "pool_sizes")}
        if len(set(lengths.values())) > 1:
            text = ", ".join(f"{count} {name}" for name, count in lengths.items())
            raise ConfigError(f"filters, kernel_sizes and pool_sizes need one value per convolution, got {text}")

    def _check_optimizer(self) -> None:
        given = self.optimizer.as_dict()
        clips = [name for name in ("clipnorm", "global_clipnorm", "clipvalue") if given.get(name) is not None]
        if len(clips) > 1:
            raise ConfigError(f"{' and '.join(clips)} exclude each other: gradients are clipped once")

    def _check_trainer(self) -> None:
        """Check that nothing is set beside a trainer that it would never hear of."""
        if self.trainer is None:
            return
        names = [each.name for each in fields(self) if getattr(self, each.name) != each.default]
        if lost := sorted(set(names) - _TRAINER_SETTINGS):
            raise ConfigError(f"{lost[0]} is a setting of Keras's runs, not of {self.trainer.name}")

    @property
    def components(self) -> dict[str, Component]:
        """What a run is made of, by kind: the trainer alone where there is one."""
        if self.trainer is not None:
            return {"trainer": self.trainer}
        return {kind: getattr(self, kind) for kind in _kinds_of(vars(self))}

    def with_changes(self, **changes: Any) -> Self:
        """Return a copy that differs in the named settings.

        A name is a field of the configuration, or an option of the model or the optimizer (`dropout_rate=0.1`,
        `learning_rate=0.05`). A new model or optimizer starts from its own defaults: settings that were chosen for
        another one are not carried over.

        Raises:
            ConfigError: A name is unknown, a value is out of range, or a new optimizer comes without a learning rate.
        """
        is_trainer = "trainer" in changes or self.trainer is not None
        settings = _TRAINER_SETTINGS if is_trainer else _FIELD_NAMES
        own = {name: changes.pop(name) for name in list(changes) if name in settings}
        if "optimizer" in own and "learning_rate" not in changes:
            optimizer = to_component("optimizer", own["optimizer"])
            if "learning_rate" not in optimizer.as_dict():
                raise ConfigError(
                    f"optimizer={optimizer.name!r} needs a learning_rate beside it: the rate of another optimizer "
                    "would not suit it"
                )
        kinds = ("trainer",) if is_trainer else _kinds_of({**vars(self), **own})
        parts = {kind: to_component(kind, own.pop(kind, getattr(self, kind))) for kind in kinds}
        options: dict[str, dict[str, Any]] = {kind: {} for kind in kinds}
        for name, value in changes.items():
            options[_owner_of(name, parts, settings)][name] = value
        components = {kind: part.with_options(**options[kind]) for kind, part in parts.items()}
        changed: dict[str, Any] = {**own, **components}
        return replace(self, **changed)

    def with_epochs(self, epochs: int) -> Self:
        """Return a copy with another number of epochs, and the same share of them for the warm-up.

        Raises:
            ConfigError: The configuration cannot have so few, or its trainer has no such option.
        """
        if self.trainer is not None:
            return self.with_changes(epochs=epochs)
        warmup = self.schedule.as_dict().get("warmup_epochs", 0)
        if not warmup:
            return replace(self, epochs=epochs)
        shorter = self.schedule.with_options(warmup_epochs=warmup * epochs // self.epochs)
        return replace(self, epochs=epochs, schedule=shorter)

    def to_json(self) -> dict[str, Any]:
        """The settings that differ from their defaults, as plain values; `from_json` reads them."""
        values = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if value != item.default:
                values[item.name] = value.to_json() if isinstance(value, Component) else to_plain(value)
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote.

        Raises:
            ConfigError: A setting is unknown.
        """
        unknown = set(values) - _FIELD_NAMES
        if unknown:
            raise ConfigError(f"a setting is {suggest(min(unknown), _FIELD_NAMES)}")
        kinds = [kind for kind in (*_kinds_of(values), "trainer") if kind in values]
        stored = {kind: resolve_component(kind, values[kind], is_stored=True) for kind in kinds}
        return cls(**{**values, **stored})

    @cached_property
    def run_id(self) -> str:
        """SHA-256, in hexadecimal, of everything that changes the numbers, see `identify`."""
        return identify(self.to_json(), keras_versions() if self.trainer is None else {})

    @cached_property
    def label(self) -> str:
        """A name for people: model, optimizer, rate and what else differs, such as `fcn-sgd-0.02-dropout_rate=0.1`."""
        return shorten(self._whole_label, _LABEL_WIDTH)

    @cached_property
    def _whole_label(self) -> str:
        left_out = {SOURCE}
        if self.trainer is not None:
            parts = [self.trainer.name]
        else:
            rate = stored_values("optimizer", self.optimizer).get("learning_rate")
            parts = [self.model.name, self.optimizer.name, *([f"{rate:g}"] if rate is not None else [])]
            left_out.add("learning_rate")
        for component in self.components.values():
            parts += [_describe(key, value) for key, value in component.options if key not in left_out]
        parts += [self.augmentation.name] if self.augmentation.name != "none" else []
        parts += [f"batch{self.batch_size}"] if self.batch_size != 512 else []
        parts += [f"{self.epochs}epochs"] if self.epochs != 50 else []
        parts += [f"{self.train_examples}examples"] if self.train_examples is not None else []
        parts += ["bf16"] if self.precision == "mixed_bfloat16" else []
        parts += ["gpu"] if self.device == "gpu" else []
        more = {name: getattr(self, name) for name in ("stratify", "class_weight", "keep_best", "patience")}
        parts += [_describe(name, value) for name, value in more.items() if value]
        text = "-".join(parts)
        return "".join(char if char.isalnum() or char in "-_.=" else "_" for char in text)

    @property
    def setting_names(self) -> frozenset[str]:
        """What `with_changes` takes: the settings of a run and the options of its parts, but for those of any name."""
        return _FIELD_NAMES.union(*(_signature_of(*part).options for part in self.components.items()))

    @property
    def has_custom_parts(self) -> bool:
        """Whether a class of Keras or a custom function is part of it: only a trial shows that it works."""
        return any(component.is_custom for component in self.components.values())

    @property
    def folder(self) -> str:
        """The run's folder in the store: the label, the seed and twelve digits of the run id."""
        return f"{self._whole_label[:_LABEL_WIDTH]}__s{self.seed}__{self.run_id[:12]}"


_LIMITS: Mapping[str, Mapping[str, Any]] = {
    **{name: {"kind": int, "low": 1} for name in ("batch_size", "epochs", "train_examples", "patience", "threads")},
    "seed": {"kind": int, "low": 0},
    "validation_fraction": {"low": 0, "high": 1, "low_included": False},
    "stratify": {"kind": bool},
    "keep_best": {"choices": KEEP_BEST},
    "precision": {"choices": PRECISIONS},
    "device": {"choices": DEVICES},
    "evaluate_test": {"choices": TEST_EVALUATIONS},
}
_SETTINGS = {
    item.name: Option(item.default, **_LIMITS[item.name]) for item in fields(RunConfig) if item.name in _LIMITS
}
_FIELD_NAMES = frozenset(item.name for item in fields(RunConfig))
_TRAINER_SETTINGS = frozenset(("trainer", "threads", "device", "evaluate_test", "seed"))
_RESERVED = frozenset(("name", "cls"))
OF_EXPERIMENTS = (
    "arms", "baseline", "dataset", "factors", "image_size", "level", "margin", "metric", "metrics", "score_share",
    "title",
)  # fmt: skip
"""Settings of an `Experiment` that people look for in its arms."""
_LABEL_WIDTH = 100


def _kinds_of(values: Mapping[str, Any]) -> tuple[str, ...]:
    optional = [kind for kind in ("callbacks", "trainer") if values.get(kind) is not None]
    return (*COMPONENT_KINDS, *optional)


def _check_names(kind: str, component: Component) -> None:
    """Check that a custom function's options can be told from the settings of the run."""
    if not is_custom_name(component.name):
        return
    settings = _TRAINER_SETTINGS if kind == "trainer" else _FIELD_NAMES
    if taken := sorted((settings | _RESERVED) & set(_signature_of(kind, component).options)):
        raise ConfigError(
            f"{component.name} takes an option {taken[0]!r}, which is a setting of the run; call it otherwise"
        )


def _owner_of(option: str, parts: Mapping[str, Component], settings: Collection[str]) -> str:
    """Return the kind of the one component that an option belongs to."""
    signatures = {kind: _signature_of(kind, part) for kind, part in parts.items()}
    owners = [kind for kind, signature in signatures.items() if option in signature.options]
    if len(owners) > 1:
        of = " and of the ".join(owners)
        raise ConfigError(
            f"{option} is an option of the {of}; say of which, such as {owners[0]}="
            f"{{'name': {parts[owners[0]].name!r}, {option!r}: ...}}"
        )
    if not owners and option not in _RESERVED:
        owners = [kind for kind, signature in signatures.items() if signature.is_open]
    if not owners and option in OF_EXPERIMENTS:
        raise ConfigError(f"{option} is of a whole comparison, not of one arm: Experiment(..., {option}=...)")
    if not owners:
        names = set(settings).union(*(signature.options for signature in signatures.values()))
        raise ConfigError(f"a setting is {suggest(option, names, also=OF_EXPERIMENTS)}")
    return owners[0]


def _signature_of(kind: str, component: Component) -> Signature:
    """The signature of a component; of a custom function whose file is elsewhere, the options that it was given."""
    given = component.as_dict()
    try:
        return find_signature(kind, component.name)
    except ConfigError:
        if SOURCE not in given:
            raise
        return Signature({name: Option(UNKNOWN, object) for name in given if name != SOURCE})


def _describe(key: str, value: Any) -> str:
    if isinstance(value, Component):
        return value.name
    if value is True:
        return key
    if isinstance(value, Settings):
        return key
    if isinstance(value, tuple):
        return f"{key}=" + "x".join(str(item) for item in value)
    return f"{key}={value:g}" if isinstance(value, float) else f"{key}={value}"


def _check_weights(value: Any) -> Any:
    """Return class weights as a tuple of numbers, or as they are."""
    if value is None or value == "balanced":
        return value
    weights = value if isinstance(value, tuple | list) else ()
    if len(weights) < 2 or any(type(weight) not in (int, float) or not 0 < weight < math.inf for weight in weights):
        raise ConfigError(f"class_weight must be 'balanced', or a number above 0 for each class, got {value!r}")
    return tuple(map(float, weights))
