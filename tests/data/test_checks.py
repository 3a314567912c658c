"""Own data that is plainly wrong is refused with what makes it right, and what may be meant is said."""

import numpy as np
import pytest

from fashion_keras.data import find_ground, load, locate
from fashion_keras.errors import DataError

PIXELS = np.random.default_rng(1).integers(0, 256, (60, 6, 6)).astype(np.uint8)
LABELS = np.arange(60) % 3


def notes_of(folder):
    said = []
    location = locate(dataset=folder, on_progress=said.append)
    assert said == [f"Note: {note}" for note in location.notes]
    assert load(location).notes == location.notes
    return " | ".join(location.notes)


@pytest.fixture
def write(write_data_set):
    """Write forty and twenty images in three classes, but for what is given otherwise."""

    def write(**parts):
        sound = {"train_images": PIXELS[:40], "train_labels": LABELS[:40]}
        return write_data_set(**sound | {"test_images": PIXELS[40:], "test_labels": LABELS[40:]} | parts)

    return write


def test_sound_data_has_no_notes(write):
    assert notes_of(write()) == ""


@pytest.mark.parametrize(
    ("highest", "remedy"), [(16, "np.rint(pixels * (255 / 16))"), (1, "np.rint(pixels * (255 / 1))")]
)
def test_pixels_in_a_sliver_of_their_range_are_refused_with_what_spreads_them(write, highest, remedy):
    few = PIXELS.astype(int) * highest // 255
    for parts in ({"train_images": few[:40], "test_images": few[40:]}, {"test_images": few[40:]}):
        with pytest.raises(DataError) as caught:
            locate(dataset=write(**parts))
        assert f"go from 0 to {highest}" in str(caught.value)
        assert remedy in str(caught.value)
    spread = np.rint(few * (255 / highest)).astype(np.uint8)
    locate(dataset=write(train_images=spread[:40], test_images=spread[40:]))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"train_images": PIXELS[:40] * 0}, "every pixel of the training images is 0"),
        ({"train_images": np.repeat(PIXELS[:1], 40, axis=0)}, "all training images are the same one"),
        ({"test_images": PIXELS[40:41], "test_labels": [0]}, "one test image"),
    ],
)
def test_data_that_cannot_show_anything_is_refused(write, parts, message):
    with pytest.raises(DataError, match=message):
        locate(dataset=write(**parts))


def with_blank(images):
    return np.concatenate([images[:-2], images[-2:] * 0])


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            {"test_images": PIXELS[20:40]},
            ["20 of 20 test images are also training images", "under more than one class"],
        ),
        ({"train_images": PIXELS[:40] // 3, "test_images": PIXELS[40:] // 3}, ["training images go from 0 to 85"]),
        ({"train_images": with_blank(PIXELS[:40])}, ["2 of 40 training images are of one colour"]),
        ({"test_labels": np.zeros(20, int)}, ["no test image of 1, 2"]),
        (
            {"train_labels": np.array([0] * 37 + [1, 1, 2]), "test_labels": np.array([0] * 19 + [1])},
            ["0 has 37 training images and 2 1", "right of 95.0% of the test images"],
        ),
    ],
)
def test_what_may_be_meant_is_said(write, parts, said):
    notes = notes_of(write(**parts))
    for text in said:
        assert text in notes


def framed(ground, item):
    images = np.full((40, 8, 8), ground, np.uint8)
    images[:, 3:5, 3:5] = item
    return images + np.arange(40, dtype=np.uint8)[:, None, None] % 7


def test_the_ground_is_what_most_borders_are_against_their_middles():
    dark, light = framed(10, 200), framed(200, 10)
    assert (find_ground(dark), find_ground(light)) == ("dark", "light")
    assert find_ground(np.concatenate([dark, light])) == "mixed"
    assert find_ground(np.stack([light] * 3, axis=-1)) == "light"


def test_a_part_with_the_other_ground_is_said(write):
    notes = notes_of(write(train_images=framed(10, 200), test_images=framed(200, 10)[:20]))
    assert "training images have a dark ground and test images a light one" in notes
