"""Generated input, thousands of it: whatever arrives, the answer is an image or one line.

They are 2,700, as `docs/predict.md` says. None of it needs TensorFlow.
"""

import gzip
import io
import struct
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_strategies
from made_files import encoded, png_chunk, try_examples
from PIL import Image

from fashion_keras.errors import ImageError
from fashion_keras.formatting import one_line
from fashion_keras.images.reading import Picture, read_picture
from fashion_keras.inference.arrays import check_images, read_images
from fashion_keras.inference.collecting import Unreadable, read_pictures


def seeds(form: str) -> list[bytes]:
    """Valid pictures in several colour modes; small, so that mutations hit what matters."""
    pixels = np.random.default_rng(0).integers(0, 256, (12, 10, 4), np.uint8)
    image = Image.fromarray(pixels)
    exif = Image.Exif()
    exif[0x0112] = 6
    modes, variants = {
        "PNG": ("1 L LA P RGB RGBA", [{"exif": exif}]),
        "JPEG": ("L RGB CMYK", [{"progressive": True, "exif": exif}]),
        "WEBP": ("RGB RGBA", [{"lossless": True}, {"exif": exif}]),
        "GIF": ("L P", []),
        "BMP": ("1 L RGB RGBA", []),
        "TIFF": ("1 L P RGB RGBA CMYK", [{"compression": "tiff_lzw"}, {"compression": "packbits", "exif": exif}]),
    }[form]
    contents = [encoded(image.convert(mode), form, **more) for mode in modes.split() for more in ({}, *variants)]
    if form not in ("JPEG", "BMP"):
        frames = [image.convert("RGB"), image.rotate(90).convert("RGB")]
        contents.append(encoded(frames[0], form, save_all=True, append_images=frames[1:]))
    if form == "PNG":
        contents.append(encoded(Image.fromarray(pixels[..., 0].astype(np.uint16) << 8), form, transparency=9))
    return contents


@st.composite
def mutations(draw: st.DrawFn, contents: list[bytes]) -> bytes:
    """Valid content with some bytes changed, taken out, put in, or its end cut off."""
    content = bytearray(draw(st.sampled_from(contents)))
    for _ in range(draw(st.integers(1, 6))):
        position = draw(st.integers(0, max(len(content) - 1, 0)))
        kind = draw(st.sampled_from(["change", "change", "change", "cut", "insert", "delete", "number"]))
        if kind == "change":
            content[position : position + 1] = draw(st.binary(min_size=1, max_size=1))
        elif kind == "number":
            number = draw(st.sampled_from([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]))
            content[position : position + 4] = struct.pack(">I", number)
        elif kind == "insert":
            content[position:position] = draw(st.binary(max_size=20))
        elif kind == "delete":
            del content[position : position + draw(st.integers(1, 20))]
        else:
            del content[position:]
    return bytes(content)


def with_checksums(content: bytes) -> bytes:
    """Mend the checksum of each chunk of a PNG file, so that its damage reaches the decoder."""
    mended, position = content[:8], 8
    while position + 12 <= len(content):
        end = position + 8 + int.from_bytes(content[position : position + 4], "big")
        mended += png_chunk(content[position + 4 : position + 8], content[position + 8 : end])
        position = end + 4
    return mended + content[position:]


def check_one_line(message: str, name: str) -> None:
    assert message.startswith((f"{name} ", f"{name}: "))
    assert message.isprintable()
    assert len(message) < 500


