"""Items before a plain ground come to the frame and the ground of the data set."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from fashion_keras.data import Dataset
from fashion_keras.data.image_folders import read_pictures
from fashion_keras.images.framing import measure_relief
from fashion_keras.images.reading import read_picture

SIDE = 280


def small_in_the_frame(pixels: NDArray[np.uint8], ground: int = 40) -> Image.Image:
    """An image of the data set, light on a dark and uneven ground, at a quarter of the frame's sides."""
    item = np.asarray(Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BICUBIC)).astype(float)
    scene = np.linspace(ground - 10, ground + 10, 4 * SIDE)[:, None] + np.zeros((4 * SIDE, 4 * SIDE))
    cover = np.zeros_like(scene)
    cover[SIDE : 2 * SIDE, SIDE : 2 * SIDE] = item / 255
    return Image.fromarray((scene * (1 - cover) + 255 * cover).astype(np.uint8))


@pytest.mark.parametrize("ground", [40, 100, 140])
def test_small_item_on_an_uneven_ground_becomes_nearly_the_image_it_was(ground: int, sample_dataset: Dataset) -> None:
    boot = sample_dataset.test_images[np.flatnonzero(sample_dataset.test_labels == 9)[0]]
    scene = small_in_the_frame(boot, ground)
    for picture in (read_picture(scene), read_picture(ImageOps.invert(scene))):
        assert picture.trimmed
        assert picture.note.endswith("; trimmed")
        assert picture.pixels[0, 0] == 0
        assert np.abs(picture.pixels.astype(int) - boot).mean() < 25


def test_soft_shadow_is_no_item_and_does_not_turn_light_and_dark() -> None:
    scene = np.full((SIDE, SIDE), 200.0)
    scene -= 60 * np.exp(-np.square(np.mgrid[-3 : 3 : SIDE * 1j, -3.5 : 2.5 : SIDE * 1j]).sum(axis=0))
    alone = measure_relief(Image.fromarray(scene.astype(np.uint8))).contrast
    scene[80:200, 60:90] = scene[80:110, 60:150] = 250
    picture = read_picture(Image.fromarray(scene.astype(np.uint8)))
    assert alone < 0
    assert not picture.inverted
    assert picture.pixels[:, 27].max() < 240
    assert picture.pixels[20:, 14:].max() == 0


@pytest.mark.parametrize("low", [60, 110])
def test_ground_that_slopes_or_has_a_horizon_is_found(low: int) -> None:
    for ground in (np.linspace(low, low + 80, SIDE)[:, None], np.repeat([low, low + 40], SIDE // 2)[:, None]):
        scene = np.tile(ground, (1, SIDE))
        scene[70:210, 70:120] = scene[70:120, 70:210] = 5
        relief = measure_relief(Image.fromarray(scene.astype(np.uint8)))
        assert relief.contrast < 0
        item = relief.draw_item((28, 28), is_light=False)
        assert item is not None
        assert item[1:10].min() > 80
        assert item[14:, 14:].max() < 10


def test_item_of_one_level_is_drawn_in_one_level_across_a_horizon() -> None:
    scene = np.repeat([60, 100], SIDE // 2)[:, None] + np.zeros((1, SIDE))
    scene[70:210, 70:120] = scene[70:120, 70:210] = 180
    item = measure_relief(Image.fromarray(scene.astype(np.uint8))).draw_item((28, 28), is_light=True)
    assert item is not None
    assert item[3:25, 3:6].min() > 200


def test_image_of_the_data_set_stays_as_it_is_whatever_its_size(sample_dataset: Dataset) -> None:
    for pixels in sample_dataset.test_images[:20]:
        picture = read_picture(Image.fromarray(pixels))
        assert not picture.trimmed
        np.testing.assert_array_equal(picture.pixels, pixels)


def test_ground_that_is_not_plain_and_rectangles_and_specks_keep_their_margins() -> None:
    slope = np.tile(np.linspace(0, 255, SIDE).astype(np.uint8), (SIDE, 1))
    rectangle, speck = (np.full((SIDE, SIDE), 20, np.uint8) for _ in range(2))
    rectangle[50:200, 80:200] = 220
    speck[100:112, 100:105] = 255
    for pixels in (slope, rectangle, speck):
        picture = read_picture(Image.fromarray(pixels))
        assert not picture.trimmed
        assert not picture.note.endswith("trimmed")


@pytest.mark.parametrize(("invert", "shape"), [("off", (28, 28, 1)), ("auto", (28, 28, 3))])
def test_pictures_as_they_are_and_in_colour_keep_ground_and_margins(
    invert: str, shape: tuple[int, int, int], sample_dataset: Dataset
) -> None:
    picture = read_picture(small_in_the_frame(sample_dataset.test_images[0]), shape, invert)
    assert not picture.trimmed
    assert np.all(picture.pixels[0, 0] > 20)


def test_training_data_keeps_ground_and_margins(sample_dataset: Dataset, tmp_path: Path) -> None:
    scene = small_in_the_frame(sample_dataset.test_images[0])
    for name in ("a/1", "a/2", "b/1", "b/2"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        scene.save(tmp_path / f"{name}.png")
    parts = read_pictures(tmp_path, (28, 28)).parts
    expected = np.asarray(scene.resize((28, 28), Image.Resampling.BICUBIC))
    np.testing.assert_array_equal(parts[0].array[0], expected)
