"""Generated input at every door, by one harness: whatever arrives is taken, or refused in one line.

Some of each kind run with every change, 3,600 with `-m slow`: no traceback, none longer than 20 s, no 2 GB of memory.
None of it needs TensorFlow.
"""

import contextlib
import gzip
import io
import json
import lzma
import os
import resource
import shutil
import struct
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_strategies
from made_files import encoded, idx_file, png_chunk, try_examples
from PIL import Image
from stored_runs import commit

from fashion_keras import cli
from fashion_keras.commands.options import Parser
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import load, locate
from fashion_keras.errors import ImageError, StoreError, UserError
from fashion_keras.experiments.definition import Arm, Experiment
from fashion_keras.experiments.registry import load_file
from fashion_keras.formatting import one_line
from fashion_keras.images.reading import Picture, read_picture
from fashion_keras.inference.arrays import check_images, read_images
from fashion_keras.inference.collecting import Unreadable, read_pictures
from fashion_keras.inference.info import ModelInfo
from fashion_keras.inference.record import RECORD, read_record
from fashion_keras.results.metrics import TEST_ACCURACY
from fashion_keras.storage import comparison, runs
from fashion_keras.storage.archive import RunArchive, write_archive
from fashion_keras.storage.reading import seal

PIXELS = np.random.default_rng(0).integers(0, 256, (9, 5, 4)).astype(np.uint8)
IDX = b"\0\0\x08\x03" + struct.pack(">III", 3, 28, 28) + bytes(range(256)) * 9 + bytes(48)
FORMS = {".png": "PNG", ".gif": "GIF", ".tif": "TIFF", ".bmp": "BMP", ".webp": "WEBP"}


def check_one_line(message: str, start: str = "") -> None:
    assert message.startswith(start)
    assert message.isprintable()
    assert 0 < len(message) < 500


# Pictures


def make_pictures(form: str) -> list[bytes]:
    """Valid pictures in several colour modes; small, so that mutations hit what matters."""
    pixels = np.random.default_rng(0).integers(0, 256, (12, 10, 4), np.uint8)
    image = Image.fromarray(pixels)
    exif = Image.Exif()
    exif[0x0112] = 6
    modes, variants = {
        "PNG": ("1 L LA P RGB RGBA", [{"exif": exif}]),
        "JPEG": ("L RGB CMYK", [{"progressive": True, "exif": exif}]),
        "WEBP": ("RGB RGBA", [{"lossless": True}, {"exif": exif}]),
        "GIF": ("L P", []),
        "BMP": ("1 L RGB RGBA", []),
        "TIFF": ("1 L P RGB RGBA CMYK", [{"compression": "tiff_lzw"}, {"compression": "packbits", "exif": exif}]),
    }[form]
    contents = [encoded(image.convert(mode), form, **more) for mode in modes.split() for more in ({}, *variants)]
    if form not in ("JPEG", "BMP"):
        frames = [image.convert("RGB"), image.rotate(90).convert("RGB")]
        contents.append(encoded(frames[0], form, save_all=True, append_images=frames[1:]))
    if form == "PNG":
        contents.append(encoded(Image.fromarray(pixels[..., 0].astype(np.uint16) << 8), form, transparency=9))
    return contents


@st.composite
def mutations(draw: st.DrawFn, contents: list[bytes]) -> bytes:
    """Valid content with some bytes changed, taken out, put in, or its end cut off."""
    content = bytearray(draw(st.sampled_from(contents)))
    for _ in range(draw(st.integers(1, 6))):
        position = draw(st.integers(0, max(len(content) - 1, 0)))
        kind = draw(st.sampled_from(["change", "change", "change", "cut", "insert", "delete", "number"]))
        if kind == "change":
            content[position : position + 1] = draw(st.binary(min_size=1, max_size=1))
        elif kind == "number":
            number = draw(st.sampled_from([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]))
            content[position : position + 4] = struct.pack(">I", number)
        elif kind == "insert":
            content[position:position] = draw(st.binary(max_size=20))
        elif kind == "delete":
            del content[position : position + draw(st.integers(1, 20))]
        else:
            del content[position:]
    return bytes(content)


