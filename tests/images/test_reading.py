"""Pictures become images as the data set has them; none of it needs TensorFlow."""

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from made_files import encoded, png_chunk
from numpy.typing import NDArray
from PIL import Image

from fashion_keras.data import Dataset
from fashion_keras.errors import ImageError
from fashion_keras.images import decoding
from fashion_keras.images.reading import read_picture


def dark_square(ground: int = 240, ink: int = 20, size: int = 280) -> NDArray[np.uint8]:
    pixels = np.full((size, size), ground, np.uint8)
    pixels[size // 4 : -size // 4, size // 4 : -size // 4] = ink
    return pixels


def test_picture_of_the_data_set_is_read_unchanged(sample_dataset: Dataset) -> None:
    for pixels in sample_dataset.test_images:
        picture = read_picture(encoded(pixels))
        assert not picture.inverted
        np.testing.assert_array_equal(picture.pixels, pixels)


def test_inversion_follows_the_border_or_what_was_asked() -> None:
    light, dark = encoded(dark_square(), "JPEG"), encoded(255 - dark_square())
    expected = {
        (light, "auto"): (235, "inverted: light border"),
        (light, "on"): (235, "inverted: as asked"),
        (light, "off"): (20, "not inverted: as asked"),
        (dark, "auto"): (235, "not inverted: dark border"),
        (dark, "on"): (20, "inverted: as asked"),
    }
    for (content, invert), (centre, note) in expected.items():
        picture = read_picture(content, invert=invert)
        assert picture.pixels.shape == (28, 28)
        assert picture.pixels.dtype == np.uint8
        assert picture.pixels[14, 14] == pytest.approx(centre, abs=3)
        assert picture.note == note
    with pytest.raises(ImageError, match="one of auto, on, off, got 'maybe'"):
        read_picture(light, invert="maybe")


@pytest.mark.parametrize(("ink", "inverted"), [(20, True), (230, False)])
def test_transparent_ground_becomes_black_and_what_stands_on_it_light(ink: int, inverted: bool) -> None:
    # What is hidden has the other brightness: it must not count.
    square = np.full((280, 280, 4), (255 - ink, 255 - ink, 255 - ink, 0), np.uint8)
    square[70:-70, 70:-70] = (ink, ink, ink, 255)
    cut_out = Image.fromarray(square)
    for image in (cut_out, cut_out.convert("LA"), cut_out.quantize(4)):
        picture = read_picture(encoded(image))
        assert picture.inverted == inverted
        assert picture.pixels[0, 0] == 0
        assert picture.pixels[14, 14] > 220
        assert "on a transparent ground" in picture.note


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_colour_mode_is_read_alike(mode: str, recwarn: pytest.WarningsRecorder) -> None:
    pixels = dark_square(ground=255, ink=0)
    image = Image.fromarray(pixels.astype(np.uint16) << 8) if mode == "I;16" else Image.fromarray(pixels).convert(mode)
    picture = read_picture(encoded(image, "JPEG" if mode == "CMYK" else "PNG"))
    assert picture.note == "inverted: light border"  # an alpha channel that hides nothing is no transparency
    assert picture.pixels[2, 2] <= 2
    assert picture.pixels[14, 14] >= 253
    assert not recwarn.list


def test_long_picture_is_centred_and_filled_like_its_border() -> None:
    pixels = np.full((100, 400), 30, np.uint8)
    pixels[20:80, 40:360] = 200
    picture = read_picture(encoded(pixels))
    assert picture.pixels[0, 0] == picture.pixels[27, 27] == 30
    assert picture.pixels[14, 14] > 190


def test_colour_model_gets_colours_in_its_size() -> None:
    image = Image.new("RGB", (60, 40), (250, 100, 10))
    image.putpixel((0, 0), (0, 0, 0))
    picture = read_picture(encoded(image), image_shape=(12, 10, 3))
    assert picture.pixels.shape == (12, 10, 3)
    assert picture.pixels[6, 5].tolist() == [250, 100, 10]
    assert picture.note == "not inverted: a colour model"


@pytest.mark.parametrize(
    ("form", "mode"), [("PNG", "L"), ("WEBP", "L"), ("TIFF", "L"), ("TIFF", "RGB"), ("TIFF", "RGBA")]
)
def test_first_of_several_frames_or_pages_is_taken_and_that_is_said(form: str, mode: str) -> None:
    first, second = (Image.fromarray(pixels).convert(mode) for pixels in (255 - dark_square(), dark_square()))
    picture = read_picture(encoded(first, form, save_all=True, append_images=[second, first]))
    assert picture.note == "not inverted: dark border; the first of 3 frames"
    assert picture.pixels[14, 14] == pytest.approx(235, abs=3)


def test_path_content_and_pillow_image_are_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "square.png"
    path.write_bytes(encoded(dark_square()))
    with Image.open(path) as image:
        pictures = [read_picture(source) for source in (path, str(path), path.read_bytes(), image)]
    for picture in pictures[1:]:
        np.testing.assert_array_equal(picture.pixels, pictures[0].pixels)
    assert [picture.name for picture in pictures] == [str(path), str(path), "picture", str(path)]


@pytest.mark.parametrize("form", ["PNG", "TIFF", "JPEG"])
def test_exif_orientation_of_every_number_is_undone_once(form: str) -> None:
    upright = np.zeros((40, 30), np.uint8)
    upright[:16, :16] = 250  # a light corner that shows every turn and mirroring
    turned = upright[:, ::-1], upright[::-1, ::-1], upright[::-1], upright.T, np.rot90(upright), upright[::-1, ::-1].T
    expected = read_picture(Image.fromarray(upright), invert="off").pixels
    for orientation, pixels in enumerate((upright, *turned, np.rot90(upright, -1)), 1):
        exif = Image.Exif()
        exif[0x0112] = orientation
        content = encoded(np.ascontiguousarray(pixels), form, exif=exif)
        np.testing.assert_allclose(
            read_picture(content, invert="off").pixels, expected, atol=2, err_msg=str(orientation)
        )


def test_damaged_exif_data_says_nothing() -> None:
    content = encoded(dark_square(), "PNG", exif=b"Exif\0\0no such thing")
    assert read_picture(content).inverted


def test_transparent_colour_of_16_bits_is_hidden() -> None:
    pixels = np.full((56, 56), 40_000, np.uint16)
    pixels[14:-14, 14:-14] = 5_000
    content = encoded(pixels, "PNG", transparency=40_000)
    picture = read_picture(content)
    assert picture.note == "inverted: dark on a transparent ground"
    assert picture.pixels[0, 0] == 0
    assert picture.pixels[14, 14] == pytest.approx(255 - (5_000 >> 8), abs=1)


@pytest.mark.parametrize("mode", ["F", "I"])
def test_pillow_image_without_a_fixed_range_is_refused(mode: str) -> None:
    with pytest.raises(ImageError, match=f"picture has the mode {mode}, which is not read; convert it to L or RGB"):
        read_picture(Image.new(mode, (28, 28)))


def test_large_picture_gives_what_a_small_one_gives() -> None:
    small = np.asarray(Image.fromarray(dark_square()).convert("RGB"))
    large = np.repeat(np.repeat(small, 10, axis=0), 10, axis=1)
    differences = read_picture(Image.fromarray(large)).pixels.astype(int) - read_picture(Image.fromarray(small)).pixels
    assert np.abs(differences).max() <= 2


def test_picture_of_one_colour_is_refused_because_it_shows_nothing() -> None:
    for size in ((1, 1), (1, 5000), (300, 200)):
        with pytest.raises(ImageError, match="shows nothing: it is of one colour at 28 x 28 pixels"):
            read_picture(Image.new("L", size, 90))


def png(width: int, height: int, data: bytes = b"", *more: tuple[bytes, bytes]) -> bytes:
    """A PNG file of 8-bit grey whose header claims a size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), *more, (b"IDAT", zlib.compress(data)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, body) for kind, body in chunks)


def lossless_webp(width: int, height: int) -> bytes:
    """A WebP file whose header claims a size."""
    content = bytearray(encoded(Image.new("RGB", (4, 4)), "WEBP", lossless=True))
    bits = int.from_bytes(content[21:25], "little") & ~0xFFFFFFF | (width - 1) | (height - 1) << 14
    content[21:25] = bits.to_bytes(4, "little")
    return bytes(content)


HOSTILE = {
    "random bytes": (np.random.default_rng(0).bytes(500), "is no PNG, JPEG, WebP, GIF, BMP or TIFF picture"),
    "nothing": (b"", "is no PNG, JPEG, WebP, GIF, BMP or TIFF picture"),
    "another format": (encoded(Image.new("L", (9, 9)), "PPM"), "is no PNG, JPEG, WebP, GIF, BMP or TIFF picture"),
    "half a picture": (encoded(dark_square(), "PNG")[:300], "cannot be read"),
    "a bomb": (png(9_500, 9_500, bytes(9_501 * 9_500)), "has 9,500 x 9,500 pixels, more than 50 million; make it"),
    "a header that lies": (png(2**31 - 1, 2**31 - 1), "has more than 50 million pixels; make it smaller"),
    "a WebP header that lies": (lossless_webp(16_383, 16_383), "has 16,383 x 16,383 pixels, more than 50 million"),
    "no width": (png(0, 5), "is no PNG, JPEG, WebP, GIF, BMP or TIFF picture"),
    "a text bomb": (
        png(9, 9, bytes(90), (b"zTXt", b"a\0\0" + zlib.compress(bytes(50_000_000)))),
        "cannot be read: Decompressed data too large",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_content_is_one_clear_line(name: str, recwarn: pytest.WarningsRecorder) -> None:
    content, message = HOSTILE[name]
    with pytest.raises(ImageError, match=message) as caught:
        read_picture(content, name="x.png")
    assert str(caught.value).startswith("x.png ")
    assert "\n" not in str(caught.value)
    assert not recwarn.list


def test_file_that_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    (tmp_path / "loop.png").symlink_to("loop.png")
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    for path, message in {
        tmp_path / "empty.png": "empty.png is empty",
        tmp_path / "missing.png": "missing.png cannot be read: No such file",
        tmp_path / "loop.png": "loop.png cannot be read: Too many levels of symbolic links",
        tmp_path / "folder.png": "folder.png is a folder, not a picture",
        tmp_path / "pipe.png": "pipe.png is a named pipe, not a picture; pipe what it gives to `-`",
        tmp_path / "empty.png" / "below": "cannot be read: Not a directory",
        tmp_path / ("long" * 100): "cannot be read: File name too long",
        Path("/dev/zero"): "/dev/zero is a device, not a picture",
        Path("a\0b.png"): r"a\\x00b.png cannot be read: embedded null byte",
        Path("two\nlines.png"): r"two\\nlines.png cannot be read: No such file",
    }.items():
        with pytest.raises(ImageError, match=message) as caught:
            read_picture(path)
        assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_file_without_permission_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "locked.png"
    path.touch(mode=0)
    with pytest.raises(ImageError, match=r"locked\.png cannot be read: Permission denied"):
        read_picture(path)


def test_file_is_read_no_further_than_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "MAX_FILE_BYTES", 2**20)
    huge = tmp_path / "huge.png"
    huge.touch()
    os.truncate(huge, 2**40)  # takes no space
    with pytest.raises(ImageError, match=r"huge\.png is larger than 1 MiB"):
        read_picture(huge)


@pytest.mark.parametrize("form", ["GIF", "BMP", "TIFF", "WEBP"])
@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_other_formats_are_read_as_png_is(form: str, mode: str) -> None:
    image = Image.fromarray(dark_square(ground=255, ink=0)).convert(mode)
    picture = read_picture(encoded(image, form, lossless=True))  # of WebP
    np.testing.assert_array_equal(picture.pixels, read_picture(encoded(image, "PNG")).pixels)
    assert picture.note == "inverted: light border"


@pytest.mark.parametrize(
    ("bits", "note"), [(8, "8 of 16 bits"), (10, "10 of 16 bits"), (12, "12 of 16 bits"), (16, "")]
)
@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_bits_that_a_picture_of_16_does_not_use_are_not_counted(bits: int, note: str, form: str) -> None:
    deep = dark_square().astype(np.uint16) << (bits - 8)
    picture = read_picture(encoded(deep, form))
    np.testing.assert_array_equal(picture.pixels, read_picture(Image.fromarray(dark_square())).pixels)
    assert note in picture.note
    assert ("bits" in picture.note) == bool(note)


@pytest.mark.parametrize(
    ("ground", "ink", "inverted"),
    [(90, 10, True), (126, 10, True), (130, 10, True), (90, 250, False), (126, 250, False), (160, 250, False)],
)
def test_inversion_asks_whether_the_item_is_lighter_than_its_ground(ground: int, ink: int, inverted: bool) -> None:
    picture = read_picture(Image.fromarray(dark_square(ground, ink)))
    assert picture.inverted == inverted
    assert picture.pixels[14, 14] > picture.pixels[0, 0]


@pytest.mark.parametrize(
    ("ground", "inverted"),
    [("black", (True, False)), ("dark", (True, False)), ("light", (False, True)), ("mixed", (0, 0))],
)
def test_inversion_follows_the_models_training_images(ground: str, inverted: tuple[bool, bool]) -> None:
    light, dark = Image.fromarray(dark_square()), Image.fromarray(255 - dark_square())
    assert tuple(read_picture(image, ground=ground).inverted for image in (light, dark)) == inverted


def test_only_for_black_ground_are_margins_cut_off() -> None:
    image = Image.fromarray(np.pad(dark_square()[70:-70, 70:-70], 300, constant_values=200))
    image.paste(255, (300, 300, 340, 340))
    trimmed = {ground: read_picture(image, ground=ground).trimmed for ground in ("black", "dark", "light", "mixed")}
    assert trimmed == {"black": True, "dark": False, "light": False, "mixed": False}


def test_a_ground_that_is_not_plain_is_said_with_what_to_do() -> None:
    slope = np.tile(np.linspace(0, 255, 280).astype(np.uint8), (280, 1))
    crowded, plain = read_picture(Image.fromarray(slope)), read_picture(Image.fromarray(dark_square()))
    assert (crowded.plain_ground, plain.plain_ground) == (False, True)
    assert "crop" in crowded.advice
    assert crowded.note.endswith(crowded.advice)
    assert (plain.advice, read_picture(Image.fromarray(slope), invert="off").plain_ground) == ("", None)


def test_an_item_that_reaches_the_border_of_a_black_ground_is_no_crowd(sample_dataset: Dataset) -> None:
    for pixels in sample_dataset.test_images:
        assert not read_picture(Image.fromarray(pixels).resize((280, 280))).advice


def test_levels_that_hardly_differ_are_said() -> None:
    assert "spread its levels" in read_picture(Image.fromarray(dark_square(10, 20)), invert="off").note
