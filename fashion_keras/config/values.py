"""Plain values of options: what JSON can say, in a form that can be hashed."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from fashion_keras.errors import ConfigError

__all__ = ["Accepts", "Settings", "check_plain", "to_hashable", "to_plain"]

_Given = TypeVar("_Given", contravariant=True)
_Kept = TypeVar("_Kept", covariant=True)


class Accepts(Generic[_Given, _Kept]):
    """Annotation of a field of a dataclass that is given as one type and is another after construction."""

    if TYPE_CHECKING:

        def __get__(self, instance: object, owner: type | None = None) -> _Kept: ...
        def __set__(self, instance: object, value: _Given) -> None: ...


@dataclass(frozen=True)
class Settings(Mapping[str, Any]):
    """A mapping that can be hashed, for an option that is one.

    Args:
        pairs: Sorted pairs of key and value.
    """

    pairs: tuple[tuple[str, Any], ...]

    def __getitem__(self, key: str) -> Any:
        return dict(self.pairs)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self.pairs))

    def __len__(self) -> int:
        return len(self.pairs)


def to_hashable(value: Any) -> Any:
    """Return a value with its lists as tuples and its mappings as `Settings`."""
    if isinstance(value, list | tuple):
        return tuple(to_hashable(item) for item in value)
    if isinstance(value, Mapping) and not isinstance(value, Settings):
        return Settings(
            tuple(sorted(((key, to_hashable(item)) for key, item in value.items()), key=lambda pair: str(pair[0])))
        )
    return value


def to_plain(value: Any, sequence: Callable[[list[Any]], Any] = list) -> Any:
    """Return a frozen value with its mappings as `dict` and its tuples as `sequence`."""
    if isinstance(value, tuple):
        return sequence([to_plain(item, sequence) for item in value])
    if isinstance(value, Settings):
        return {key: to_plain(item, sequence) for key, item in value.pairs}
    return value


def check_plain(name: str, value: Any) -> Any:
    """Return a value frozen, after checking that JSON can say it.

    Raises:
        ConfigError: It holds something else, such as an array, an object of Keras, or a number that is not finite.
    """
    frozen = to_hashable(value)
    if not _is_plain(frozen):
        raise ConfigError(
            f"{name} must be a plain value (a finite number, text, True, False, None, or lists and mappings of them), "
            f"got {value!r}"
        )
    return frozen


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(_is_plain(item) for item in value)
    if isinstance(value, Settings):
        return all(isinstance(key, str) and _is_plain(item) for key, item in value.pairs)
    # By their very types: NumPy's float64 is a float too, and its bool_ would fail later, in the JSON.
    if type(value) is float:
        return math.isfinite(value)
    return value is None or type(value) in (bool, int, str)