def with_checksums(content: bytes) -> bytes:
    """Mend the checksum of each chunk of a PNG file, so that its damage reaches the decoder."""
    mended, position = content[:8], 8
    while position + 12 <= len(content):
        end = position + 8 + int.from_bytes(content[position : position + 4], "big")
        mended += png_chunk(content[position + 4 : position + 8], content[position + 8 : end])
        position = end + 4
    return mended + content[position:]


def check_picture(content: bytes, _: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            picture = read_picture(content, name="it")
        except ImageError as error:
            check_one_line(str(error), "it")
        return
    assert (picture.pixels.shape, picture.pixels.dtype) == ((28, 28), np.uint8)
    assert picture.pixels.min() < picture.pixels.max()
    assert picture.note


def check_idx_images(content: bytes, _: Path) -> None:
    found = list(read_pictures(["-"], standard_input=io.BytesIO(content)))
    assert all(isinstance(item, Picture) for item in found[:-1])
    for item in found:
        if isinstance(item, Unreadable):
            check_one_line(item.reason, "standard input")
        else:
            assert item.pixels.shape == (28, 28)


SIDES = st.sampled_from([0, 1, 3, 27, 28])
ARRAYS = st.tuples(
    st.just(np.dtype(np.uint8)) | numpy_strategies.scalar_dtypes() | numpy_strategies.array_dtypes(),
    st.sampled_from([(28, 28), (1, 28, 28), (0, 28, 28), (2, 28, 28, 1), (2, 28, 28, 3)])
    | st.lists(SIDES, max_size=4).map(tuple),
    st.sampled_from([(28, 28, 1), (28, 28, 3)]),
)


def check_array(example: tuple[np.dtype, tuple[int, ...], tuple[int, int, int]], _: Path) -> None:
    images, image_shape = np.zeros(example[1], example[0]), example[2]
    one = (28, 28, 3) if image_shape[2] == 3 else (28, 28)
    shape = images.shape  # of some dtypes longer than asked for
    if images.dtype == np.uint8 and shape in (one, image_shape, (*shape[:1], *one), (*shape[:1], *image_shape)):
        assert check_images(images, image_shape).shape == (1 if shape in (one, image_shape) else shape[0], *one)
        return
    with pytest.raises(ImageError) as refused:
        check_images(images, image_shape)
    check_one_line(str(refused.value), "images")


MODES = [
    "1",
    "L",
    "LA",
    "P",
    "PA",
    "RGB",
    "RGBA",
    "RGBX",
    "CMYK",
    "YCbCr",
    "HSV",
    "LAB",
    "La",
    "RGBa",
    "F",
    "I",
    "I;16",
]
IMAGES = st.tuples(
    st.sampled_from(MODES), st.integers(1, 60), st.integers(1, 60), st.sampled_from(["auto", "on", "off"])
)


def check_image(example: tuple[str, int, int, str], _: Path) -> None:
    mode, width, height, invert = example
    image = Image.new(mode, (width, height))
    value = {"1": 1, "F": 0.5}.get(mode, 200)
    many = value if len(image.getbands()) == 1 else (value,) * len(image.getbands())
    image.putpixel((width // 3, height // 2), many)
    try:
        pixels, notes = read_images([image], (28, 28, 1), invert)
    except ImageError as error:
        check_one_line(str(error), "images[0]")
        return
    assert pixels.shape == (1, 28, 28)
    assert notes[0].startswith(("inverted: ", "not inverted: "))


def check_name(name: str, _: Path) -> None:
    assert one_line(name).isprintable()
    one_line(name).encode()
    for item in read_pictures([f"missing{name}"]):
        assert isinstance(item, Unreadable)
        assert item.reason.isprintable()


# Data sets


def check_data(path: Path) -> None:
    """Locate and load it: a data set as `Dataset` promises it comes out, or one line."""
    try:
        location = locate(dataset=path)
    except UserError as error:
        check_one_line(one_line(str(error))[:499])  # names in it may be long; the command shows them on one line
        return
    dataset = load(location)
    assert dataset.train_images.dtype == np.uint8
    assert len(dataset.train_images) == len(dataset.train_labels)
    assert set(dataset.train_labels.tolist()) == set(range(dataset.num_classes))
    assert all(name.isprintable() and name for name in dataset.class_names)
    assert len(set(dataset.class_names)) == dataset.num_classes
    assert all(one_line(note) == note for note in location.notes)


def npz(arrays: dict[str, np.ndarray], method: int = zipfile.ZIP_STORED) -> bytes:
    file, packed = io.BytesIO(), io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(packed, "w", method) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    return packed.getvalue()


SOUND = {"x_train": PIXELS[:6], "y_train": np.array([0, 1] * 3), "x_test": PIXELS[6:], "y_test": np.array([0, 1, 0])}
SHAPES = [(), (6,), (6, 1), (6, 3), (6, 20), (6, 5, 4), (6, 3, 5, 4), (6, 5, 4, 4), (6, 5, 4, 3), (0, 5, 4)]
DTYPES = st.just(np.dtype(np.uint8)) | numpy_strategies.scalar_dtypes() | numpy_strategies.byte_string_dtypes(max_len=5)
NPZ = st.tuples(st.sampled_from([*SOUND, "x_val"]), numpy_strategies.arrays(DTYPES, st.sampled_from(SHAPES))).map(
    lambda change: npz(SOUND | dict([change]))
)
PACKED = [npz(SOUND, method) for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA)]


def check_npz(content: bytes, folder: Path) -> None:
    (folder / "own.npz").write_bytes(content)
    check_data(folder / "own.npz")


IDX_NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
IDX_FILES = dict(zip(IDX_NAMES, map(idx_file, SOUND.values()), strict=True))
IDX_FOLDERS = st.sampled_from(IDX_NAMES).flatmap(
    lambda name: st.tuples(st.just(name), mutations([IDX_FILES[name]]), st.just(b"a\nb\n") | st.binary(max_size=12))
)


def check_idx_folder(example: tuple[str, bytes, bytes], folder: Path) -> None:
    for name, content in {**IDX_FILES, example[0]: example[1], "labels.txt": example[2]}.items():
        (folder / name).write_bytes(content)
    check_data(folder)


NAMES = st.sampled_from(["train", "Test", "val", "__MACOSX", ".git", "hat", "Thumbs.db", "a.png", "0"]).map(
    os.fsencode
) | st.binary(min_size=1, max_size=20).map(lambda name: name.replace(b"\0", b"_").replace(b"/", b"_")).filter(
    lambda name: name not in (b".", b"..")
)
ENDINGS = st.sampled_from([b".png", b".PNG", b".gif", b".tif", b".bmp", b".webp", b".txt", b""])
FOLDERS = st.lists(st.tuples(st.lists(NAMES, max_size=3), NAMES, ENDINGS, st.integers(0, 8)), min_size=1, max_size=12)
CONTENTS = {suffix: [encoded(pixels, form) for pixels in PIXELS] for suffix, form in FORMS.items()}


def check_folder(files: list[tuple[list[bytes], bytes, bytes, int]], folder: Path) -> None:
    root = folder / "pictures"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for folders, name, ending, which in files:
        path = Path(os.fsdecode(os.path.join(os.fsencode(root), *folders, name + ending)))  # noqa: PTH118
        with contextlib.suppress(OSError):  # a folder of one is a file of another
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(CONTENTS.get(path.suffix.lower(), [b"no picture"] * 9)[which])
    check_data(root)


# JSON of ours

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.integers(10**399, 10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
PLACES = st.lists(st.integers(0, 30), min_size=1, max_size=5)


def changed(value: Any, places: list[int], new: Any) -> Any:
    """Return JSON with another value somewhere; the places are taken modulo what there is."""
    if not places or not isinstance(value, dict | list) or not value:
        return new
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = keys[places[0] % len(keys)]
    copy = value.copy()
    copy[key] = changed(copy[key], places[1:], new)
    return copy


KEYS = ["run", "data", "final", "config", "class_names", "parity", "versions", "seed", "num_images"]


def check_model_record(example: tuple[list[str], Any], folder: Path) -> None:
    value: Any = example[1]
    for key in reversed(example[0]):
        value = {key: value}
    path = folder / RECORD
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"files": {}} | (value if isinstance(value, dict) else {"run": value})))
    assert all(line.isprintable() for line in str(ModelInfo.of(folder, read_record(folder))).split("\n"))


