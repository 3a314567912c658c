"""Names of classes: from text labels and from labels.txt, one printable line each."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fashion_keras.errors import DataError
from fashion_keras.formatting import one_line

__all__ = ["MAX_CLASSES", "check_names", "number_names", "read_class_names"]

MAX_CLASSES = 256


def number_names(
    parts: Mapping[str, Sequence[str]], path: Path
) -> tuple[tuple[str, ...], tuple[NDArray[np.uint8], ...]]:
    """Number classes that are named by text.

    Args:
        parts: The class of each example, of the training set and then of other sets, by what people call them.
        path: Where they stand, for messages.

    Returns:
        The names in the order of the alphabet, and of each part each example's place in it, from 0.

    Raises:
        DataError: There are more than 256 classes, one has no name, two look the same, or another set has one that
            training lacks.
    """
    names = sorted(set(next(iter(parts.values()))))
    for part, found in parts.items():
        if unseen := sorted(set(found) - set(names)):
            raise DataError(f"{path}: the {part} set has the class {unseen[0]!r}, which does not occur in training")
    if len(names) > MAX_CLASSES:
        raise DataError(f"{path} has {len(names):,} classes; at most {MAX_CLASSES} are possible")
    if not names[0].strip():
        raise DataError(f"{path}: a class has no name")
    numbers = {name: number for number, name in enumerate(names)}
    ids = tuple(np.array([numbers[name] for name in part], np.uint8) for part in parts.values())
    return check_names([one_line(name) for name in names], path), ids


def check_names(names: Sequence[str], path: Path) -> tuple[str, ...]:
    """Return names that all differ.

    Raises:
        DataError: Two are the same, on one line and without what does not print.
    """
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f"{path} names two classes {repeated[0]!r}; the names must differ")
    return tuple(names)


def read_class_names(path: Path, default: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names in a labels.txt, UTF-8, one a line in the order of the labels; without the file, `default`.

    Raises:
        DataError: The file cannot be read, or has an empty line, a name twice, or more or fewer names than `default`.
    """
    try:
        if path.exists() and not path.is_file():  # a pipe or a device may never end
            raise DataError(f"{path} is not a regular file")
        with path.open("rb") as file:
            text = file.read(2**20).decode("utf-8-sig")
    except FileNotFoundError:
        return default
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text: {error.reason} at byte {error.start}; save it as UTF-8") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    names = [one_line(line) for line in text.rstrip().splitlines()]
    if len(names) != len(default):
        raise DataError(f"{path} names {len(names)} classes, one a line, but the labels have {len(default)}")
    if "" in names:
        raise DataError(f"{path}: line {names.index('') + 1} is empty; each line names a class")
    return check_names(names, path)
