import os

import numpy as np
import pytest

from fashion_keras.data import class_counts, load, locate
from fashion_keras.errors import DataError


def some_pixels(*shape):
    return np.random.default_rng(sum(shape)).integers(0, 256, shape)


def test_a_folder_of_idx_files_is_a_data_set(write_data_set):
    location = locate(dataset=write_data_set("garments", test_labels=[0, 0, 0, 0, 2, 2]))
    dataset = load(location)
    assert (dataset.name, location.name) == ("garments", "garments")
    assert dataset.image_shape == (5, 4, 1)
    assert dataset.train_images.shape == (12, 5, 4)
    assert dataset.test_images.dtype == np.uint8
    assert dataset.train_labels.dtype == dataset.test_labels.dtype == np.int32
    assert dataset.class_names == ("0", "1", "2")
    assert dataset.num_classes == 3
    assert not dataset.is_fashion_mnist
    counts = class_counts(dataset)
    assert (counts["train"].tolist(), counts["test"].tolist()) == ([4, 4, 4], [4, 0, 2])


def test_labels_that_start_at_one_are_shifted(write_data_set):
    labels = {"train_labels": [1, 2, 3] * 4, "test_labels": [2, 2, 1] * 2}  # the test set need not have every class
    dataset = load(locate(dataset=write_data_set(prefix="emnist-letters-", test="test", **labels)))
    np.testing.assert_array_equal(dataset.train_labels, [0, 1, 2] * 4)
    np.testing.assert_array_equal(dataset.test_labels, [1, 1, 0] * 2)
    assert dataset.class_names == ("0", "1", "2")


def test_all_256_values_of_a_label_can_be_classes(write_data_set):
    folder = write_data_set(train_images=some_pixels(256, 5, 4), train_labels=np.arange(256))
    assert locate(dataset=folder).class_names == tuple(map(str, range(256)))


@pytest.mark.parametrize(("channels", "shape"), [(3, (12, 6, 5, 3)), (1, (12, 6, 5))])
def test_colour_images_keep_their_channels_and_a_single_one_is_dropped(write_data_set, channels, shape):
    parts = {"train_images": some_pixels(12, 6, 5, channels), "test_images": some_pixels(6, 6, 5, channels)}
    dataset = load(locate(dataset=write_data_set(**parts)))
    assert dataset.image_shape == (6, 5, channels)
    assert dataset.train_images.shape == shape
    assert "train-images-idx4-ubyte" in dataset.file_hashes


def test_a_labels_file_names_the_classes(write_data_set):
    folder = write_data_set()
    (folder / "labels.txt").write_text("\ufeffÄrmel\r\nhat \nbelt\n\n", encoding="utf-8")
    assert locate(dataset=folder).class_names == ("Ärmel", "hat", "belt")
    parts = {"x_train": some_pixels(6, 5, 4).astype(np.uint8), "y_train": [0, 1, 2] * 2}
    np.savez(folder / "own.npz", **parts, x_test=255 - parts["x_train"], y_test=parts["y_train"])
    assert locate(dataset=folder / "own.npz").class_names == ("Ärmel", "hat", "belt")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a\nb\n", "names 2 classes, one a line, but the labels have 3"),
        (b"a\nb\nc\nd\n", "names 4 classes"),
        (b"a\n\nc\n", "line 2 is empty"),
        (b"a\nb\na\n", "two classes 'a'"),
        (b"a\nb\n\xff\n", "not UTF-8"),
    ],
)
def test_a_wrong_labels_file_is_an_error(write_data_set, text, message):
    folder = write_data_set()
    (folder / "labels.txt").write_bytes(text)
    with pytest.raises(DataError, match=message):
        locate(dataset=folder)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_a_labels_file_that_never_ends_is_refused_at_once(write_data_set, make):
    folder = write_data_set()
    make(folder / "labels.txt")
    with pytest.raises(DataError, match=r"labels\.txt is not a regular file"):
        locate(dataset=folder)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"train_labels": [0, 1, 2]}, "train has 12 images but 3 labels"),
        ({"test_labels": [0, 1, 2]}, "t10k has 6 images but 3 labels"),
        ({"test_images": np.zeros((6, 4, 5))}, "training images are 5 x 4, test images 4 x 5"),
        ({"train_images": np.zeros(12)}, "train-images is 12; expected count x height x width"),
        ({"train_images": np.zeros((12, 5, 4, 2))}, "train-images is 12 x 5 x 4 x 2; expected"),
        ({"train_labels": np.zeros((12, 1))}, "train-labels has 2 dimensions"),
        ({"test_labels": [0, 1, 2, 3, 4, 5]}, "labels that do not occur in training: 3, 4, 5"),
        ({"train_labels": [1, 2, 3] * 4}, "labels that do not occur in training: 0"),
        ({"train_labels": [0] * 12, "test_labels": [0] * 6}, "every training label is 0; at least two"),
        ({"train_labels": [2, 3, 4] * 4, "test_labels": [2] * 6}, "labels start at 2"),
        ({"train_labels": [0, 1, 5] * 4, "test_labels": [0] * 6}, "from 0 to 5, but no training image has 2, 3, 4;"),
        ({"train_labels": [0, 1, 9] * 4, "test_labels": [0] * 6}, "2, 3, 4, 5, 6 and 2 more"),
    ],
)
def test_parts_that_do_not_fit_together_are_an_error(write_data_set, parts, message):
    with pytest.raises(DataError, match=message):
        locate(dataset=write_data_set(**parts))


