"""Decoding of pictures that may be hostile: bounded in bytes, pixels and parts, and whatever is wrong is one line.

Of a file no more than `MAX_FILE_BYTES` are read and no more than `MAX_PIXELS` are decoded, one picture at a time.
Devices, pipes and folders are told by their kind before they are opened: reading them could last for ever. What a
stranger sends is decoded in `worker`'s process, which has limits of seconds and memory besides.
"""

import contextlib
import io
import os
import stat
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image

from fashion_keras.errors import ImageError, UserError
from fashion_keras.formatting import first_line, one_line
from fashion_keras.images.structure import check_structure, count_gif_frames

__all__ = [
    "FORMATS", "FORMAT_NAMES", "MAX_FILE_BYTES", "Decoded", "decode", "errors_on_one_line", "measure", "open_file",
    "read_bounded",
]  # fmt: skip

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
FORMAT_NAMES = "PNG, JPEG, WebP, GIF, BMP or TIFF"
MAX_FILE_BYTES = 100 * 2**20
MAX_PIXELS = 50_000_000

_CHUNK_BYTES = 2**16
_WORKING_SIZE = 1024
_MAX_TIFF_PAGES = 1000  # are counted: each takes 0.1 ms
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV", "I;16", "I;16L", "I;16B")
_DEPTHS = (8, 10, 12)  # bits that cameras and scanners use of a pixel's 16
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
# What undoes each orientation of EXIF. Not `ImageOps.exif_transpose`: it writes the EXIF data again, which fails for
# some that cameras write.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# One picture at a time: it bounds the memory of a program with threads, and `catch_warnings` is not made for them.
_DECODING = threading.Lock()


@dataclass(frozen=True)
class Decoded:
    """A picture in L or RGB, or RGBA if it has transparency, upright; a large one is shrunk to some 1000 pixels.

    Attributes:
        image: It; of an animated one the first frame, of a file with pages the first page.
        num_frames: The frames or pages that the file claims.
        bits: Of a pixel's 16 those that were used; None where it has 8.
    """

    image: Image.Image
    num_frames: int = 1
    bits: int | None = None


def decode(source: bytes | Image.Image, name: str, bits: int | None = None) -> Decoded:
    """Decode a picture.

    Args:
        source: The content of a file in one of FORMATS, or what Pillow has opened.
        name: What errors call it.
        bits: Of a picture with 16 bits a pixel, how many are used; None finds out by its largest value.

    Raises:
        ImageError: It is no picture, is damaged or has more than MAX_PIXELS, or more parts than any of its kind needs.
    """
    # Pillow warns of damage that it can pass over, and of many pixels; those are bounded here.
    with _DECODING, errors_on_one_line(name), warnings.catch_warnings(action="ignore"):
        if isinstance(source, Image.Image):
            return _to_picture(source, name, bits)
        _check_size(_webp_size(source), name)
        check_structure(source, name)
        with Image.open(io.BytesIO(source), formats=FORMATS) as image:
            decoded = _to_picture(image, name, bits)
            # A copy, because the next page of a file takes the place of the last one.
            kept = decoded.image.copy() if decoded.image is image else decoded.image
            return replace(decoded, image=kept, num_frames=_count_frames(image, source))


def measure(path: str) -> tuple[tuple[int, int], str]:
    """Return height and width, upright, and the mode of a file's picture, by its header.

    Raises:
        ImageError: It is no picture, or is damaged.
    """
    with errors_on_one_line(path), Image.open(path, formats=FORMATS) as image:
        width, height = image.size
        is_turned = image.format != "TIFF" and image.getexif().get(ExifTags.Base.Orientation, 1) >= 5
        return ((width, height) if is_turned else (height, width)), image.mode


