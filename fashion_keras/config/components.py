"""Components of a configuration: a name and its options, for the model, optimizer, schedule, loss, augmentation and
initializer.

A component becomes a Keras object only inside the run: an optimizer belongs to one model, and an initializer instance
with a fixed seed would repeat itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

from fashion_keras.config.catalogue import (
    AUGMENTATIONS,
    INITIALIZERS,
    LOSSES,
    MODELS,
    OPTIMIZERS,
    REQUIRED,
    SCHEDULES,
    UNKNOWN,
    Option,
    Signature,
    suggest,
)
from fashion_keras.config.custom_code import find_function, is_custom_name, load_function
from fashion_keras.config.keras_classes import class_names, default_rate, is_keras_name, keras_signature
from fashion_keras.config.values import check_plain, to_hashable, to_plain
from fashion_keras.errors import ConfigError

__all__ = [
    "COMPONENT_KINDS", "SOURCE", "Component", "find_signature", "load_custom", "option_values", "resolve_component",
    "stored_values", "to_component",
]  # fmt: skip

SOURCE = "@source"
"""The option of a custom function that holds its source's hash: no keyword can have that name."""

COMPONENT_KINDS = ("model", "optimizer", "schedule", "loss", "augmentation")
"""The settings of a run of Keras that are components; a custom one has a trainer alone."""

_CATALOGUES: dict[str, Mapping[str, Mapping[str, Option]]] = {
    "model": MODELS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "loss": LOSSES,
    "augmentation": AUGMENTATIONS,
    "initializer": INITIALIZERS,
}
_CUSTOM_KINDS = ("model", "optimizer", "loss")
"""Of those with a catalogue, what may be a custom function, too."""


@dataclass(frozen=True)
class Component:
    """A name and its options, as plain values.

    Args:
        name: A name of the component's catalogue, such as `"sgd"`; a class of Keras, such as `"Nadam"`; or a custom
            function, such as `"my_network:build"`.
        options: Sorted pairs of option and value; `Component.of` builds them from keywords.
        checked_as: The kind that `resolve_component` has checked it as; empty where it has not.
    """

    name: str
    options: tuple[tuple[str, Any], ...] = ()
    checked_as: str = field(default="", compare=False, repr=False)

    @classmethod
    def of(cls, name: str, **options: Any) -> Self:
        """Build a component from keywords, such as `Component.of("sgd", learning_rate=0.02)`."""
        return cls(name, tuple(sorted((key, to_hashable(value)) for key, value in options.items())))

    @classmethod
    def from_json(cls, value: str | Mapping[str, Any]) -> Self:
        """Build a component from a bare name or a mapping with the key `name`."""
        return cls(value) if isinstance(value, str) else cls.of(**value)

    def as_dict(self) -> dict[str, Any]:
        """The options that were given, without their defaults."""
        return dict(self.options)

    def to_json(self) -> str | dict[str, Any]:
        """The plain form that `from_json` reads: a bare name where there are no options."""
        options = {
            key: value.to_json() if isinstance(value, Component) else to_plain(value) for key, value in self.options
        }
        return {"name": self.name, **options} if options else self.name

    def plain_options(self, sequence: type = tuple) -> dict[str, Any]:
        """The options that were given, as arguments: sequences as `sequence`, mappings as `dict`."""
        return {key: to_plain(value, sequence) for key, value in self.options if key != SOURCE}

    def with_options(self, **options: Any) -> "Component":
        """Return a component with some options added or replaced; a custom function is looked up anew then."""
        kept = {key: value for key, value in self.options if key != SOURCE}
        return Component.of(self.name, **{**kept, **options}) if options else self

    @property
    def source(self) -> str:
        """The hash of a custom function's source; empty of other components."""
        return self.as_dict().get(SOURCE, "")

    @property
    def is_custom(self) -> bool:
        """Whether it, or a component within it, is a class of Keras or a custom function."""
        inner = any(isinstance(value, Component) and value.is_custom for _, value in self.options)
        return inner or is_custom_name(self.name) or is_keras_name(self.name)


def resolve_component(kind: str, value: Any, is_stored: bool = False) -> Component:
    """Check a component and drop the options that equal their defaults.

    A custom function gets its source's hash. One that has it already was checked where it got it, maybe elsewhere;
    whether the source is still the same, the run finds out.

    Args:
        kind: `"model"`, `"optimizer"`, `"schedule"`, `"loss"`, `"augmentation"`, `"initializer"`, `"callbacks"` or
            `"trainer"`.
        value: A `Component`, a name, or a mapping with the key `name`.
        is_stored: It was checked when it was stored: a class of Keras is taken as it is, for no more than that would
            import Keras.

    Raises:
        ConfigError: The name or an option is unknown, one is missing, or a value is out of range.
    """
    component = to_component(kind, value)
    if component.checked_as == kind:
        return component
    if SOURCE in component.as_dict() or (is_stored and is_keras_name(component.name)):
        options = {name: check_plain(name, given) for name, given in component.options}
    else:
        options = _check_options(kind, component, is_stored)
    return Component(component.name, tuple(sorted(options.items())), checked_as=kind)


