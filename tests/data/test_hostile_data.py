"""Generated data, 300 inputs, and 5,000 more with `-m slow`: whatever arrives, it is read or refused in one line.

None of it needs TensorFlow.
"""

import io
import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_strategies
from made_files import encoded, idx_file, try_examples

from fashion_keras.data import load, locate
from fashion_keras.errors import DataError
from fashion_keras.formatting import one_line
from fashion_keras.inference.info import ModelInfo
from fashion_keras.inference.record import RECORD, read_record

PIXELS = np.random.default_rng(0).integers(0, 256, (9, 5, 4)).astype(np.uint8)


COUNTS = pytest.mark.parametrize("number", [60, pytest.param(1_000, marks=pytest.mark.slow)])


def check_data(path: Path) -> None:
    """Locate and load it: a data set as `Dataset` promises it comes out, or one line."""
    try:
        location = locate(dataset=path)
    except DataError as error:
        check_message(str(error))
        return
    dataset = load(location)
    assert dataset.train_images.dtype == np.uint8
    assert len(dataset.train_images) == len(dataset.train_labels)
    assert set(dataset.train_labels.tolist()) == set(range(dataset.num_classes))
    assert all(name.isprintable() and name for name in dataset.class_names)
    assert len(set(dataset.class_names)) == dataset.num_classes
    assert all(one_line(note) == note for note in location.notes)


def check_message(message: str) -> None:
    # Names in it may hold anything: the command's entry shows them on one line.
    assert 0 < len(one_line(message)) < 4_000


def npz(arrays: dict[str, np.ndarray]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


SOUND = {"x_train": PIXELS[:6], "y_train": np.array([0, 1] * 3), "x_test": PIXELS[6:], "y_test": np.array([0, 1, 0])}
VALUES = numpy_strategies.arrays(
    st.one_of(
        st.just(np.dtype(np.uint8)), numpy_strategies.scalar_dtypes(), numpy_strategies.byte_string_dtypes(max_len=5)
    ),
    st.sampled_from(
        [(), (6,), (6, 1), (6, 3), (6, 20), (6, 5, 4), (6, 3, 5, 4), (6, 5, 4, 4), (6, 5, 4, 3), (0, 5, 4)]
    ),
)


@COUNTS
def test_npz_of_arrays_of_any_type_and_shape_is_data_or_one_line(number: int, tmp_path: Path) -> None:
    def check(change: tuple[str, np.ndarray]) -> None:
        (tmp_path / "own.npz").write_bytes(npz(SOUND | dict([change])))
        check_data(tmp_path / "own.npz")

    try_examples(number, st.tuples(st.sampled_from([*SOUND, "x_val"]), VALUES), check)


@COUNTS
def test_npz_with_flipped_bytes_is_data_or_one_line(number: int, tmp_path: Path) -> None:
    sound = npz(SOUND)
    packed = {}
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        file = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(sound)) as source, zipfile.ZipFile(file, "w", method) as target:
            for name in source.namelist():
                target.writestr(name, source.read(name))
        packed[method] = file.getvalue()

    def check(change: tuple[bytes, list[tuple[float, int]]]) -> None:
        content = bytearray(change[0])
        for place, value in change[1]:
            content[int(place * len(content))] ^= value
        (tmp_path / "own.npz").write_bytes(content)
        check_data(tmp_path / "own.npz")

    changes = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=4)
    try_examples(number, st.tuples(st.sampled_from([sound, *packed.values()]), changes), check)


@COUNTS
def test_idx_files_with_changed_bytes_and_any_labels_file_are_data_or_one_line(number: int, tmp_path: Path) -> None:
    names = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
    sound = [idx_file(array) for array in SOUND.values()]

    def check(change: tuple[int, int, int, int, bytes]) -> None:
        which, place, value, cut, labels = change
        for number, (name, content) in enumerate(zip(names, sound, strict=True)):
            changed = bytearray(content)
            if number == which:
                changed[place % len(changed)] ^= value
                changed = changed[: len(changed) - cut]
            (tmp_path / name).write_bytes(changed)
        (tmp_path / "labels.txt").write_bytes(labels)
        check_data(tmp_path)

    labels = st.one_of(st.just(b"a\nb\n"), st.binary(max_size=12), st.text(max_size=12).map(str.encode))
    try_examples(
        number, st.tuples(st.integers(0, 3), st.integers(0, 20), st.integers(0, 255), st.integers(0, 2), labels), check
    )


# Every byte that a name on a disk may have.
NAMES = st.one_of(
    st.sampled_from(["train", "Test", "val", "__MACOSX", ".git", "hat", "Thumbs.db", "a.png", "0"]).map(os.fsencode),
    st.binary(min_size=1, max_size=20)
    .map(lambda name: name.replace(b"\0", b"_").replace(b"/", b"_"))
    .filter(lambda name: name not in (b".", b"..")),
)
ENDINGS = st.sampled_from([b".png", b".PNG", b".gif", b".tif", b".bmp", b".webp", b".txt", b""])
FILES = st.lists(
    st.tuples(st.lists(NAMES, min_size=0, max_size=3), NAMES, ENDINGS, st.integers(0, 8)), min_size=1, max_size=12
)


@COUNTS
def test_folders_of_any_layout_and_names_are_data_or_one_line(number: int) -> None:
    contents = {
        suffix: [encoded(pixels, form) for pixels in PIXELS]
        for suffix, form in {".png": "PNG", ".gif": "GIF", ".tif": "TIFF", ".bmp": "BMP", ".webp": "WEBP"}.items()
    }

    def check(files: list[tuple[list[bytes], bytes, bytes, int]]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for folders, name, ending, which in files:
                path = Path(os.fsdecode(os.path.join(os.fsencode(folder), *folders, name + ending)))  # noqa: PTH118
                try:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(contents.get(path.suffix.lower(), [b"no picture"] * 9)[which])
                except OSError:  # a folder of one is a file of another
                    continue
            check_data(Path(folder))

    try_examples(number, FILES, check)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.integers(10**399, 10**400)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.lists(
    st.sampled_from(["run", "data", "final", "config", "class_names", "parity", "versions", "seed", "num_images"]),
    max_size=3,
)


@COUNTS
def test_any_record_of_a_model_is_described_in_lines_that_do_nothing_to_a_terminal(number: int, tmp_path: Path) -> None:
    (tmp_path / RECORD).parent.mkdir()

    def check(change: tuple[list[str], Any]) -> None:
        value: Any = change[1]
        for key in reversed(change[0]):
            value = {key: value}
        record = {"files": {}} | (value if isinstance(value, dict) else {"run": value})
        (tmp_path / RECORD).write_text(json.dumps(record))
        info = ModelInfo.of(tmp_path, read_record(tmp_path))
        assert all(line.isprintable() for line in str(info).split("\n"))

    try_examples(number, st.tuples(KEYS, JSON), check)


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5_000, b"\xff\xfe", b""])
def test_a_record_of_deep_brackets_or_endless_numbers_is_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / RECORD).parent.mkdir()
    (tmp_path / RECORD).write_bytes(content)
    assert read_record(tmp_path) == {}