@contextlib.contextmanager
def open_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a regular file for reading; what the system says of it in the block becomes an ImageError of one line."""
    name = one_line(os.fspath(path))
    try:
        _check_kind(path := Path(path), name)
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise ImageError(f"{name} cannot be read: {error.strerror or error}") from error


def _check_kind(path: Path, name: str) -> None:
    try:
        kind = _KINDS.get(stat.S_IFMT(path.stat().st_mode))
    except ValueError as error:
        raise ImageError(f"{name} cannot be read: {error}") from error
    if kind:
        remedy = "; pipe what it gives to `-`" if kind == "a named pipe" else ""
        raise ImageError(f"{name} is {kind}, not a picture{remedy}")


def read_bounded(stream: BinaryIO, name: str) -> bytes:
    """Return what a stream gives until it ends.

    Raises:
        ImageError: It gives nothing, or more than MAX_FILE_BYTES.
    """
    content = bytearray()
    # In pieces, because read(n) reserves n bytes before it knows whether they are there.
    while chunk := stream.read(_CHUNK_BYTES):
        content += chunk
        if len(content) > MAX_FILE_BYTES:
            raise ImageError(f"{one_line(name)} is larger than {MAX_FILE_BYTES >> 20} MiB, the limit of a picture")
    if not content:
        raise ImageError(f"{one_line(name)} is empty")
    return bytes(content)


@contextlib.contextmanager
def errors_on_one_line(name: str) -> Iterator[None]:
    """Turn whatever Pillow says of a picture into an ImageError of one line."""
    name = one_line(name)
    try:
        yield
    except UserError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageError(f"{name} has more than {MAX_PIXELS // 10**6} million pixels; make it smaller") from error
    except Image.UnidentifiedImageError as error:
        raise ImageError(f"{name} is no {FORMAT_NAMES} picture") from error
    except MemoryError as error:
        raise ImageError(f"{name} needs more memory than a picture may have; make it smaller") from error
    # Pillow's decoders raise almost anything for damaged files: SyntaxError, struct.error, zlib.error, EOFError.
    except Exception as error:
        raise ImageError(f"{name} cannot be read: {first_line(error)}") from error


def _to_picture(image: Image.Image, name: str, bits: int | None) -> Decoded:
    _check_size(image.size, name)
    if image.mode not in _MODES:
        raise ImageError(f"{one_line(name)} has the mode {image.mode}, which is not read; convert it to L or RGB")
    image.load()
    if not image.mode.startswith("I;16"):
        return Decoded(_turn_upright(_shrink(_to_colours(image)), image))
    bits = bits or _used_bits(image)
    return Decoded(_turn_upright(_shrink(_to_colours(_to_8_bits(image, bits))), image), bits=bits)


def _count_frames(image: Image.Image, content: bytes) -> int:
    if image.format == "GIF":
        return count_gif_frames(content)
    if image.format != "TIFF":
        return getattr(image, "n_frames", 1)
    pages = 1
    # A damaged page ends the count, whatever Pillow says of it.
    with contextlib.suppress(Exception):
        while pages < _MAX_TIFF_PAGES:
            image.seek(pages)
            pages += 1
    return pages


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        many = f"{width:,} x {height:,} pixels, more than {MAX_PIXELS // 10**6} million"
        raise ImageError(f"{one_line(name)} has {many}; make it smaller")


def _webp_size(content: bytes) -> tuple[int, int]:
    """Return the width and height that a WebP file claims, or zeros: Pillow reserves them on opening it.

    Source: RFC 9649, sections 2.5 to 2.7.
    """
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        return 0, 0
    if content[12:16] == b"VP8X":
        return int.from_bytes(content[24:27], "little") + 1, int.from_bytes(content[27:30], "little") + 1
    if content[12:16] == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    # Lossy, with two bits of scaling above each number.
    return int.from_bytes(content[26:28], "little") & 0x3FFF, int.from_bytes(content[28:30], "little") & 0x3FFF


def _to_colours(image: Image.Image) -> Image.Image:
    mode = "RGBA" if image.has_transparency_data else "L" if image.mode == "L" else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _used_bits(image: Image.Image) -> int:
    """Return how many of 16 bits a picture uses: with 12 of them, as cameras give it, it would be black in 16."""
    highest = int(np.asarray(image).max())
    return next((bits for bits in _DEPTHS if highest < 2**bits), 16)


def _to_8_bits(image: Image.Image, bits: int) -> Image.Image:
    """Return a picture of 16 bits a pixel in L or LA; `convert` would clip it at 255."""
    pixels = np.asarray(image)
    levels = Image.fromarray(np.minimum(pixels >> (bits - 8), 255).astype(np.uint8))
    hidden = image.info.get("transparency")
    if isinstance(hidden, int):
        levels.putalpha(Image.fromarray((pixels != hidden).astype(np.uint8) * np.uint8(255)))
    return levels


def _shrink(image: Image.Image) -> Image.Image:
    """Average blocks of pixels, so that what follows costs the same for every large picture."""
    factor = max(image.size) // _WORKING_SIZE
    return image.reduce(factor) if factor > 1 else image


def _turn_upright(image: Image.Image, original: Image.Image) -> Image.Image:
    turn = None
    if original.format == "TIFF":  # Pillow has turned it
        return image
    # EXIF data may be anything; damaged, it says nothing.
    with contextlib.suppress(Exception):
        turn = _TURNS.get(int(original.getexif().get(ExifTags.Base.Orientation, 1)))
    return image if turn is None else image.transpose(turn)
