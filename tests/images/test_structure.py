"""Pictures of many parts are told before a decoder works through them."""

import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from made_files import encoded, png_chunk
from PIL import Image
from progressive import progressive_jpeg

from fashion_keras.errors import ImageError
from fashion_keras.images import decoding
from fashion_keras.images.reading import read_picture
from fashion_keras.images.structure import MAX_SCANS, check_structure, count_gif_frames

PNG = encoded(np.eye(9, dtype=np.uint8) * 255)
HEAD, TAIL = PNG[:33], PNG[33:]

CRUMBS = {
    "scans": progressive_jpeg(64, MAX_SCANS),
    "segments": b"\xff\xd8" + b"\xff\xfe\0\x02" * 10_000 + progressive_jpeg(64, 3)[2:],
    "chunks": HEAD + png_chunk(b"teSt") * 10_000 + TAIL,
}


@pytest.mark.parametrize("kind", CRUMBS)
def test_picture_of_too_many_parts_is_refused_unread(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding.Image, "open", lambda *_, **__: pytest.fail("it was given to a decoder"))
    with pytest.raises(ImageError, match=f"x has more than .*{'scans' if kind == 'scans' else 'parts'}.*; save it"):
        read_picture(CRUMBS[kind], name="x")


def test_pictures_of_cameras_and_encoders_have_few_parts() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (700, 700, 3)).astype(np.uint8)
    for form, options in (("JPEG", {"progressive": True, "exif": b"Exif\0\0" + bytes(60_000)}), ("PNG", {})):
        check_structure(
            encoded(pixels, form, **options) + b"\xff\xda" * 100, "x"
        )  # what comes after the picture is not looked at
    read_picture(HEAD + png_chunk(b"teSt") * 1_000 + TAIL)


@pytest.mark.parametrize("num_frames", [1, 2, 40])
def test_frames_of_a_gif_are_counted_without_reading_them(num_frames: int) -> None:
    frames = [Image.fromarray(np.full((20, 20), 5 * n, np.uint8)) for n in range(num_frames)]
    frames[0].putpixel((3, 3), 255)
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert count_gif_frames(content) == num_frames
    assert read_picture(content).num_frames == num_frames
    for end in range(10, 200, 7):
        assert count_gif_frames(content[:end]) >= 1


def test_endless_frames_are_counted_to_ten_thousand() -> None:
    frame = b"\x2c" + bytes(8) + b"\0\x02\0"
    assert count_gif_frames(b"GIF89a" + bytes(7) + frame * 50_000) == 10_000


BOMBS = """
import io, resource, sys, warnings
from pathlib import Path
from fashion_keras.errors import ImageError
from fashion_keras.images.reading import read_picture
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        read_picture(path)
    except ImageError as error:
        assert "more than 50 million" in str(error), error
    else:
        raise AssertionError(f"{path} was read")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_bombs_take_no_memory(tmp_path: Path) -> None:
    image = Image.new("1", (16_000, 16_000))
    image.save(tmp_path / "bomb.png")
    image = Image.new("L", (8, 8))
    jpeg = bytearray(encoded(image, "JPEG"))
    start = jpeg.index(b"\xff\xc0") + 5
    jpeg[start : start + 4] = struct.pack(">HH", 65_000, 65_000)
    (tmp_path / "bomb.jpg").write_bytes(jpeg)
    extended = bytearray(encoded(image.convert("RGBA"), "WEBP", exif=b"Exif\0\0MM", lossless=True))
    assert extended[12:16] == b"VP8X"
    extended[24:30] = b"\xfe\x3f\x00" * 2
    (tmp_path / "bomb.webp").write_bytes(extended)
    done = subprocess.run(
        [sys.executable, "-c", BOMBS, str(tmp_path)], capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) * 1024 < 30_000_000
