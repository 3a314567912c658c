"""A data set in an .npz file with x_train, y_train, x_test and y_test, read as if it could be damaged or hostile.

The arrays' headers are read first and bound all that follows; nothing pickled is read, for a pickle is a program.
"""

import math
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fashion_keras.data import idx
from fashion_keras.errors import DataError

KEYS = ("x_train", "y_train", "x_test", "y_test")
MAX_CLASSES = 256


@dataclass(frozen=True)
class _Header:
    """What an array's header says: its values, and the bytes that the header itself takes."""

    shape: tuple[int, ...]
    is_fortran: bool
    dtype: np.dtype[Any]
    num_bytes: int


def read_npz(path: Path) -> tuple[list[idx.IdxFile], tuple[str, ...] | None]:
    """Return the four arrays as the four files of an IDX data set, and the names of the classes where labels are text.

    Equal arrays are thus one data set with one hash, whichever file they come from.

    Raises:
        DataError: It cannot be read or lacks an array; images are not uint8 [N, H, W] or [N, H, W, C]; labels are
            neither whole numbers nor text; or the arrays do not fit together.
    """
    with _clear_errors(path), zipfile.ZipFile(path) as archive:
        headers = {key: _read_header(archive, key, path) for key in KEYS}
        for key in KEYS:
            (_check_images if key.startswith("x") else _check_labels)(key, headers[key], path)
        shapes = [_flat(headers[key].shape) if key.startswith("y") else headers[key].shape for key in KEYS]
        idx.check_shapes(shapes, path, KEYS, ("train", "test"))
        arrays = {key: _read_array(archive, key, headers[key]) for key in KEYS}
    labels = [arrays[key].reshape(-1) for key in ("y_train", "y_test")]
    y_train, y_test, names = _number_classes(labels[0], labels[1], path)
    return [idx.make_file(array) for array in (arrays["x_train"], y_train, arrays["x_test"], y_test)], names


@contextmanager
def _clear_errors(path: Path) -> Iterator[None]:
    """Turn what a damaged archive raises into one line."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError) as error:
        raise DataError(f"{path} is no .npz file, or is damaged: {str(error) or type(error).__name__}") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error


def _read_header(archive: zipfile.ZipFile, key: str, path: Path) -> _Header:
    names = archive.namelist()
    if f"{key}.npy" not in names:
        has = ", ".join(name.removesuffix(".npy") for name in names[:6]) or "nothing"
        raise DataError(f"{path} has no array {key}; it has {has}, and {', '.join(KEYS)} are expected")
    with archive.open(f"{key}.npy") as stream:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, is_fortran, dtype = read(stream)
        header = _Header(tuple(map(int, shape)), is_fortran, dtype, stream.tell())
    if dtype.hasobject:
        raise DataError(f"{path}: {key} holds Python objects, which are not read; save it as numbers or as text")
    num_bytes = math.prod(header.shape) * dtype.itemsize
    if header.num_bytes + num_bytes != archive.getinfo(f"{key}.npy").file_size or num_bytes > idx.MAX_BYTES:
        raise DataError(f"{path}: {key} says that it has {num_bytes:,} bytes, which the file has not, or are too many")
    if not num_bytes:
        raise DataError(f"{path}: {key} is empty")
    return header


def _check_images(key: str, header: _Header, path: Path) -> None:
    if header.dtype == np.uint8:
        return
    remedies = {
        "f": f"np.rint({key} * 255).astype(np.uint8) makes them of values from 0 to 1",
        "b": f"{key}.astype(np.uint8) * 255 makes them",
    }
    remedy = remedies.get(header.dtype.kind, f"where all values are 0 to 255, {key}.astype(np.uint8) makes them")
    raise DataError(f"{path}: {key} is {header.dtype}; pixels must be uint8, 0 to 255; {remedy}")


def _check_labels(key: str, header: _Header, path: Path) -> None:
    if header.dtype.kind not in "iuUS":
        raise DataError(
            f"{path}: {key} is {header.dtype}; labels must be whole numbers or text; {key}.astype(np.int64) makes "
            "numbers of them"
        )
    if len(_flat(header.shape)) == 2:
        raise DataError(
            f"{path}: {key} is {idx.by(header.shape)}; of one-hot labels, np.argmax({key}, axis=1) makes ids"
        )


def _flat(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of labels; a column [N, 1], as Keras's CIFAR has it, is one label an image."""
    return shape[:1] if len(shape) == 2 and shape[1] == 1 else shape


def _read_array(archive: zipfile.ZipFile, key: str, header: _Header) -> NDArray[Any]:
    content = bytearray()
    expected = math.prod(header.shape) * header.dtype.itemsize
    with archive.open(f"{key}.npy") as stream:
        stream.read(header.num_bytes)
        idx.read_up_to(stream, content, expected)
    if len(content) != expected:
        raise EOFError(f"{key} ends after {len(content):,} of {expected:,} bytes")
    array = np.frombuffer(content, header.dtype)
    return array.reshape(header.shape, order="F" if header.is_fortran else "C")


def _number_classes(
    train: NDArray[Any], test: NDArray[Any], path: Path
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], tuple[str, ...] | None]:
    """Return the labels as uint8; text in the order of the alphabet, with its names."""
    is_text = [labels.dtype.kind in "US" for labels in (train, test)]
    if is_text == [False, False]:
        for key, labels in (("y_train", train), ("y_test", test)):
            if labels.min() < 0 or labels.max() >= MAX_CLASSES:
                raise DataError(f"{path}: {key} goes from {labels.min()} to {labels.max()}; labels must be 0 to 255")
        return train.astype(np.uint8), test.astype(np.uint8), None
    if is_text != [True, True]:
        raise DataError(f"{path}: y_train is {train.dtype} and y_test {test.dtype}; both must be numbers, or text")
    names, (train_ids, test_ids) = number_names(_text(train).tolist(), _text(test).tolist(), path)
    return train_ids, test_ids, names


def _text(labels: NDArray[Any]) -> NDArray[np.str_]:
    return np.char.decode(labels, "utf-8") if labels.dtype.kind == "S" else labels


def number_names(
    train: list[str], test: list[str], path: Path
) -> tuple[tuple[str, ...], tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Return the names of classes in the order of the alphabet, and each example's place in it, from 0.

    Raises:
        DataError: There are more than 256 classes, one has no name, or the test set has one that training lacks.
    """
    names = sorted(set(train))
    if unseen := sorted(set(test) - set(names)):
        raise DataError(f"{path}: the test set has the class {unseen[0]!r}, which does not occur in training")
    if len(names) > MAX_CLASSES:
        raise DataError(f"{path} has {len(names):,} classes; at most {MAX_CLASSES} are possible")
    if not names[0].strip():
        raise DataError(f"{path}: a class has no name")
    numbers = {name: number for number, name in enumerate(names)}
    ids = [np.array([numbers[name] for name in part], np.uint8) for part in (train, test)]
    return tuple(names), (ids[0], ids[1])
