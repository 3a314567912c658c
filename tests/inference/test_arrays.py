"""What the classifier takes as images, and how it refuses the rest; none of it needs TensorFlow."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fashion_keras.errors import ImageError
from fashion_keras.inference.arrays import check_images, read_images

GREY = (28, 28, 1)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.full((1, 28, 28), 0.5), r"float64 in 0.5..0.5; np.rint\(images \* 255\).astype\(np.uint8\)"),
        (np.full((1, 28, 28), 254.5, np.float32), r"np.rint\(images\).astype"),
        (np.full((1, 28, 28), -1.0), r"np.rint\(\(images \+ 1\) \* 127.5\)"),
        (np.zeros((1, 28, 28), np.int64), r"int64; .*images.astype\(np.uint8\)"),
        (np.zeros((1, 28, 28), bool), r"bool; images.astype\(np.uint8\) \* 255"),
        (np.zeros((0, 28, 28)), "float64; make a NumPy array"),
        (np.full((1, 28, 28), np.nan), "float64 that is not all finite; make whole numbers 0..255 of it"),
        (np.array(["boot.png"]), "give a path or a list of paths"),
        (None, "object; make a NumPy array of pixels of it"),
        ([[1], [2, 3]], "one array"),
        (
            np.zeros(784, np.uint8),
            r"shape \[28, 28\] or \[N, 28, 28, \(1\)\], got \[784\]; images.reshape\(-1, 28, 28\)",
        ),
        (np.zeros((28, 28, 3), np.uint8), r"got \[28, 28, 3\]"),
        (np.zeros((1, 32, 32), np.uint8), r"got \[1, 32, 32\]"),
        (np.zeros((1, 28, 28, 3), np.uint8), r"got \[1, 28, 28, 3\]"),
    ],
)
def test_what_is_no_image_is_refused_with_the_remedy(images: object, message: str) -> None:
    with pytest.raises(ImageError, match=message) as caught:
        check_images(images, GREY)
    assert "\n" not in str(caught.value)


def test_array_in_every_accepted_shape_is_taken_without_a_copy() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    for given, expected in (
        (images, images),
        (images[..., None], images),
        (images[0], images[:1]),
        (images[0, ..., None], images[:1]),
        (images[:0], images[:0]),
    ):
        taken = check_images(given, GREY)
        np.testing.assert_array_equal(taken, expected)
        assert not given.size or np.shares_memory(taken, given)
    np.testing.assert_array_equal(check_images(list(images), GREY), images)
    colours = np.zeros((2, 28, 28, 3), np.uint8)
    assert check_images(colours, (28, 28, 3)).shape == (2, 28, 28, 3)
    assert check_images(colours[0], (28, 28, 3)).shape == (1, 28, 28, 3)


@pytest.fixture
def square() -> Image.Image:
    image = Image.new("L", (56, 56), 240)
    image.paste(10, (14, 14, 42, 42))
    return image


def test_paths_pillow_images_and_content_may_be_mixed(square: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / "square.png"
    square.save(path)
    pixels, notes = read_images([path, square, str(path), path.read_bytes()], GREY)
    assert pixels.shape == (4, 28, 28)
    assert (pixels == pixels[0]).all()
    assert notes == ("inverted: light border",) * 4
    for one in (path, square, str(path), path.read_bytes()):
        single, note = read_images(one, GREY, "off")
        np.testing.assert_array_equal(single, 255 - pixels[:1])
        assert note == ("not inverted: as asked",)


def test_empty_list_is_told_as_such() -> None:
    with pytest.raises(ImageError, match="images is empty"):
        read_images([], GREY)


def test_array_is_never_inverted_and_has_no_notes() -> None:
    light = np.full((2, 28, 28), 255, np.uint8)
    for invert in ("auto", "on"):
        pixels, notes = read_images(light, GREY, invert)
        np.testing.assert_array_equal(pixels, light)
        assert notes == ()


def test_item_that_is_wrong_is_named_by_its_place(square: Image.Image) -> None:
    for items, message in (
        ([square, np.zeros((28, 28), np.uint8)], r"images\[1\] is of type ndarray, not a picture"),
        ([square, b"no picture"], r"images\[1\] is no PNG, JPEG, WebP, GIF, BMP or TIFF picture"),
        ([square, "missing.png"], r"missing\.png cannot be read: No such file"),
    ):
        with pytest.raises(ImageError, match=message):
            read_images(items, GREY)