def _check_options(kind: str, component: Component, is_stored: bool) -> dict[str, Any]:
    """Return the checked options that differ from their defaults, and the source's hash."""
    signature = find_signature(kind, component.name)
    kept = {}
    for name, given in component.options:
        option = signature.options.get(name) or (Option(UNKNOWN, object) if signature.is_open else None)
        if option is None:
            raise ConfigError(f"{kind} {component.name!r} takes as an option {suggest(name, signature.options)}")
        if option.component:
            checked: Any = resolve_component(option.component, given, is_stored)
        else:
            checked = option.check(name, to_hashable(given))
            if kind == "trainer":
                _check_type(name, option.default, checked)
        if not _is_default(option, checked):
            kept[name] = checked
    for name, option in signature.options.items():
        if option.default is REQUIRED and name not in kept:
            raise ConfigError(f"{kind} {component.name!r} needs the option {name}")
    return kept | ({SOURCE: signature.source} if signature.source else {})


def find_signature(kind: str, name: str) -> Signature:
    """Return what a component takes: of the catalogue, of Keras, or a custom function.

    Raises:
        ConfigError: There is no such component.
    """
    if kind not in _CATALOGUES or (kind in _CUSTOM_KINDS and is_custom_name(name)):
        signature = find_function(kind, name).signature
        if kind == "optimizer" and "learning_rate" not in signature.options:
            raise ConfigError(f"{name} must take a learning_rate, a number or the run's schedule")
        return signature
    catalogue = _CATALOGUES[kind]
    if kind == "augmentation":
        return _signature_of_parts(name)
    if name in catalogue:
        return Signature(catalogue[name])
    if is_keras_name(name) and kind != "model":
        return keras_signature(kind, name)
    custom = f"; a custom {kind} is module:function" if kind in _CUSTOM_KINDS else ""
    raise ConfigError(f"{kind} must be {suggest(name, catalogue, also=class_names(kind))}{custom}")


def _signature_of_parts(name: str) -> Signature:
    parts = [] if name == "none" else name.split("+")
    for part in parts:
        if part not in AUGMENTATIONS or parts.count(part) > 1:
            also = "none, or several once each, such as flip+shift"
            raise ConfigError(f"augmentation must be {also}: {suggest(part, AUGMENTATIONS)}")
    return Signature({option: value for part in parts for option, value in AUGMENTATIONS[part].items()})


def load_custom(kind: str, component: Component, seed: int = 0) -> Callable[..., Any]:
    """Import a custom function; it is returned with its options, and with the seed where it takes one.

    Args:
        kind, component: What it stands for, and its name and options.
        seed: The run's.

    Raises:
        ConfigError: Its source has changed, or its import fails; what it raises itself is one, too.
    """
    custom, function = load_function(kind, component.name, component.source)
    return partial(function, **component.plain_options(), **({"seed": seed} if custom.takes_seed else {}))


def option_values(kind: str, component: Component) -> dict[str, Any]:
    """All options of a component, defaults included where they are known; nested components stay `Component`s."""
    declared = find_signature(kind, component.name).options
    defaults = {name: _default_of(option) for name, option in declared.items()}
    known = {name: value for name, value in defaults.items() if value is not REQUIRED and value is not UNKNOWN}
    return {**known, **component.as_dict()}


def stored_values(kind: str, component: Component) -> dict[str, Any]:
    """Like `option_values`, of what is not the package's own the options given; and the rates of Keras."""
    if component.source:
        return component.as_dict()
    if not is_keras_name(component.name):
        return option_values(kind, component)
    rate = {"learning_rate": default_rate(component.name)} if kind == "optimizer" else {}
    return {**rate, **component.as_dict()}


def to_component(kind: str, value: Any) -> Component:
    """Return a component for a name or a mapping, unchecked.

    Raises:
        ConfigError: It is neither.
    """
    if isinstance(value, Component):
        return value
    if not isinstance(value, str) and not (isinstance(value, Mapping) and "name" in value):
        given = f"{value!r}" + "; code of your own is named, as 'module:function' of a file" * callable(value)
        raise ConfigError(f"{kind} must be a name, or a mapping of `name` and options, got {given}")
    component = Component.from_json(value)
    if not isinstance(component.name, str):
        raise ConfigError(f"{kind} must have a name that is text, got {component.name!r}")
    return component


def _check_type(name: str, default: Any, value: Any) -> None:
    """Check that a value is of its default's type, where that says one: whole numbers and others are of one."""
    for types, text in (((bool,), "True or False"), ((int, float), "a number"), ((str,), "text")):
        if type(default) in types and value is not None and type(value) not in types:
            raise ConfigError(f"{name} must be {text}, as its default {default!r} is; got {value!r}")


def _default_of(option: Option) -> Any:
    return Component(option.default) if option.component else option.default


def _is_default(option: Option, value: Any) -> bool:
    """Whether a checked value changes nothing; of what any value may be, True is not taken for 1."""
    if option.kind is object:
        return bool(value == option.default) and repr(value) == repr(option.default)
    return bool(value == _default_of(option))
