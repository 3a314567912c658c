import gzip
import hashlib
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from fashion_keras.data import idx
from fashion_keras.errors import DataError

VALUES = np.arange(24).reshape(2, 3, 4)


def header(*shape: int, code: int = 8) -> bytes:
    return bytes([0, 0, code, len(shape)]) + np.array(shape, ">u4").tobytes()


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", ["raw", "zipped.gz"])
def test_a_file_is_read_raw_and_gzipped_with_one_hash(tmp_path, write_idx, name):
    file = idx.read_file(write_idx(tmp_path / name, VALUES))
    np.testing.assert_array_equal(file.array, VALUES)
    assert file.array.dtype == np.uint8
    assert file.sha256 == hashlib.sha256(header(2, 3, 4) + bytes(range(24))).hexdigest()


def test_gzip_is_known_by_its_content_whatever_the_name(tmp_path, write_idx):
    zipped = write_idx(tmp_path / "zipped.gz", VALUES)
    raw = write_idx(tmp_path / "raw", VALUES)
    assert idx.read_shape(zipped.rename(tmp_path / "named-as-if-raw")) == (2, 3, 4)
    assert idx.read_shape(raw.rename(tmp_path / "named-as-if-zipped.gz")) == (2, 3, 4)


def test_values_cannot_be_changed(tmp_path, write_idx):
    with pytest.raises(ValueError, match="read-only"):
        idx.read_file(write_idx(tmp_path / "raw", VALUES)).array[0] = 1


def test_a_truncated_file_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"promises 40 bytes for 2 x 3 x 4, but it ends after 36"):
        idx.read_file(write(tmp_path / "short", header(2, 3, 4) + bytes(20)))


def test_a_longer_file_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"promises 40 bytes .* but it goes on"):
        idx.read_file(write(tmp_path / "long", header(2, 3, 4) + bytes(25)))


def test_a_truncated_gzip_stream_is_an_error(tmp_path):
    content = gzip.compress(header(2, 3, 4) + bytes(range(24)))
    with pytest.raises(DataError, match="cut off"):
        idx.read_file(write(tmp_path / "short.gz", content[:-9]))


def test_a_damaged_gzip_stream_is_an_error(tmp_path):
    content = bytearray(gzip.compress(header(2, 3, 4) + bytes(range(24))))
    content[-6] ^= 1  # in the checksum
    with pytest.raises(DataError, match="is damaged: "):
        idx.read_file(write(tmp_path / "wrong.gz", bytes(content)))


def test_a_gzip_bomb_is_read_no_further_than_its_header_says(tmp_path):
    bomb = write(tmp_path / "bomb.gz", gzip.compress(header(2, 3, 4) + bytes(100_000_000)))
    tracemalloc.start()
    with pytest.raises(DataError, match="goes on"):
        idx.read_file(bomb)
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


def test_a_header_that_lies_costs_no_memory(tmp_path):
    lie = write(tmp_path / "lie", header(2_000_000, 28, 28) + bytes(100))
    tracemalloc.start()
    with pytest.raises(DataError, match="ends after 116"):
        idx.read_file(lie)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_dimensions_beyond_the_limit_are_an_error(tmp_path):
    with pytest.raises(DataError, match=r"4,294,967,295 x 4,294,967,295 bytes, above the limit of 8 GiB"):
        idx.read_shape(write(tmp_path / "huge", header(2**32 - 1, 2**32 - 1) + bytes(100)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no IDX file"),
        (b"\0\0\x08", "no IDX file"),
        (b"<!DOCTYPE html>", "no IDX file.*<!DO"),
        (b"\0\0\x08\0", "no IDX file"),
        (header(2, 3)[:9], "ends within its header"),
        (header(2, 3, code=0x0D) + bytes(24), "type 0x0d; only 8-bit"),
        (header(2, 0, 3), "is empty"),
    ],
)
def test_a_wrong_header_is_an_error(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        idx.read_shape(write(tmp_path / "wrong", content))


def test_a_folder_and_a_pipe_in_place_of_a_file_are_errors(tmp_path):
    os.mkfifo(tmp_path / "pipe")  # reading it would wait for ever
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(DataError, match="not a regular file"):
            idx.read_file(path)


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(DataError, match="cannot be read: No such file"):
        idx.read_file(tmp_path / "missing")


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


def test_the_raw_file_is_chosen_before_the_gzipped_one(tmp_path):
    for role, dimensions in zip(idx.ROLES, (3, 1, 3, 1), strict=True):
        for suffix in ("", ".gz"):
            (tmp_path / f"{idx.usual_name(role, dimensions)}{suffix}").touch()
    assert [path.suffix for path in idx.choose_files(tmp_path)] == [""] * 4


@pytest.mark.parametrize(
    "content",
    [
        header(60_000, 28, 28)[:4][::-1] + np.array([60_000, 28, 28], "<u4").tobytes(),
        header(1, 1, 1)[:4] + np.array([60_000, 28, 28], "<u4").tobytes(),
    ],
)
def test_a_header_of_the_other_byte_order_is_named(tmp_path, content):
    with pytest.raises(DataError, match=r"other byte order.*big-endian"):
        idx.read_shape(write(tmp_path / "little", content + bytes(100)))


def test_a_folder_with_a_files_name_gives_way_to_the_file_and_is_looked_into(tmp_path, write_idx):
    names = [idx.usual_name(role, dimensions) for role, dimensions in zip(idx.ROLES, (3, 1, 3, 1), strict=True)]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / f"._{name}").touch()
        write_idx(tmp_path / name / name, VALUES)
    assert idx.choose_files(tmp_path) == tuple(tmp_path / name / name for name in names)
    plain = write_idx(tmp_path / names[0].replace("-idx", ".idx"), VALUES)
    assert idx.choose_files(tmp_path)[0] == plain