EXPERIMENT = Experiment("mine", "Mine", RunConfig(epochs=2), (Arm("plain"), Arm("fast", learning_rate=0.1)))
DATA = {"name": "own", "content_hash": "abc", "class_names": ["a", "b"], "is_fashion_mnist": False}


def check_store(example: tuple[str, list[int], Any, bool], folder: Path) -> None:
    """Change a value in one of the files of a store; with its digest made anew, or gone as of old."""
    which, places, new, is_sealed = example
    store = runs.RunStore(folder / "store")
    if not store.root.exists():
        comparison.save_record(store, comparison.make_record(EXPERIMENT, DATA, [0]))
        write_archive(folder / "sound.xz", [commit(store, EXPERIMENT.config_of(arm)) for arm in EXPERIMENT.arms])
    run = next(store.all_runs())
    path = {
        "record": comparison.make_record(EXPERIMENT, DATA, [0]).path_in(store),
        "archive": folder / "sound.xz",
    }.get(which, run.path / which)
    sound = path.read_bytes()
    content = changed(json.loads(lzma.decompress(sound) if which == "archive" else sound), places, new)
    text = seal(content) if is_sealed and isinstance(content, dict) else json.dumps(content)
    try:
        path.write_bytes(lzma.compress(text.encode(), preset=0) if which == "archive" else text.encode())
        record = comparison.read_record(comparison.make_record(EXPERIMENT, DATA, [0]).path_in(store))
        for source in (store, RunArchive(folder / "sound.xz")):
            for arm in comparison.load_results(source, record, [0]).arms:
                arm.values(TEST_ACCURACY, [0])
                arm.histories("val_loss")
    except StoreError as error:
        check_one_line(one_line(str(error)))
    finally:
        path.write_bytes(sound)