def check_content(content: bytes) -> None:
    """Read it: an image that shows something comes out, or one line; and no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            picture = read_picture(content, name="it")
        except ImageError as error:
            check_one_line(str(error), "it")
            return
    assert picture.pixels.shape == (28, 28)
    assert picture.pixels.dtype == np.uint8
    assert picture.pixels.min() < picture.pixels.max()
    assert picture.note


IDX = b"\0\0\x08\x03" + struct.pack(">III", 3, 28, 28) + bytes(range(256)) * 9 + bytes(48)
SIGNATURES = st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBPVP8L"])
PICTURES = {
    "mutated PNG": (300, mutations(seeds("PNG"))),
    "mutated PNG with its checksums mended": (300, mutations(seeds("PNG")).map(with_checksums)),
    "mutated JPEG": (300, mutations(seeds("JPEG"))),
    "mutated WebP": (300, mutations(seeds("WEBP"))),
    "mutated GIF, BMP and TIFF": (400, mutations([*seeds("GIF"), *seeds("BMP"), *seeds("TIFF")])),
    "random bytes under any signature": (300, st.builds(bytes.__add__, SIGNATURES, st.binary(max_size=200))),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_generated_content_is_an_image_or_one_line(kind: str) -> None:
    number, strategy = PICTURES[kind]
    try_examples(number, strategy, check_content)


@given(mutations([IDX, gzip.compress(IDX, mtime=0)]))
@settings(max_examples=200, deadline=None)
def test_mutated_idx_file_gives_images_and_then_at_most_one_line(content: bytes) -> None:
    found = list(read_pictures(["-"], standard_input=io.BytesIO(content)))
    for item in found[:-1]:
        assert isinstance(item, Picture)
    for item in found:
        if isinstance(item, Unreadable):
            check_one_line(item.reason, "standard input")
        else:
            assert item.pixels.shape == (28, 28)


DTYPES = st.one_of(
    st.just(np.dtype(np.uint8)),
    st.just(np.dtype(np.uint8)),
    numpy_strategies.scalar_dtypes(),
    numpy_strategies.array_dtypes(),
)
SIDES = st.sampled_from([0, 1, 3, 27, 28])
SHAPES = st.one_of(
    st.sampled_from([(28, 28), (1, 28, 28), (2, 28, 28), (0, 28, 28), (2, 28, 28, 1), (2, 28, 28, 3), (784,)]),
    st.lists(SIDES, max_size=4).map(tuple),
)


@given(DTYPES, SHAPES, st.sampled_from([(28, 28, 1), (28, 28, 3)]))
@settings(max_examples=200, deadline=None)
def test_array_is_taken_only_as_pixels_of_the_right_shape(
    dtype: np.dtype, shape: tuple[int, ...], image_shape: tuple[int, int, int]
) -> None:
    images = np.zeros(shape, dtype)
    one = (28, 28, 3) if image_shape[2] == 3 else (28, 28)
    shape = images.shape  # of some dtypes longer than asked for
    right = (one, (*shape[:1], *one), (*shape[:1], *image_shape))
    if images.dtype == np.uint8 and shape in right:
        taken = check_images(images, image_shape)
        assert taken.shape == (1 if shape == one else shape[0], *one)
        assert taken.dtype == np.uint8
        return
    try:
        check_images(images, image_shape)
    except ImageError as error:
        check_one_line(str(error), "images")
    else:
        raise AssertionError(f"{images.dtype} {images.shape} was taken")


MODES = (
    "1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV", "LAB", "La", "RGBa", "F", "I", "I;16",
)  # fmt: skip


@given(
    st.sampled_from(MODES), st.integers(1, 60), st.integers(1, 60), st.sampled_from(["auto", "on", "off"]), st.randoms()
)
@settings(max_examples=200, deadline=None)
def test_pillow_image_of_any_mode_and_size_is_an_image_or_one_line(mode, width, height, invert, random) -> None:
    image = Image.new(mode, (width, height))
    value = {"1": 1, "F": 0.5}.get(mode, 200)
    many = value if len(image.getbands()) == 1 else (value,) * len(image.getbands())
    image.putpixel((random.randrange(width), random.randrange(height)), many)
    try:
        pixels, notes = read_images([image], (28, 28, 1), invert)
    except ImageError as error:
        check_one_line(str(error), "images[0]")
        return
    assert pixels.shape == (1, 28, 28)
    assert notes[0].startswith(("inverted: ", "not inverted: "))


@given(st.text(st.characters(), max_size=50))
@settings(max_examples=200, deadline=None)
def test_any_file_name_is_shown_on_one_line_of_valid_text(name: str) -> None:
    shown = one_line(name)
    assert shown.isprintable()
    shown.encode()
    # What is not there is one line, whatever it is called.
    for item in read_pictures([f"missing{name}"]):
        assert isinstance(item, Unreadable)
        assert item.reason.isprintable()


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