def test_headers_are_compared_before_anything_large_is_read(write_data_set):
    folder = write_data_set(train_labels=[0, 1, 2])
    (folder / "train-images-idx3-ubyte").write_bytes((folder / "train-images-idx3-ubyte").read_bytes()[:16])
    with pytest.raises(DataError, match="12 images but 3 labels"):
        locate(dataset=folder)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere", "nowhere: no such folder"),
        ("data.zip", "data.zip is a file; a folder of IDX files or of pictures, or an .npz file, is expected"),
        ("empty", "has no train-images-idx3-ubyte, raw or .gz; it is empty"),
        ("own", "no t10k-labels-idx1-ubyte, raw or .gz; it has answers, t10k-images.* train-lab"),
    ],
)
def test_a_place_without_the_files_is_an_error(write_data_set, tmp_path, name, message):
    (tmp_path / "data.zip").touch()
    (tmp_path / "empty").mkdir()
    (write_data_set("own") / "t10k-labels-idx1-ubyte").rename(tmp_path / "own" / "answers")
    with pytest.raises(DataError, match=message):
        locate(dataset=tmp_path / name)


def test_several_data_sets_in_one_folder_are_an_error(write_data_set):
    write_data_set(prefix="emnist-letters-")
    with pytest.raises(DataError, match=r"2 data sets \('emnist-digits-', 'emnist-letters-'"):
        locate(dataset=write_data_set(prefix="emnist-digits-"))


def test_the_hash_is_of_content_and_neither_of_names_nor_of_compression(write_data_set, write_idx):
    folder, other = write_data_set("a"), write_data_set("b", prefix="x-", test="test")
    (other / "labels.txt").write_text("one\ntwo\nthree\n")
    write_idx(other / "x-train-images-idx3-ubyte.gz", load(locate(dataset=other)).train_images)
    (other / "x-train-images-idx3-ubyte").unlink()
    expected = locate(dataset=folder).content_hash
    assert locate(dataset=other).content_hash == expected
    for changed in ({"train_labels": [1, 1, 2] + [0, 1, 2] * 3}, {"test_labels": [1, 1, 0, 2, 1, 0]}):
        assert locate(dataset=write_data_set("c", **changed)).content_hash != expected


def test_data_that_changed_since_it_was_located_is_not_loaded(write_data_set):
    location = locate(dataset=write_data_set())
    write_data_set(test_labels=[0, 1, 2] * 2)
    with pytest.raises(DataError, match="has changed"):
        load(location)


def test_data_dir_and_dataset_exclude_each_other(write_data_set):
    with pytest.raises(DataError, match="give one of them"):
        locate(data_dir="x", dataset=write_data_set())


def test_a_relative_folder_is_found_from_another_current_directory(write_data_set, tmp_path, monkeypatch):
    monkeypatch.chdir(write_data_set("garments").parent)
    location = locate(dataset="garments")
    monkeypatch.chdir("/")
    assert load(location).directory == tmp_path / "garments"
