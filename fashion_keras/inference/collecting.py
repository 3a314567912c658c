"""Collector of a command line's pictures: files, folders, patterns, IDX files, standard input.

Everything comes one by one and in a fixed order, what cannot be read as an error in its place: ten thousand pictures
take the memory of one.
"""

import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fashion_keras.data.idx import iter_images, looks_like_idx
from fashion_keras.errors import ImageError, UserError
from fashion_keras.formatting import one_line
from fashion_keras.images.decoding import FORMAT_NAMES, open_file, read_bounded
from fashion_keras.images.names import OTHER_SUFFIXES, SUFFIXES, is_system_file
from fashion_keras.images.reading import Picture, check_invert, read_picture

__all__ = ["Unreadable", "read_pictures"]

STANDARD_INPUT = "-"
_STANDARD_INPUT_NAME = "standard input"
_WILDCARDS = frozenset("*?[")

Read = Callable[[bytes, Sequence[int], str, str], Picture]
"""Makes the content of a file, for an image shape, an image; with the name of a way to invert and that of the file."""


@dataclass(frozen=True)
class Unreadable:
    """What was to be a picture and is none: its name, and what is wrong with it in one line that names it."""

    name: str
    reason: str


def read_pictures(
    arguments: Iterable[str],
    image_shape: Sequence[int] = (28, 28, 1),
    invert: str = "auto",
    standard_input: BinaryIO | None = None,
    read: Read = read_picture,
) -> Iterator[Picture | Unreadable]:
    """Yield what arguments mean, each picture or the reason why there is none.

    Args:
        arguments: Each is a picture; an IDX file, raw or gzipped, of images in the model's size, taken as they are; a
            folder, that is the pictures in it by name, then those of the folders in it; a pattern with `*`, `?`,
            `[...]` or `**`; or `-`, one picture or IDX file by standard input. A file whose name looks like a pattern
            is the file.
        image_shape: Height, width and channels that the model takes.
        invert: As for `read_picture`; images of an IDX file are inverted where it is `"on"`.
        standard_input: What `-` reads.
        read: Reads a picture; `PictureReader.read` does it in a process of its own.

    Raises:
        ImageError: `invert` has no such value; nothing else is raised.
    """
    check_invert(invert)
    for argument in arguments:
        for path in [argument] if argument == STANDARD_INPUT else _expand(argument):
            if isinstance(path, Unreadable):
                yield path
                continue
            name = _STANDARD_INPUT_NAME if path == STANDARD_INPUT else str(path)
            try:
                with _open_standard_input(standard_input) if path == STANDARD_INPUT else open_file(path) as stream:
                    yield from _read_stream(stream, name, image_shape, invert, read)
            except UserError as error:
                yield Unreadable(name, one_line(str(error)))


def _open_standard_input(stream: BinaryIO | None) -> BinaryIO:
    if stream is None:
        raise ImageError(f"{_STANDARD_INPUT_NAME} is closed")
    try:
        return io.BytesIO(read_bounded(stream, _STANDARD_INPUT_NAME))
    except OSError as error:
        raise ImageError(f"{_STANDARD_INPUT_NAME} cannot be read: {error.strerror}") from error


def _read_stream(stream: BinaryIO, name: str, image_shape: Sequence[int], invert: str, read: Read) -> Iterator[Picture]:
    """Yield the picture of a file, or each image of an IDX file; which it is, its first bytes say and not its name."""
    head = stream.read(3)
    stream.seek(0)
    if not looks_like_idx(head):
        yield read(read_bounded(stream, name), image_shape, invert, name)
        return
    height, width, channels = image_shape
    inverted, reason = (invert == "on", "as an IDX file has it" if invert == "auto" else "as asked")
    for index, pixels in enumerate(iter_images(stream, name, (height, width, channels))):
        yield Picture(name, 255 - pixels if inverted else pixels, inverted, reason, index)


def _expand(argument: str) -> Iterator[Path | Unreadable]:
    """Yield the files that an argument means."""
    if not argument:
        yield Unreadable(argument, "an empty name is no picture")
    elif not os.path.lexists(argument) and _WILDCARDS & set(argument):
        yield from _match(argument)
    elif _is_folder(argument):
        yield from _walk(Path(argument))
    else:
        yield Path(argument)


def _match(pattern: str) -> Iterator[Path | Unreadable]:
    """Yield the files of a pattern, sorted, hidden ones only where the pattern asks for them."""
    try:
        path = Path(pattern).expanduser()  # in quotes, as patterns are, the shell leaves the ~
        # pathlib's `**`, unlike glob's, follows no symbolic links, of which two in a loop would be without end.
        found = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
    except (OSError, ValueError, RuntimeError) as error:
        yield Unreadable(pattern, f"the pattern {one_line(pattern)} cannot be used: {one_line(str(error))}")
        return
    hidden = path.name.startswith(".")
    files = [file for file in found if (hidden or not file.name.startswith(".")) and not _is_folder(file)]
    if not files:
        yield Unreadable(pattern, f"no file matches the pattern {one_line(pattern)}")
    yield from files


def _walk(folder: Path) -> Iterator[Path | Unreadable]:
    """Yield the pictures of a folder and of the folders in it, by their suffixes; links to folders are not followed."""
    found = False
    # Not `os.walk`, whose recursion ends some thousand folders deep.
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            with os.scandir(here) as scanned:
                entries = sorted(
                    (entry for entry in scanned if not is_system_file(entry.name)), key=lambda entry: entry.name
                )
        except OSError as error:
            yield Unreadable(str(here), f"{one_line(str(here))} cannot be read: {error.strerror}")
            found = True
            continue
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False) and entry.name.lower().endswith(SUFFIXES + OTHER_SUFFIXES):
                found = True
                yield Path(entry.path)
        waiting += [Path(entry.path) for entry in reversed(entries) if entry.is_dir(follow_symlinks=False)]
    if not found:
        yield Unreadable(str(folder), f"{one_line(str(folder))} is a folder without {FORMAT_NAMES} pictures")


def _is_folder(path: str | Path) -> bool:
    # Path.is_dir raises an error where a folder above may not be entered.
    return os.path.isdir(path)  # noqa: PTH112