# Own files and command lines

SNIPPETS = st.sampled_from(
    ["None", "''", "'x' * 300", "'a\\nb'", "'\\x1b[2J'", "'\\udcff'", "10**400", "-1", "[]", "()", "float('nan')",
     "object()", "BASE", "Arm('a')", "(Arm('a'), Arm('a'))", "(Arm('a'), Arm(None))", "(Arm('a', epochs=10**400),)",
     "(Arm('a', learning_rate=-1),)", "(Arm('a', optimizer='nadam2'),)", "lambda: 1", "1 / 0", "exit(3)", "{}",
     "'../../x'", "(Arm('a'), Arm('b', hidden_units='x'))", "open('missing')", "[[]] * 9"]
)  # fmt: skip
FIELDS = st.dictionaries(
    st.sampled_from(["name", "title", "base", "arms", "baseline", "dataset"]), SNIPPETS, max_size=3
)


def check_experiment(example: tuple[dict[str, str], str], folder: Path) -> None:
    fields = {"name": "'mine'", "title": "'Mine'", "base": "BASE", "arms": "(Arm('a'),)"} | example[0]
    given = ", ".join(f"{name}={text}" for name, text in fields.items())
    path = folder / "own.py"
    path.write_bytes(
        f"from fashion_keras.experiments import BASE, Arm, Experiment\nEXPERIMENT = Experiment({given})\n".encode()
        + example[1].encode(errors="surrogatepass")
    )
    try:
        experiment = load_file(str(path))
        comparison.record_text(comparison.make_record(experiment, DATA, [0]))
    except UserError as error:
        check_one_line(one_line(str(error))[:499])


