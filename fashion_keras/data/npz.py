"""A data set in an .npz file with x_train, y_train, x_test and y_test, read as if it could be damaged or hostile.

The arrays' headers are read first and bound all that follows; nothing pickled is read, for a pickle is a program.
"""

import math
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fashion_keras.data import idx
from fashion_keras.data.class_names import MAX_CLASSES, number_names
from fashion_keras.data.npz_remedies import Header, find_image_problems, find_label_problems
from fashion_keras.errors import DataError, UserError
from fashion_keras.formatting import count_noun, first_line

__all__ = ["read_npz"]

KEYS = ("x_train", "y_train", "x_test", "y_test")

_SAMPLE_BYTES = 2**28  # of an array that is refused: what is looked at for the remedy


def read_npz(path: Path) -> idx.OwnData:
    """Read the four arrays as the four files of an IDX data set.

    Equal arrays are thus one data set with one hash, whichever file they come from.

    Raises:
        DataError: It cannot be read or lacks an array; images are not uint8 [N, H, W] or [N, H, W, C]; labels are
            neither whole numbers nor text; or the arrays do not fit together.
    """
    with _clear_errors(path), zipfile.ZipFile(path) as archive:
        headers = {key: _read_header(archive, key, path) for key in KEYS}
        _check_arrays(archive, headers, path)
        shapes = [_flat(headers[key].shape) if key.startswith("y") else headers[key].shape for key in KEYS]
        idx.check_shapes(shapes, path, KEYS, ("train", "test"))
        arrays = {key: _read_array(archive, key, headers[key]) for key in KEYS}
        notes = _describe_others(archive)
    labels = [arrays[key].reshape(-1) for key in ("y_train", "y_test")]
    y_train, y_test, names, note = _number_classes(labels[0], labels[1], path)
    parts = [idx.make_file(array) for array in (arrays["x_train"], y_train, arrays["x_test"], y_test)]
    return idx.OwnData(parts, names, notes=(*notes, *note))


@contextmanager
def _clear_errors(path: Path) -> Iterator[None]:
    """Turn what a damaged archive raises into one line."""
    try:
        yield
    except UserError:
        raise
    # OSError is also what bz2 raises, without a word of the system.
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or first_line(error)}") from error
    # The decompressors and the parser of headers raise almost anything: LZMAError, zlib.error, RecursionError.
    except Exception as error:
        raise DataError(f"{path} is no .npz file, or is damaged: {first_line(error)}") from error


def _read_header(archive: zipfile.ZipFile, key: str, path: Path) -> Header:
    names = archive.namelist()
    if f"{key}.npy" not in names:
        has = ", ".join(name.removesuffix(".npy") for name in names[:6]) or "nothing"
        raise DataError(f"{path} has no array {key}; it has {has}, and {', '.join(KEYS)} are expected")
    with archive.open(f"{key}.npy") as stream:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, is_fortran, dtype = read(stream)
        header = Header(tuple(map(int, shape)), is_fortran, dtype, stream.tell())
    if dtype.hasobject:
        raise DataError(f"{path}: {key} holds Python objects, which are not read; save it as numbers or as text")
    num_bytes = math.prod(header.shape) * dtype.itemsize
    if header.num_bytes + num_bytes != archive.getinfo(f"{key}.npy").file_size or num_bytes > idx.MAX_BYTES:
        raise DataError(f"{path}: {key} says that it has {num_bytes:,} bytes, which the file has not, or are too many")
    if not num_bytes:
        raise DataError(f"{path}: {key} is empty")
    return header


def _check_arrays(archive: zipfile.ZipFile, headers: Mapping[str, Header], path: Path) -> None:
    """Check types and shapes; what is wrong is said of all four arrays at once, so that one step fixes it."""

    def sample(key: str) -> NDArray[Any]:
        header = headers[key]
        count = min(math.prod(header.shape), max(1, _SAMPLE_BYTES // header.dtype.itemsize))
        return np.frombuffer(_read_content(archive, key, header, count * header.dtype.itemsize), header.dtype)

    images = {key: headers[key] for key in KEYS if key.startswith("x")}
    labels = {key: headers[key] for key in KEYS if key.startswith("y")}
    if problems := [*find_image_problems(images, sample), *find_label_problems(labels, sample)]:
        raise DataError(f"{path}: {'; '.join(problems)}")


def _flat(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of labels; a column [N, 1], as Keras's CIFAR has it, is one label an image."""
    return shape[:1] if len(shape) == 2 and shape[1] == 1 else shape


def _read_array(archive: zipfile.ZipFile, key: str, header: Header) -> NDArray[Any]:
    expected = math.prod(header.shape) * header.dtype.itemsize
    content = _read_content(archive, key, header, expected)
    if len(content) != expected:
        raise EOFError(f"{key} ends after {len(content):,} of {expected:,} bytes")
    array = np.frombuffer(content, header.dtype)
    return array.reshape(header.shape, order="F" if header.is_fortran else "C")


def _read_content(archive: zipfile.ZipFile, key: str, header: Header, num_bytes: int) -> bytearray:
    content = bytearray()
    with archive.open(f"{key}.npy") as stream:
        stream.read(header.num_bytes)
        idx.read_up_to(stream, content, num_bytes)
    return content


def _describe_others(archive: zipfile.ZipFile) -> list[str]:
    """Say which other arrays there are."""
    others = [name.removesuffix(".npy") for name in archive.namelist() if name.removesuffix(".npy") not in KEYS]
    if not others:
        return []
    drawn = "; validation images are drawn from x_train" if any("val" in name.lower() for name in others) else ""
    more = ", ..." if len(others) > 6 else ""
    return [f"{count_noun(len(others), 'array')} not used: {', '.join(others[:6])}{more}{drawn}"]


def _number_classes(
    train: NDArray[Any], test: NDArray[Any], path: Path
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], tuple[str, ...] | None, list[str]]:
    """Return the labels as uint8; of text in the order of the alphabet, with its names; and notes."""
    is_text = [labels.dtype.kind in "US" for labels in (train, test)]
    if is_text == [False, False]:
        for key, labels in (("y_train", train), ("y_test", test)):
            if labels.min() < 0 or labels.max() >= MAX_CLASSES:
                raise DataError(f"{path}: {key} goes from {labels.min()} to {labels.max()}; labels must be 0 to 255")
        return train.astype(np.uint8), test.astype(np.uint8), None, []
    if is_text != [True, True]:
        raise DataError(f"{path}: y_train is {train.dtype} and y_test {test.dtype}; both must be numbers, or text")
    notes: list[str] = []
    try:
        texts = [_text(labels, "utf-8") for labels in (train, test)]
    except UnicodeDecodeError:
        texts = [_text(labels, "latin-1") for labels in (train, test)]
        notes = ["the labels are not UTF-8: read as Latin-1"]
    names, (train_ids, test_ids) = number_names(texts[0].tolist(), texts[1].tolist(), path)
    return train_ids, test_ids, names, notes


def _text(labels: NDArray[Any], encoding: str) -> NDArray[np.str_]:
    return np.char.decode(labels, encoding) if labels.dtype.kind == "S" else labels
