"""A data set in an .npz file with x_train, y_train, x_test and y_test, read as if it could be damaged or hostile.

It may have x_val and y_val too. The arrays' headers are read first and bound all that follows; nothing pickled is read,
for a pickle is a program.
"""

import math
import zipfile
from collections.abc import Iterator, Mapping, Sequence
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
_VALIDATION = ("x_val", "y_val")

_SAMPLE_BYTES = 2**28  # of an array that is refused: what is looked at for the remedy


def read_npz(path: Path) -> idx.OwnData:
    """Read the arrays as the files of an IDX data set.

    Equal arrays are thus one data set with one hash, whichever file they come from.

    Raises:
        DataError: It cannot be read or lacks an array; images are not uint8 [N, H, W] or [N, H, W, C]; labels are
            neither whole numbers nor text; or the arrays do not fit together.
    """
    with _clear_errors(path), zipfile.ZipFile(path) as archive:
        keys = (*KEYS, *(_VALIDATION if {f"{key}.npy" for key in _VALIDATION} <= {*archive.namelist()} else ()))
        headers = {key: _read_header(archive, key, path) for key in keys}
        _check_arrays(archive, headers, path)
        shapes = [_flat(headers[key].shape) if key.startswith("y") else headers[key].shape for key in keys]
        idx.check_shapes(shapes, path, keys, ("train", "test", "val"))
        arrays = {key: _read_array(archive, key, headers[key]) for key in keys}
        notes = _describe_others(archive, keys)
    labels, names, note = _number_classes({key: arrays[key].reshape(-1) for key in keys[1::2]}, path)
    parts = [idx.make_file({**arrays, **labels}[key]) for key in keys]
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

    images = {key: header for key, header in headers.items() if key.startswith("x")}
    labels = {key: header for key, header in headers.items() if key.startswith("y")}
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


def _describe_others(archive: zipfile.ZipFile, keys: Sequence[str]) -> list[str]:
    """Say which other arrays there are."""
    others = [name.removesuffix(".npy") for name in archive.namelist() if name.removesuffix(".npy") not in keys]
    if not others:
        return []
    drawn = "; validation images are drawn from x_train" if any("val" in name.lower() for name in others) else ""
    more = ", ..." if len(others) > 6 else ""
    return [f"{count_noun(len(others), 'array')} not used: {', '.join(others[:6])}{more}{drawn}"]


def _number_classes(
    labels: Mapping[str, NDArray[Any]], path: Path
) -> tuple[Mapping[str, NDArray[np.uint8]], tuple[str, ...] | None, list[str]]:
    """Return the labels as uint8; of text in the order of the alphabet, with its names; and notes."""
    are_text = {values.dtype.kind in "US" for values in labels.values()}
    if are_text == {False}:
        for key, values in labels.items():
            if values.min() < 0 or values.max() >= MAX_CLASSES:
                raise DataError(f"{path}: {key} goes from {values.min()} to {values.max()}; labels must be 0 to 255")
        return {key: values.astype(np.uint8) for key, values in labels.items()}, None, []
    if are_text != {True}:
        kinds = " and ".join(f"{key} is {values.dtype}" for key, values in labels.items())
        raise DataError(f"{path}: {kinds}; all must be numbers, or text")
    notes: list[str] = []
    try:
        texts = [_text(values, "utf-8").tolist() for values in labels.values()]
    except UnicodeDecodeError:
        texts = [_text(values, "latin-1").tolist() for values in labels.values()]
        notes = ["the labels are not UTF-8: read as Latin-1"]
    names, ids = number_names(dict(zip(("training", "test", "validation"), texts, strict=False)), path)
    return dict(zip(labels, ids, strict=True)), names, notes


def _text(labels: NDArray[Any], encoding: str) -> NDArray[np.str_]:
    return np.char.decode(labels, encoding) if labels.dtype.kind == "S" else labels
