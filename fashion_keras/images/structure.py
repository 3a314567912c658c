"""Structure of picture files: how many parts they have, told before a decoder works through them.

Decoders spend their time by part, whatever the number of pixels: a progressive JPEG of 126 KB can hold 400 scans, and
each goes over all of its 49 million pixels.
"""

import re

from fashion_keras.errors import ImageError
from fashion_keras.formatting import one_line

__all__ = ["MAX_SCANS", "check_structure", "count_gif_frames"]

MAX_SCANS = 50
"""Of a JPEG; encoders write some ten."""

_FREE_PARTS = 2_000
_BYTES_PER_PART = 1_024  # beyond the free ones; encoders write parts of 4 KiB and more
_MAX_FRAMES = 10_000  # are counted
_PNG = b"\x89PNG\r\n\x1a\n"
# A marker of JPEG that is neither a stuffed zero, nor a restart, nor filling.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_START_OF_SCAN, _END = 0xDA, 0xD9


def check_structure(content: bytes, name: str) -> None:
    """Check that a picture has no more parts than any of its kind needs.

    Raises:
        ImageError: A JPEG has more than MAX_SCANS; or a JPEG or a PNG consists of crumbs.
    """
    limit = _FREE_PARTS + len(content) // _BYTES_PER_PART
    if content.startswith(b"\xff\xd8"):
        segments, scans = _count_segments(content, limit)
        if scans > MAX_SCANS:
            raise ImageError(f"{one_line(name)} has more than {MAX_SCANS} scans; save it anew as a plain JPEG")
    elif content.startswith(_PNG):
        segments = _count_chunks(content, limit)
    else:
        return
    if segments > limit:
        raise ImageError(f"{one_line(name)} has more than {limit:,} parts in {len(content):,} bytes; save it anew")


def count_gif_frames(content: bytes) -> int:
    """Return how many frames a GIF has, 1 to 10,000. Pillow would read each of them.

    Source: GIF89a specification, 31 July 1990, sections 18 to 27.
    """
    position = 13 + _colour_table_bytes(content[10:11])
    frames = 0
    while frames < _MAX_FRAMES and position < len(content):
        kind = content[position]
        if kind == 0x2C:  # an image: its place, its colours, the size of its codes
            frames += 1
            position += 11 + _colour_table_bytes(content[position + 9 : position + 10])
        elif kind == 0x21:  # an extension
            position += 2
        else:
            break
        while position < len(content) and content[position]:  # blocks, each after its length
            position += 1 + content[position]
        position += 1
    return max(frames, 1)


def _count_segments(content: bytes, limit: int) -> tuple[int, int]:
    """Return how many segments and scans the first image of a JPEG has, at most one more than the limit of each."""
    segments = scans = 0
    position = 2
    while segments <= limit and scans <= MAX_SCANS and (found := _MARKER.search(content, position)):
        marker, position = content[found.end() - 1], found.end()
        if marker == _END:
            break
        segments += 1
        scans += marker == _START_OF_SCAN
        if marker not in (0x01, 0xD8):  # the others have a length
            position += int.from_bytes(content[position : position + 2], "big")
    return segments, scans


def _count_chunks(content: bytes, limit: int) -> int:
    """Return how many chunks a PNG has, at most one more than the limit."""
    chunks, position = 0, len(_PNG)
    while chunks <= limit and position < len(content):
        position += 12 + int.from_bytes(content[position : position + 4], "big")
        chunks += 1
    return chunks


def _colour_table_bytes(flags: bytes) -> int:
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0