def find_options(parser: Parser) -> set[str]:
    """The options of all commands."""
    found = set(parser._option_string_actions)
    for action in parser._actions:
        for each in (action.choices or {}).values() if isinstance(action.choices, dict) else ():
            found |= find_options(each)
    return found - {"--watch"}


HARMLESS = ("list", "status", "report", "judge", "check", "models")
WORDS = st.sampled_from([*sorted(find_options(cli._build_parser())), "cnn", "all", "own.npz", ".", "/dev/null", "--"])
TOKENS = WORDS | st.sampled_from(
    ["9" * 400, "-1", "nan", "0", "1,2", "", "a" * 300, "\x1b[2J", "\udcff", "..", "=", "x\ny"]
)
COMMANDS = st.sampled_from([module.__name__.rpartition(".")[2] for module in cli.COMMANDS])


def check_command(example: tuple[str, list[str]], _: Path) -> None:
    """Parse a command line; where the command trains, serves and fetches nothing, obey it."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            arguments = [example[0], *example[1]]
            status = cli.main(arguments) if example[0] in HARMLESS else bool(cli._build_parser().parse_args(arguments))
        except SystemExit as left:
            status = left.code
    assert status in (0, 1, 2, True), status
    assert all(line.isprintable() for line in said.getvalue().split("\n"))


TEXTS = st.text(max_size=50)
KINDS: dict[str, tuple[Any, Any]] = {
    "PNG": (mutations(make_pictures("PNG")), check_picture),
    "PNG with its checksums mended": (mutations(make_pictures("PNG")).map(with_checksums), check_picture),
    "JPEG": (mutations(make_pictures("JPEG")), check_picture),
    "WebP": (mutations(make_pictures("WEBP")), check_picture),
    "GIF": (mutations(make_pictures("GIF")), check_picture),
    "BMP and TIFF": (mutations([*make_pictures("BMP"), *make_pictures("TIFF")]), check_picture),
    "IDX images": (mutations([IDX, gzip.compress(IDX, mtime=0)]), check_idx_images),
    "arrays": (ARRAYS, check_array),
    "Pillow images": (IMAGES, check_image),
    "names of files": (TEXTS, check_name),
    "npz of any arrays": (NPZ, check_npz),
    "npz of changed bytes": (mutations(PACKED), check_npz),
    "IDX folder": (IDX_FOLDERS, check_idx_folder),
    "folder of pictures": (FOLDERS, check_folder),
    "record of a model": (st.tuples(st.lists(st.sampled_from(KEYS), max_size=3), VALUES), check_model_record),
    **{
        f"{which} of a store": (st.tuples(st.just(which), PLACES, VALUES, st.booleans()), check_store)
        for which in ("result.json", "history.json", "record", "archive")
    },
    "file of an experiment": (st.tuples(FIELDS, st.just("") | st.text(max_size=20)), check_experiment),
    "command line": (st.tuples(COMMANDS, st.lists(TOKENS, max_size=6)), check_command),
}


@pytest.mark.parametrize("number", [15, pytest.param(175, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", KINDS)
def test_generated_input_is_taken_or_refused_in_one_line(
    kind: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    strategy, check = KINDS[kind]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try_examples(number, strategy, lambda example: check(example, tmp_path))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2 * 2**20, "in KiB"


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5_000, b"\xff\xfe", b""])
def test_a_record_of_deep_brackets_or_endless_numbers_is_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / RECORD).parent.mkdir()
    (tmp_path / RECORD).write_bytes(content)
    assert read_record(tmp_path) == {}
