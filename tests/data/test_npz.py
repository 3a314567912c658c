"""Data in an .npz file: equal to the same data in IDX files, and bounded by what the file really has."""

import io
import zipfile

import numpy as np
import pytest

from fashion_keras.data import load, locate
from fashion_keras.errors import DataError

PIXELS = np.random.default_rng(0).integers(0, 256, (18, 5, 4)).astype(np.uint8)


@pytest.fixture
def write_npz(tmp_path):
    """Write twelve and six images of three classes, but for what is given otherwise; None leaves it out."""

    def write(name="own.npz", **parts):
        arrays = {"x_train": PIXELS[:12], "y_train": [0, 1, 2] * 4, "x_test": PIXELS[12:], "y_test": [2, 1, 0] * 2}
        arrays |= parts
        np.savez_compressed(tmp_path / name, **{key: array for key, array in arrays.items() if array is not None})
        return tmp_path / name

    return write


def repack(path, method=zipfile.ZIP_DEFLATED, **others):
    """Write a file's members anew, but for the content of others."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, others.get(name.removesuffix(".npy"), content))


def test_equal_arrays_are_the_same_data_as_idx_files(write_npz, write_data_set):
    location = locate(dataset=write_npz())
    dataset = load(location)
    assert location.content_hash == locate(dataset=write_data_set()).content_hash
    assert (dataset.name, dataset.image_shape, dataset.class_names) == ("own", (5, 4, 1), ("0", "1", "2"))
    np.testing.assert_array_equal(dataset.train_images, PIXELS[:12])
    fortran = locate(dataset=write_npz("b.npz", x_train=np.asfortranarray(PIXELS[:12])))
    assert fortran.content_hash == location.content_hash


def test_text_labels_name_the_classes(write_npz):
    text = ["hat", "Ärmel", "belt"] * 4
    dataset = load(locate(dataset=write_npz(y_train=text, y_test=["hat", "belt"] * 3)))
    assert dataset.class_names == ("belt", "hat", "Ärmel")
    np.testing.assert_array_equal(dataset.test_labels, [1, 0] * 3)


def test_labels_from_one_and_in_a_column_are_read(write_npz):
    dataset = load(locate(dataset=write_npz(y_train=np.array([[1], [2], [3]] * 4), y_test=np.array([[2]] * 6))))
    np.testing.assert_array_equal(dataset.test_labels, [1] * 6)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"x_test": None}, "has no array x_test; it has x_train, y_train, y_test, and"),
        ({"x_train": PIXELS[:12] / 255}, r"x_train is float64; pixels must be uint8.*np.rint\(x_train \* 255\)"),
        ({"x_test": PIXELS[12:].astype(int)}, r"x_test is int64; .*x_test.astype\(np.uint8\)"),
        ({"x_test": PIXELS[12:] > 3}, r"x_test is bool; .*\* 255"),
        ({"x_train": PIXELS[:11]}, "train has 11 images but 12 labels"),
        ({"x_test": PIXELS[12:, :4]}, "training images are 5 x 4, test images 4 x 4"),
        ({"x_train": PIXELS[:12].reshape(12, 20)}, "x_train is 12 x 20; expected count x height x width"),
        ({"y_train": np.zeros(12)}, "y_train is float64; labels must be whole numbers or text"),
        ({"y_train": np.arange(12) / 2}, r"0\.5 is no class"),
        ({"y_train": np.eye(12)[:, :3].astype(int)}, r"one-hot labels, np.argmax\(y_train, axis=1\)"),
        ({"y_train": [0] * 12, "y_test": [0] * 6}, "every training label is 0; at least two"),
        ({"y_train": [0, 1, 300] * 4}, "y_train goes from 0 to 300; labels must be 0 to 255"),
        ({"y_train": [-1, 1, 0] * 4}, "y_train goes from -1 to 1"),
        ({"y_test": [3] * 6}, "labels that do not occur in training: 3"),
        ({"y_test": ["a"] * 6}, "y_test is <U1; all must be numbers, or text"),
        ({"y_train": ["a", "b"] * 6, "y_test": ["c"] * 6}, "the test set has the class 'c', which does not occur"),
        ({"y_train": np.array([{}] * 12)}, "y_train holds Python objects, which are not read"),
        ({"x_train": PIXELS[:0]}, "x_train is empty"),
    ],
)
def test_a_mistake_is_one_line_with_its_remedy(write_npz, parts, message):
    with pytest.raises(DataError, match=message) as error:
        locate(dataset=write_npz(**parts))
    assert "\n" not in str(error.value)


def test_a_header_that_claims_more_than_there_is_allocates_nothing(write_npz):
    path = write_npz()
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (10**7, 100, 100)})
    repack(path, x_train=header.getvalue() + b"\0" * 100)
    with pytest.raises(DataError, match="x_train says that it has 100,000,000,000 bytes, which the file has not"):
        locate(dataset=path)


@pytest.mark.parametrize("keep", [0, 10, 200, -30])
def test_a_damaged_file_is_one_line(write_npz, keep):
    path = write_npz()
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"own.npz is no .npz file, or is damaged"):
        locate(dataset=path)


def test_a_size_goes_with_pictures_alone(write_npz):
    with pytest.raises(DataError, match="--image-size goes with a folder of pictures"):
        locate(dataset=write_npz(), image_size=(8, 8))


@pytest.mark.parametrize(
    ("change", "fix"),
    [
        (lambda x: x.astype("f4"), "np.rint({}).astype(np.uint8)"),
        (lambda x: x / 255, "np.rint({} * 255).astype(np.uint8)"),
        (lambda x: x / 127.5 - 1, "np.rint(({} + 1) * 127.5).astype(np.uint8)"),
        (lambda x: x.astype("i8"), "{}.astype(np.uint8)"),
        (lambda x: x.astype("u2") * 16, "np.rint({} * (255 / 4095)).astype(np.uint8)"),
        (lambda x: (x / 255 * 16).astype("f4"), "np.rint(({} - 0) * (255 / 16)).clip(0, 255).astype(np.uint8)"),
        (lambda x: (x.astype("f8") - 128) / 64, "np.rint(({} - -2) * (255 / 3.98438)).clip(0, 255).astype(np.uint8)"),
        (lambda x: (x / 255).reshape(-1, 4, 5)[:, :4, :4].reshape(-1, 16), "np.rint({}.reshape(-1, 4, 4) * 255)"),
        (lambda x: np.stack([x] * 3, axis=1), "np.moveaxis({}, 1, -1)"),
    ],
)
def test_the_remedy_for_pixels_leads_to_the_end_in_one_step(write_npz, change, fix):
    arrays = {"x_train": change(PIXELS[:12]), "x_test": change(PIXELS[12:])}
    with pytest.raises(DataError) as caught:
        locate(dataset=write_npz(**arrays))
    for key, array in arrays.items():
        remedy = fix.format(key)
        assert remedy in str(caught.value)
        complete = remedy if remedy.endswith(")") and "rint" not in remedy else remedy.removesuffix(".astype(np.uint8)")
        complete += "" if complete == remedy and "rint" not in remedy else ".astype(np.uint8)"
        arrays[key] = eval(complete, {"np": np, key: array})
    locate(dataset=write_npz(**arrays))


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, bool])
def test_the_remedy_for_one_hot_labels_of_any_type_leads_to_the_end_in_one_step(write_npz, dtype):
    labels = {"y_train": np.eye(3, dtype=dtype)[[0, 1, 2] * 4], "y_test": np.eye(3, dtype=dtype)[[2, 1, 0] * 2]}
    with pytest.raises(DataError, match=r"np.argmax\(y_train, axis=1\).*np.argmax\(y_test, axis=1\)"):
        locate(dataset=write_npz(**labels))
    locate(dataset=write_npz(**{key: np.argmax(array, axis=1) for key, array in labels.items()}))


def test_arrays_that_are_not_used_are_named(write_npz):
    notes = locate(dataset=write_npz(x_val=PIXELS[:2], more=[0, 1])).notes
    assert notes == ("2 arrays not used: x_val, more; validation images are drawn from x_train",)


def test_a_validation_part_is_read_and_belongs_to_the_data(write_npz):
    location = locate(dataset=write_npz(x_val=PIXELS[:2], y_val=[0, 1]))
    dataset = load(location)
    np.testing.assert_array_equal(dataset.val_images, PIXELS[:2])
    assert dataset.validation_labels.tolist() == [0, 1]
    others = (write_npz("b.npz"), write_npz("c.npz", x_val=PIXELS[1:3], y_val=[0, 1]))
    assert len({location.content_hash, *(locate(dataset=other).content_hash for other in others)}) == 3
    assert location.notes[0].startswith("2 of 2 validation images are also training images")
    with pytest.raises(DataError, match="the validation set has labels that do not occur in training: 7"):
        locate(dataset=write_npz("d.npz", x_val=PIXELS[:2], y_val=[0, 7]))
    with pytest.raises(DataError, match="validation images 4 x 4; they must have one size"):
        locate(dataset=write_npz("e.npz", x_val=PIXELS[:2, :4], y_val=[0, 1]))


def test_labels_in_latin_1_keep_their_classes(write_npz):
    names = [name.encode("latin-1") for name in ("Ärmel", "hat", "Übergang")]
    location = locate(dataset=write_npz(y_train=names * 4, y_test=names * 2))
    assert location.class_names == ("hat", "Ärmel", "Übergang")
    assert location.notes == ("the labels are not UTF-8: read as Latin-1",)


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED])
def test_a_damaged_member_of_any_compression_is_one_line(write_npz, method):
    path = write_npz()
    repack(path, method)
    content = bytearray(path.read_bytes())
    for start in range(60, 120):
        content[start] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"own.npz (is no .npz file, or is damaged|cannot be read): "):
        locate(dataset=path)
