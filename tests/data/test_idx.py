import gzip
import hashlib
import os
import tracemalloc

import numpy as np
import pytest
from made_files import idx_file, idx_header

from fashion_keras.data import idx
from fashion_keras.data.dataset import FASHION_MNIST_FILES
from fashion_keras.errors import DataError

VALUES = np.arange(24).reshape(2, 3, 4)


CONTENT = idx_file(VALUES)
DAMAGED = bytearray(gzip.compress(CONTENT))
DAMAGED[-6] ^= 1  # in the checksum


@pytest.mark.parametrize("name", ["raw", "zipped.gz"])
def test_a_file_is_read_raw_and_gzipped_with_one_hash(tmp_path, write_idx, name):
    file = idx.read_file(write_idx(tmp_path / name, VALUES))
    np.testing.assert_array_equal(file.array, VALUES)
    assert file.array.dtype == np.uint8
    assert file.sha256 == hashlib.sha256(CONTENT).hexdigest()
    with pytest.raises(ValueError, match="read-only"):
        file.array[0] = 1


def test_gzip_is_known_by_its_content_whatever_the_name(tmp_path, write_idx):
    zipped = write_idx(tmp_path / "zipped.gz", VALUES)
    raw = write_idx(tmp_path / "raw", VALUES)
    assert idx.read_shape(zipped.rename(tmp_path / "named-as-if-raw")) == (2, 3, 4)
    assert idx.read_shape(raw.rename(tmp_path / "named-as-if-zipped.gz")) == (2, 3, 4)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (CONTENT[:-4], "promises 40 bytes for 2 x 3 x 4, but it ends after 36"),
        (CONTENT + b"\0", "promises 40 bytes .* but it goes on"),
        (gzip.compress(CONTENT)[:-9], "cut off"),
        (bytes(DAMAGED), "is damaged: "),
        (idx_header(2**32 - 1, 2**32 - 1), "4,294,967,295 x 4,294,967,295 bytes, above the limit of 8 GiB"),
        (b"", "no IDX file"),
        (b"\0\0\x08", "no IDX file"),
        (b"<!DOCTYPE html>", "no IDX file.*<!DO"),
        (b"\0\0\x08\0", "no IDX file"),
        (idx_header(2, 3)[:9], "ends within its header"),
        (idx_header(2, 3, code=0x0D) + bytes(24), "type 0x0d; only 8-bit"),
        (idx_header(2, 0, 3), "is empty"),
        (idx_header(1, 1, 1)[3::-1] + np.array([60_000, 28, 28], "<u4").tobytes(), "other byte order.*big-endian"),
        (idx_header(1, 1, 1)[:4] + np.array([60_000, 28, 28], "<u4").tobytes(), "other byte order.*big-endian"),
    ],
)
def test_a_damaged_file_or_a_wrong_header_is_an_error(tmp_path, content, message):
    (tmp_path / "wrong").write_bytes(content)
    with pytest.raises(DataError, match=message):
        idx.read_file(tmp_path / "wrong")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(idx_header(2, 3, 4) + bytes(100_000_000), 1), "goes on"),
        (idx_header(2_000_000, 28, 28) + bytes(100), "ends after 116"),
    ],
)
def test_neither_a_gzip_bomb_nor_a_header_that_lies_costs_memory(tmp_path, content, message):
    (tmp_path / "lie").write_bytes(content)
    tracemalloc.start()
    with pytest.raises(DataError, match=message):
        idx.read_file(tmp_path / "lie")
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_what_is_no_file_is_an_error(tmp_path):
    os.mkfifo(tmp_path / "pipe")  # reading it would wait for ever
    for name, message in ((".", "not a regular file"), ("pipe", "not a regular file"), ("missing", "No such file")):
        with pytest.raises(DataError, match=message):
            idx.read_file(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "prefix", "role"),
    [
        ("train-images-idx3-ubyte", "", "train-images"),
        ("t10k-labels-idx1-ubyte.gz", "", "t10k-labels"),
        ("t10k-labels.idx1-ubyte", "", "t10k-labels"),
        ("emnist-letters-test-images-idx3-ubyte.gz", "emnist-letters-", "t10k-images"),
        ("my-test-train-labels-idx1-ubyte", "my-test-", "train-labels"),
    ],
)
def test_files_are_found_by_their_usual_names(tmp_path, name, prefix, role):
    (tmp_path / name).touch()
    (tmp_path / "README.md").touch()
    assert idx.find_files(tmp_path) == [idx.FoundFile(role, prefix, tmp_path / name)]


def test_a_raw_file_goes_before_a_gzipped_one_and_a_folder_with_a_files_name_gives_way_to_the_file(tmp_path, write_idx):
    names = list(FASHION_MNIST_FILES)
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / f"._{name}").touch()
        write_idx(tmp_path / name / name, VALUES)
    assert idx.choose_files(tmp_path) == tuple(tmp_path / name / name for name in names)
    plain = write_idx(tmp_path / names[0].replace("-idx", ".idx"), VALUES)
    (tmp_path / f"{plain.name}.gz").touch()
    assert idx.choose_files(tmp_path)[0] == plain
