"""Files of pictures and arrays as tests make them, and generated examples of strategies."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from numpy.typing import NDArray
from PIL import Image


def encoded(image: Image.Image | NDArray[Any], form: str = "PNG", **options: Any) -> bytes:
    """The file of a picture."""
    file = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(file, form, **options)
    return file.getvalue()


def png_chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def idx_header(*shape: int, code: int = 8) -> bytes:
    return bytes([0, 0, code, len(shape)]) + np.array(shape, ">u4").tobytes()


def idx_file(values: Any) -> bytes:
    array = np.asarray(values, np.uint8)
    return idx_header(*array.shape) + array.tobytes()


def try_examples(number: int, strategy: Any, check: Callable[[Any], None]) -> None:
    """Check a number of examples of a strategy, each within 20 s."""
    limits = settings(max_examples=number, deadline=20_000, suppress_health_check=list(HealthCheck), database=None)
    limits(given(strategy)(check))()
