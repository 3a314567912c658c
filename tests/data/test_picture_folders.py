"""Data in folders of pictures."""

import os

import numpy as np
import pytest
from made_files import encoded
from PIL import Image

from fashion_keras.data import class_counts, load, locate
from fashion_keras.errors import DataError, ImageError


@pytest.fixture
def write_pictures(tmp_path):
    """Write pictures of one shade after another but for a corner, of 5 x 4 but for what is given otherwise."""

    def write(folder, num_pictures=2, size=(5, 4), mode="L", suffix="png"):
        place = tmp_path / "own" / folder
        place.mkdir(parents=True, exist_ok=True)
        for number in range(num_pictures):
            image = Image.new("L", size[::-1], 60 * (number + 1) % 256)
            image.putpixel((size[1] - 1, size[0] - 1), 255)
            image.convert(mode).save(place / f"{number}.{suffix}")
        return tmp_path / "own"

    return write


def test_folders_of_classes_are_a_data_set(write_pictures):
    write_pictures("train/hat", 3)
    write_pictures("train/belt", 2)
    location = locate(dataset=write_pictures("test/hat", 2))
    dataset = load(location)
    assert (dataset.name, dataset.image_shape, dataset.class_names) == ("own", (5, 4, 1), ("belt", "hat"))
    np.testing.assert_array_equal(dataset.train_labels, [0, 0, 1, 1, 1])
    np.testing.assert_array_equal(dataset.train_images[:, 0, 0], [60, 120, 60, 120, 180])
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


def test_pictures_of_several_sizes_need_one_to_be_named(write_pictures):
    write_pictures("hat", 2, size=(5, 4))
    folder = write_pictures("belt", 2, size=(10, 8))
    with pytest.raises(DataError, match=r"belt.* is 10 x 8 .* and .*hat.* 5 x 4; .*--image-size 10,8"):
        locate(dataset=folder)
    location = locate(dataset=folder, image_size=(6, 6))
    assert load(location).image_shape == (6, 6, 1)


def test_another_size_or_pixel_is_other_data(write_pictures):
    write_pictures("hat")
    folder = write_pictures("belt")
    before, same, other = (locate(dataset=folder, image_size=size) for size in (None, (5, 4), (6, 6)))
    assert before.content_hash == same.content_hash != other.content_hash
    Image.new("L", (4, 5), 99).save(folder / "hat" / "0.png")
    with pytest.raises(DataError, match="has changed"):
        load(before)


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        ({"train/a": 2, "train/b": 2}, "has no folder test"),
        ({"a": 2, "b": 0}, "b has no pictures"),
        ({"a": 2, "b": 1}, "b has one picture; a class needs two"),
        ({"a": 2}, "has one folder of pictures, where each of two classes or more has one$"),
        ({"set/a": 2, "set/b": 2}, "one folder of pictures, .*; name .*own/set if they are in there"),
        ({"": 2}, "own has no folders; each class has a folder of pictures there"),
        ({"train/a": 2, "train/b": 2, "test/c": 1}, "the test set has the class 'c'"),
        ({"train/a": 2, "train/b": 2, "val/a": 2, "val/b": 2}, "has no folder test; rename val to test"),
        ({"train/a": 2, "train/b": 2, "test": 2}, "test has pictures, but no folders of classes"),
        ({"train/a": 2, "train/b": 2, "dev/a": 2, "dev/b": 2}, "has no folder test; make it"),
        ({"train": 2, "test": 2}, "test has pictures, but no folders of classes"),
        ({"train/a": 2, "Train/a": 2, "test/a": 2}, "has both Train and train; put them together"),
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
    with pytest.raises(ImageError, match=r"hat/0.png is no PNG, JPEG, WebP, GIF, BMP or TIFF picture$"):
        locate(dataset=folder)


def put(folder, name, image=None):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"no picture" if image is None else encoded(image))


