"""IDX files, the format of MNIST and its relatives, read as if each of them could be damaged or hostile.

A file is two zero bytes, a type code, the number of dimensions, each dimension as a big-endian 32-bit integer, then the
values, the last dimension fastest (http://yann.lecun.com/exdb/mnist/). It is read raw or gzipped, told apart by its
first bytes and not by its name. The header is read first and bounds all that follows.
"""

import gzip
import hashlib
import math
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fashion_keras.errors import DataError
from fashion_keras.images.names import is_system_file

__all__ = [
    "FILES", "MAX_BYTES", "ROLES", "FoundFile", "IdxFile", "OwnData", "by", "check_shapes", "choose_files",
    "content_bytes", "describe_missing", "find_files", "header_bytes", "iter_images", "looks_like_idx", "make_file",
    "read_file", "read_shape", "read_up_to", "usual_name",
]  # fmt: skip

FILES = ("train-images", "train-labels", "t10k-images", "t10k-labels")
ROLES = (*FILES, "val-images", "val-labels")
"""What parts of data stand for: those of MNIST's four files, and of a validation part where there is one."""
MAX_BYTES = 8 * 2**30
"""No larger file is read: what a header claims beyond it is a lie or will not fit into memory."""

_UINT8 = 0x08
_BIG_ENDIAN = "but IDX is big-endian: write its header with np.array([...], '>u4')"
_TYPE_CODES = b"\x08\x09\x0b\x0c\x0d\x0e"
_GZIP_MAGIC = b"\x1f\x8b"
_CHUNK_BYTES = 2**20
# Any prefix (emnist-letters-), EMNIST's "test" for "t10k", and the dot that some unpackers put before "idx".
_FILE_NAME = re.compile(r"(.*?)(train|t10k|test)-(images|labels)[-.]idx\d-ubyte(?:\.gz)?")


@dataclass(frozen=True)
class FoundFile:
    """A file that by its name plays one of the four roles of FILES; `prefix` is what stands before the usual name."""

    role: str
    prefix: str
    path: Path


@dataclass(frozen=True)
class IdxFile:
    """A file's decompressed content, header included, its dimensions and the SHA-256 of the content."""

    shape: tuple[int, ...]
    content: bytearray
    sha256: str

    @property
    def array(self) -> NDArray[np.uint8]:
        """The values as a read-only uint8 array of `shape` that shares memory with `content`."""
        values = np.frombuffer(self.content, np.uint8, offset=header_bytes(len(self.shape))).reshape(self.shape)
        values.flags.writeable = False
        return values


class OwnData(NamedTuple):
    """A user's data as the four files of an IDX data set, whatever it was read from.

    Attributes:
        parts: In the order of ROLES; the last two may be missing.
        class_names: In the order of the labels, where the data has them.
        division: How it was divided into training and test; empty where the data says it.
        notes: What people should know of it.
    """

    parts: list[IdxFile]
    class_names: tuple[str, ...] | None = None
    division: str = ""
    notes: tuple[str, ...] = ()


def header_bytes(num_dimensions: int) -> int:
    """Return the length of a header: the magic number and one 32-bit integer a dimension."""
    return 4 + 4 * num_dimensions


def content_bytes(shape: tuple[int, ...]) -> int:
    """Return how long the decompressed file of an 8-bit array of this shape is."""
    return header_bytes(len(shape)) + math.prod(shape)


def usual_name(role: str, num_dimensions: int) -> str:
    """Return the file name of MNIST for a role, such as `train-images-idx3-ubyte`."""
    return f"{role}-idx{num_dimensions}-ubyte"


def find_files(directory: Path) -> list[FoundFile]:
    """Return the files of a folder that are named like parts of an IDX data set, sorted: raw ones before gzipped ones.

    Raises:
        DataError: The folder is missing, is no folder or cannot be read.
    """
    try:
        paths = sorted(directory.iterdir())
    except FileNotFoundError:
        raise DataError(f"{directory}: no such folder") from None
    except NotADirectoryError:
        raise DataError(f"{directory} is a file; a folder with the four IDX files is expected") from None
    except OSError as error:
        raise DataError(f"{directory} cannot be read: {error.strerror}") from error
    # Some archives are unpacked into a folder with the name of the file in it: files themselves come first.
    candidates = [path for path in paths if not path.is_dir()]
    candidates += [path / path.name for path in paths if (path / path.name).is_file()]
    candidates += [path for path in paths if path.is_dir() and not (path / path.name).is_file()]
    return [
        FoundFile(f"{match[2].replace('test', 't10k')}-{match[3]}", match[1], path)
        for path in candidates
        if not is_system_file(path.name) and (match := _FILE_NAME.fullmatch(path.name))
    ]


