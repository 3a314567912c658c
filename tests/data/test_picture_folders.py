"""Data in folders of pictures."""

import numpy as np
import pytest
from PIL import Image

from fashion_keras.data import class_counts, load, locate
from fashion_keras.errors import DataError


@pytest.fixture
def write_pictures(tmp_path):
    """Write pictures of one shade after another, height 5 and width 4 but for what is given otherwise."""

    def write(folder, num_pictures=2, size=(5, 4), mode="L", suffix="png"):
        place = tmp_path / "own" / folder
        place.mkdir(parents=True, exist_ok=True)
        for number in range(num_pictures):
            Image.new("L", size[::-1], number).convert(mode).save(place / f"{number}.{suffix}")
        return tmp_path / "own"

    return write


def test_folders_of_classes_are_a_data_set(write_pictures):
    write_pictures("train/hat", 3)
    write_pictures("train/belt", 2)
    location = locate(dataset=write_pictures("test/hat", 2))
    dataset = load(location)
    assert (dataset.name, dataset.image_shape, dataset.class_names) == ("own", (5, 4, 1), ("belt", "hat"))
    np.testing.assert_array_equal(dataset.train_labels, [0, 0, 1, 1, 1])
    np.testing.assert_array_equal(dataset.train_images[:, 0, 0], [0, 1, 0, 1, 2])
    assert location.files == ()


def test_without_train_and_test_a_fifth_of_each_class_is_the_test_set(write_pictures):
    write_pictures("hat", 10)
    folder = write_pictures("belt", 3)
    location = locate(dataset=folder)
    counts = class_counts(load(location))
    np.testing.assert_array_equal(counts["test"], [1, 2])
    np.testing.assert_array_equal(counts["train"], [2, 8])
    assert "a fifth of each class is the test set: 3 of 13 pictures" in location.origin
    assert locate(dataset=folder).content_hash == location.content_hash


def test_a_picture_in_colour_makes_all_colour(write_pictures):
    write_pictures("hat", 3)
    dataset = load(locate(dataset=write_pictures("belt", 3, mode="RGB", suffix="jpg")))
    assert dataset.image_shape == (5, 4, 3)


def test_pictures_of_several_sizes_need_one_to_be_named(write_pictures):
    write_pictures("hat", 2, size=(5, 4))
    folder = write_pictures("belt", 2, size=(10, 8))
    with pytest.raises(DataError, match=r"belt.* is 10 x 8 .* and .*hat.* 5 x 4; .*--image-size 10,8"):
        locate(dataset=folder)
    location = locate(dataset=folder, image_size=(6, 6))
    assert load(location).image_shape == (6, 6, 1)


def test_another_size_is_other_data(write_pictures):
    write_pictures("hat")
    folder = write_pictures("belt")
    hashes = {locate(dataset=folder, image_size=size).content_hash for size in (None, (5, 4), (6, 6))}
    assert len(hashes) == 2


def test_a_changed_pixel_is_other_data(write_pictures):
    write_pictures("hat")
    folder = write_pictures("belt")
    before = locate(dataset=folder)
    Image.new("L", (4, 5), 99).save(folder / "hat" / "0.png")
    with pytest.raises(DataError, match="has changed"):
        load(before)


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        ({"train/a": 2, "train/b": 2}, "has no folder test"),
        ({"a": 2, "b": 0}, "b has no pictures"),
        ({"a": 2, "b": 1}, "b has one picture; a class needs two"),
        ({"a": 2}, "every training label is 0; at least two classes"),
        ({"train/a": 2, "train/b": 2, "test/c": 1}, "the test set has the class 'c'"),
    ],
)
def test_a_mistake_is_one_line(write_pictures, folders, message):
    for name, num_pictures in folders.items():
        folder = write_pictures(name, num_pictures)
    with pytest.raises(DataError, match=message):
        locate(dataset=folder)


def test_a_damaged_picture_is_named(write_pictures):
    write_pictures("hat")
    folder = write_pictures("belt")
    (folder / "hat" / "0.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"hat/0.png is no PNG or JPEG picture, or is damaged"):
        locate(dataset=folder)