def test_every_kind_of_picture_is_read(write_pictures):
    for suffix in ("png", "jpg", "webp", "gif", "bmp", "tif"):
        folder = write_pictures(suffix, suffix=suffix)
    location = locate(dataset=folder)
    images = load(location).test_images
    assert images.shape == (6, 5, 4, 3)
    assert {int(level) // 60 for level in images[:, 0, 0, 0] + 20} == {1, 2}
    assert "8 of 12 pictures are grey: all are read in colour, because 0.gif is" in " ".join(location.notes)


@pytest.mark.parametrize("name", ["._0.png", ".DS_Store", "Thumbs.db", "__MACOSX/hat/._0.png", "hat/._0.png"])
def test_what_systems_put_beside_pictures_is_passed_over(write_pictures, name):
    write_pictures("hat")
    folder = write_pictures("belt")
    before = locate(dataset=folder)
    put(folder, name)
    assert locate(dataset=folder) == before


def test_pictures_in_folders_within_a_class_are_read_and_other_files_are_named(write_pictures):
    write_pictures("hat/monday")
    write_pictures("hat/1.png")  # a folder with a file's name
    folder = write_pictures("belt")
    for name in ("belt/notes.txt", "belt/raw.heic", "readme.md"):
        put(folder, name)
    put(folder, "stray.png", Image.new("L", (4, 5)))
    location = locate(dataset=folder)
    assert class_counts(load(location))["train"].tolist() == [1, 4 - 1]
    notes = " | ".join(location.notes)
    for text in (
        "4 pictures in folders within",
        "such as stray.png",
        "3 files of other kinds than pictures",
        ".heic 1",
    ):
        assert text in notes


@pytest.mark.parametrize(("train", "test"), [("Train", "TEST"), ("training", "testing")])
def test_parts_are_known_by_any_of_their_names_and_others_are_named(write_pictures, train, test):
    for part in (train, test, "Val", "more"):
        write_pictures(f"{part}/hat", 4)
        folder = write_pictures(f"{part}/belt", 4)
    location = locate(dataset=folder)
    assert class_counts(load(location))["val"].tolist() == class_counts(load(location))["train"].tolist() == [4, 4]
    notes = " | ".join(location.notes)
    assert "Val/" not in notes
    assert "more/ with 8 pictures is not used" in notes


def test_names_of_odd_bytes_become_one_line_each(write_pictures):
    write_pictures(os.fsdecode(b"a\xff"), 3)
    write_pictures("b\x1b[2J\nc")
    location = locate(dataset=write_pictures("train"))  # which is a class too, among others
    assert location.class_names == ("a\\udcff", "b\\x1b[2J\\nc", "train")
    assert len(load(location).train_images) == 4


def test_pictures_of_16_bits_are_read_by_the_bits_that_all_of_them_use(write_pictures):
    folder = write_pictures("hat")
    levels = {"belt/0.png": 4000, "belt/1.png": 500, "hat/0.png": 2000, "hat/1.png": 1000}
    for name, level in levels.items():
        put(folder, name, Image.fromarray(np.full((5, 4), level, np.uint16)))
    location = locate(dataset=folder)
    dataset = load(location)
    assert {*dataset.train_images[:, 0, 0].tolist(), *dataset.test_images[:, 0, 0].tolist()} == {250, 31, 125, 62}
    assert "4 pictures of 16 bits a pixel: read as 12 bits" in location.notes[0]


@pytest.mark.parametrize("ink", [20, 230])
def test_a_cut_out_is_laid_on_the_ground_where_it_is_seen(write_pictures, ink):
    folder = write_pictures("hat", 4)
    cut_out = np.zeros((5, 4, 2), np.uint8)
    cut_out[1:3, 1:3] = (ink, 255)
    for number in range(4):
        put(folder, f"belt/{number}.png", Image.fromarray(cut_out, "LA"))
    location = locate(dataset=folder)
    image = load(location).test_images[0]
    assert (image[0, 0], image[1, 1]) == (255 if ink < 128 else 0, ink)
    assert "4 pictures with a transparent ground" in " ".join(location.notes)