def choose_files(directory: Path) -> tuple[Path, ...]:
    """Return the four files of the one data set that a folder holds, in the order of FILES; raw before gzipped.

    Raises:
        DataError: A file is missing, or the folder holds several data sets, as EMNIST's archive does.
    """
    found = find_files(directory)
    prefixes = sorted({file.prefix for file in found})
    if len(prefixes) > 1:
        raise DataError(
            f"{directory} holds {len(prefixes)} data sets ({', '.join(repr(prefix) for prefix in prefixes)}); "
            "move the four files of one of them into a folder of its own"
        )
    paths = {file.role: file.path for file in reversed(found)}
    for role in FILES:
        if role not in paths:
            raise DataError(describe_missing(directory, usual_name(role, 3 if role.endswith("images") else 1)))
    return tuple(paths[role] for role in FILES)


def describe_missing(directory: Path, name: str) -> str:
    """Say that a folder lacks a file, and what it has instead."""
    names = sorted(path.name for path in directory.iterdir() if not path.name.startswith("."))
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    has = f"it has {', '.join(names[:5])}{more}" if names else "it is empty"
    return f"{directory} has no {name}, raw or .gz; {has}"


def check_shapes(
    shapes: Sequence[tuple[int, ...]],
    directory: Path,
    names: Sequence[str] = FILES,
    parts: Sequence[str] = ("train", "t10k"),
) -> None:
    """Check the dimensions of files, in the order of ROLES, against each other.

    Args:
        shapes: Of training images and labels, test images and labels, and maybe those of validation.
        directory: Where they lie, for messages.
        names: What they are called there.
        parts: What training, test and validation part are called there.

    Raises:
        DataError: Images are not [N, H, W] or [N, H, W, C] with 1 or 3 channels; labels are not [N]; images and labels
            differ in number; or their images in size.
    """
    for number, (role, shape) in enumerate(zip(names, shapes, strict=True)):
        if number % 2 and len(shape) != 1:
            raise DataError(f"{directory}: {role} has {len(shape)} dimensions, {by(shape)}; expected 1, the count")
        if number % 2 == 0 and (len(shape) not in (3, 4) or shape[3:] not in ((), (1,), (3,))):
            raise DataError(f"{directory}: {role} is {by(shape)}; expected count x height x width (x 1 or 3 colours)")
    for part, images, labels in zip(parts, shapes[::2], shapes[1::2], strict=False):
        if images[0] != labels[0]:
            raise DataError(
                f"{directory}: {part} has {images[0]:,} images but {labels[0]:,} labels; are files swapped?"
            )
    for part, images in zip(("test", "validation"), shapes[2::2], strict=False):
        if images[1:] != shapes[0][1:]:
            sizes = f"training images are {by(shapes[0][1:])}, {part} images {by(images[1:])}"
            raise DataError(f"{directory}: {sizes}; they must have one size")


def read_shape(path: Path) -> tuple[int, ...]:
    """Return the dimensions that a file's header states, without reading its values.

    Raises:
        DataError: It cannot be read, is no IDX file of 8-bit values, or claims to be empty or larger than MAX_BYTES.
    """
    with _open_content(path) as stream:
        return _read_header(stream, path)[0]


def read_file(path: Path) -> IdxFile:
    """Read a whole file: exactly as many bytes as its header says, and one more to see that it ends there.

    Memory grows with what really arrives, never with what the header claims.

    Raises:
        DataError: As `read_shape`; or the content is shorter or longer than the header says, or its gzip is damaged.
    """
    with _open_content(path) as stream:
        shape, content = _read_header(stream, path)
        expected = content_bytes(shape)
        read_up_to(stream, content, expected + 1)
    if len(content) != expected:
        arrived = f"ends after {len(content):,}" if len(content) < expected else "goes on"
        raise DataError(f"{path}: its header promises {expected:,} bytes for {by(shape)}, but it {arrived}")
    return IdxFile(shape, content, hashlib.sha256(content).hexdigest())


def looks_like_idx(head: bytes) -> bool:
    """Whether a file claims by its first three bytes to be an IDX file, raw or gzipped: no picture begins so."""
    return head[:2] == _GZIP_MAGIC or (head[:2] == b"\0\0" and head[2:3] != b"" and head[2:3] in _TYPE_CODES)


def iter_images(raw: BinaryIO, name: str, image_shape: tuple[int, int, int]) -> Iterator[NDArray[np.uint8]]:
    """Yield the images of an IDX file one by one: memory holds one, however many the file has.

    Args:
        raw: The file, raw or gzipped, open at its beginning.
        name: What errors call it.
        image_shape: Height, width and channels that every image must have.

    Yields:
        uint8 [H, W], or [H, W, C] in colour.

    Raises:
        DataError: It is no IDX file of such images, or shorter or longer than its header says; the images before that
            have been given by then.
    """
    size = math.prod(image_shape)
    shape = image_shape if image_shape[2] > 1 else image_shape[:2]
    with _clear_errors(name):
        stream = _decompressed(raw)
        found, _ = _read_header(stream, name)
        if found[1:] not in (shape, image_shape):
            raise DataError(f"{name} is {by(found)} values; expected count x {by(shape)}, what the model takes")
        for index in range(found[0]):
            content = bytearray()
            read_up_to(stream, content, size)
            if len(content) < size:
                raise DataError(f"{name} ends after {index:,} of the {found[0]:,} images that its header promises")
            yield np.frombuffer(content, np.uint8).reshape(shape)
        if stream.read(1):
            raise DataError(f"{name} goes on after the {found[0]:,} images that its header promises")


@contextmanager
def _open_content(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, raw or gzipped, for its decompressed content; what goes wrong in the block becomes a DataError."""
    with _clear_errors(path):
        if path.exists() and not path.is_file():  # a pipe would block for ever
            raise DataError(f"{path} is not a regular file")
        with path.open("rb") as raw:
            yield _decompressed(raw)


def _decompressed(raw: BinaryIO) -> IO[bytes]:
    """Return the content of a stream that can seek, raw or gzipped."""
    zipped = raw.read(2) == _GZIP_MAGIC
    raw.seek(0)
    return gzip.open(raw) if zipped else raw  # type: ignore[return-value]  # it has the methods, if not the type


@contextmanager
def _clear_errors(name: Path | str) -> Iterator[None]:
    """Turn what goes wrong in reading into a DataError."""
    try:
        yield
    except EOFError as error:
        raise DataError(f"{name} is cut off: its gzip stream does not end") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{name} is damaged: {error}") from error
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}") from error


def _read_header(stream: IO[bytes], path: Path | str) -> tuple[tuple[int, ...], bytearray]:
    """Return the dimensions and the bytes of the header, checked as far as a header can be."""
    header = bytearray()
    read_up_to(stream, header, 4)
    if header[2:] == b"\0\0" and header[1] in _TYPE_CODES and header[0]:
        raise DataError(f"{path} has the other byte order (little-endian), {_BIG_ENDIAN}")
    if len(header) < 4 or header[:2] != b"\0\0" or not header[3]:
        expected = "expected 00 00 08 and a small number"
        raise DataError(f"{path} is no IDX file: it begins with {bytes(header)!r}, {expected}")
    if header[2] != _UINT8:
        raise DataError(
            f"{path} holds values of IDX type 0x{header[2]:02x}; only 8-bit ones, 0x08, are read: write uint8"
        )
    num_dimensions = header[3]
    read_up_to(stream, header, header_bytes(num_dimensions))
    if len(header) < header_bytes(num_dimensions):
        raise DataError(f"{path} ends within its header")
    shape = tuple(int(size) for size in np.frombuffer(header, ">u4", offset=4))
    if 0 in shape:
        raise DataError(f"{path} is empty: its header says {by(shape)}")
    swapped = tuple(int(size) for size in np.frombuffer(header, "<u4", offset=4))
    if content_bytes(shape) > MAX_BYTES >= content_bytes(swapped):
        raise DataError(f"{path} has its dimensions, {by(swapped)}, in the other byte order, {_BIG_ENDIAN}")
    if content_bytes(shape) > MAX_BYTES:
        raise DataError(f"{path}: its header claims {by(shape)} bytes, above the limit of {MAX_BYTES >> 30} GiB")
    return shape, header


def make_file(array: NDArray[np.uint8]) -> IdxFile:
    """Return the IDX file that an array would be, whatever it was read from."""
    content = bytearray([0, 0, _UINT8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    content += np.ascontiguousarray(array).data.cast("B")
    return IdxFile(array.shape, content, hashlib.sha256(content).hexdigest())


def read_up_to(stream: IO[bytes], content: bytearray, num_bytes: int) -> None:
    """Append to `content` until it has `num_bytes` or the `stream` ends."""
    # In pieces, because read(n) reserves n bytes before it knows whether they are there.
    while chunk := stream.read(min(_CHUNK_BYTES, num_bytes - len(content))):
        content += chunk


def by(shape: tuple[int, ...]) -> str:
    """Return dimensions for people, such as `60,000 x 28 x 28`."""
    return " x ".join(f"{size:,}" for size in shape[:6]) + (" x ..." if len(shape) > 6 else "")
