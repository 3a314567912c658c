import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from fashion_keras._tensorflow import _hidden_stderr, import_tensorflow

tf = import_tensorflow()

from fashion_keras.data import Dataset  # noqa: E402
from fashion_keras.errors import DataError  # noqa: E402
from fashion_keras.export import export_model  # noqa: E402
from fashion_keras.inference import (  # noqa: E402
    Answers,
    Classifier,
    ImageError,
    Picture,
    format_rows,
    load_model,
    read_picture,
)
from fashion_keras.models import build_fcn  # noqa: E402

CLASS_NAMES = tuple("abcdefghij")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of an untrained FCN, in ARM/1."""
    path = tmp_path_factory.mktemp("arm") / "1"
    images = np.random.default_rng(0).integers(0, 256, (20, 28, 28, 1), np.uint8)
    export_model(build_fcn(hidden_units=(16,)), path, CLASS_NAMES, (28, 28, 1), {"label": "untrained"}, images)
    return path


@pytest.fixture(scope="module")
def classifier(exported: Path) -> Classifier:
    return load_model(exported)


def test_model_loads_with_and_without_its_version(exported: Path) -> None:
    for path in (exported, exported.parent):
        model = load_model(path)
        assert model.info["run"] == {"label": "untrained"}
        assert model.image_shape == (28, 28, 1)


def test_damaged_model_is_refused(exported: Path, tmp_path: Path) -> None:
    for name in ("saved_model.pb", "variables/variables.data-00000-of-00001"):
        copy = tmp_path / name.replace("/", "-") / "1"
        shutil.copytree(exported, copy)
        data = bytearray((copy / name).read_bytes())
        data[len(data) // 2] ^= 1
        (copy / name).write_bytes(data)
        with pytest.raises(DataError, match=f"is damaged: {name} is not as it was written"):
            load_model(copy)


def test_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    module = tf.Module()
    module.double = tf.function(lambda x: 2 * x, input_signature=[tf.TensorSpec((), tf.float32)])
    tf.saved_model.save(module, str(tmp_path / "double"), signatures={"serve": module.double})
    with pytest.raises(DataError, match="SavedModel of another kind"):
        load_model(tmp_path / "double")
    (tmp_path / "saved_model.pb").write_bytes(os.urandom(100))
    with pytest.raises(DataError, match=r"cannot be loaded as a SavedModel: [^\n]*$"):
        load_model(tmp_path)


def test_every_accepted_shape_gives_the_same_answer(classifier: Classifier, sample_dataset: Dataset) -> None:
    images = sample_dataset.test_images[:3]
    expected = classifier.predict(images)
    assert expected.probabilities.shape == (3, 10)
    assert expected.probabilities.dtype == np.float32
    np.testing.assert_allclose(expected.probabilities.sum(axis=1), 1, rtol=1e-5)
    assert expected.class_id.dtype == np.int64
    assert expected.class_id.tolist() == expected.probabilities.argmax(axis=1).tolist()
    assert expected.class_name == [CLASS_NAMES[class_id] for class_id in expected.class_id]
    np.testing.assert_array_equal(classifier.predict(images[..., np.newaxis]).probabilities, expected.probabilities)
    single = classifier.predict(images[0])
    assert single.class_name == expected.class_name[:1]
    np.testing.assert_allclose(single.probabilities, expected.probabilities[:1], atol=1e-6)


def test_batches_are_put_together_in_order(classifier: Classifier, sample_dataset: Dataset) -> None:
    whole = classifier.predict(sample_dataset.test_images, batch_size=1000)
    for batch_size in (1, 3, 200):
        parts = classifier.predict(sample_dataset.test_images, batch_size=batch_size)
        np.testing.assert_allclose(parts.probabilities, whole.probabilities, atol=1e-6)
    none = classifier.predict(sample_dataset.test_images[:0])
    assert none.probabilities.shape == (0, 10)
    assert none.class_name == []


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.full((1, 28, 28), 0.5), r"float64 in 0.5..0.5; np.rint\(images \* 255\).astype\(np.uint8\)"),
        (np.full((1, 28, 28), 254.5, np.float32), r"np.rint\(images\).astype"),
        (np.full((1, 28, 28), -1.0), r"np.rint\(\(images \+ 1\) \* 127.5\)"),
        (np.zeros((1, 28, 28), np.int64), r"int64; .*images.astype\(np.uint8\)"),
        (np.zeros((1, 28, 28), bool), r"bool; images.astype\(np.uint8\) \* 255"),
        (np.zeros((0, 28, 28)), "float64; make a NumPy array"),
        ("boot.png", "make a NumPy array"),
        ([[1], [2, 3]], "one array"),
        (np.zeros(784, np.uint8), r"shape \[28, 28\] or \[N, 28, 28, \(1\)\], got \[784\]"),
        (np.zeros((28, 28, 3), np.uint8), r"got \[28, 28, 3\]"),
        (np.zeros((1, 32, 32), np.uint8), r"got \[1, 32, 32\]"),
        (np.zeros((1, 28, 28, 3), np.uint8), r"got \[1, 28, 28, 3\]"),
    ],
)
def test_what_is_no_image_is_refused_with_the_remedy(classifier: Classifier, images: object, message: str) -> None:
    with pytest.raises(ImageError, match=message) as caught:
        classifier.predict(images)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def save(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)  # type: ignore[arg-type]
    return path


def dark_square(ground: int = 240, ink: int = 20, size: int = 280) -> NDArray[np.uint8]:
    pixels = np.full((size, size), ground, np.uint8)
    pixels[size // 4 : -size // 4, size // 4 : -size // 4] = ink
    return pixels


def test_picture_of_the_data_set_is_read_unchanged(sample_dataset: Dataset, tmp_path: Path) -> None:
    for number, pixels in enumerate(sample_dataset.test_images):
        picture = read_picture(save(Image.fromarray(pixels), tmp_path / f"{number}.png"))
        assert not picture.inverted
        np.testing.assert_array_equal(picture.pixels, pixels)


def test_inversion_follows_the_border_or_what_was_asked(tmp_path: Path) -> None:
    light = save(Image.fromarray(dark_square()), tmp_path / "light.jpg")
    dark = save(Image.fromarray(255 - dark_square()), tmp_path / "dark.png")
    expected = {
        (light, "auto"): (235, "inverted: light border"),
        (light, "on"): (235, "inverted: as asked"),
        (light, "off"): (20, "not inverted: as asked"),
        (dark, "auto"): (235, "not inverted: dark border"),
        (dark, "on"): (20, "inverted: as asked"),
    }
    for (path, invert), (centre, note) in expected.items():
        picture = read_picture(path, invert=invert)
        assert picture.pixels.shape == (28, 28)
        assert picture.pixels.dtype == np.uint8
        assert picture.pixels[14, 14] == pytest.approx(centre, abs=3)
        assert picture.note == note
    with pytest.raises(ImageError, match="one of auto, on, off, got 'maybe'"):
        read_picture(light, invert="maybe")


@pytest.mark.parametrize(("ink", "inverted"), [(20, True), (230, False)])
def test_transparent_ground_becomes_black_and_what_stands_on_it_light(ink: int, inverted: bool, tmp_path: Path) -> None:
    # What is hidden has the other brightness: it must not count.
    square = np.full((280, 280, 4), (255 - ink, 255 - ink, 255 - ink, 0), np.uint8)
    square[70:-70, 70:-70] = (ink, ink, ink, 255)
    cut_out = Image.fromarray(square)
    for image in (cut_out, cut_out.convert("LA"), cut_out.quantize(4)):
        picture = read_picture(save(image, tmp_path / "cut-out.png"))
        assert picture.inverted == inverted
        assert picture.pixels[0, 0] == 0
        assert picture.pixels[14, 14] > 220
        assert "on a transparent ground" in picture.note


def test_alpha_channel_that_hides_nothing_is_no_transparency(tmp_path: Path) -> None:
    opaque = Image.fromarray(dark_square()).convert("RGBA")
    assert read_picture(save(opaque, tmp_path / "opaque.png")).note == "inverted: light border"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_colour_mode_is_read_alike(mode: str, tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    pixels = dark_square(ground=255, ink=0)
    image = Image.fromarray(pixels.astype(np.uint16) << 8) if mode == "I;16" else Image.fromarray(pixels).convert(mode)
    picture = read_picture(save(image, tmp_path / f"picture.{'jpg' if mode == 'CMYK' else 'png'}"))
    assert picture.inverted
    assert picture.pixels[2, 2] <= 2
    assert picture.pixels[14, 14] >= 253
    assert not recwarn.list


def test_picture_is_turned_as_its_exif_data_says(tmp_path: Path) -> None:
    pixels = np.zeros((280, 280), np.uint8)
    pixels[:100] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the upper edge of the data is the right edge of the scene
    turned = read_picture(save(Image.fromarray(pixels), tmp_path / "turned.jpg", exif=exif), invert="off")
    assert turned.pixels[14, 26] > 250
    assert turned.pixels[1, 1] < 5


def test_long_picture_is_centred_and_filled_like_its_border(tmp_path: Path) -> None:
    pixels = np.full((100, 400), 30, np.uint8)
    pixels[20:80, 40:360] = 200
    picture = read_picture(save(Image.fromarray(pixels), tmp_path / "long.png"))
    assert picture.pixels[0, 0] == picture.pixels[27, 27] == 30
    assert picture.pixels[14, 14] > 190
    thin = read_picture(save(Image.new("L", (1, 5000)), tmp_path / "thin.png"))
    assert thin.pixels.shape == (28, 28)


def test_colour_model_gets_colours_in_its_size(tmp_path: Path) -> None:
    path = save(Image.new("RGB", (60, 40), (250, 100, 10)), tmp_path / "colour.png")
    picture = read_picture(path, image_shape=(12, 10, 3))
    assert picture.pixels.shape == (12, 10, 3)
    assert picture.pixels[6, 5].tolist() == [250, 100, 10]
    assert picture.note == "not inverted: a colour model"


def test_file_that_is_no_picture_is_one_clear_line(tmp_path: Path) -> None:
    whole = save(Image.fromarray(dark_square()), tmp_path / "whole.png").read_bytes()
    files = {
        "random.png": (np.random.default_rng(0).bytes(500), "is no PNG or JPEG picture"),
        "empty.jpg": (b"", "is no PNG or JPEG picture"),
        "truncated.png": (whole[: len(whole) // 2], "cannot be read"),
    }
    for name, (content, message) in files.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ImageError, match=f"{name} {message}"):
            read_picture(tmp_path / name)
    with pytest.raises(ImageError, match=r"missing\.png cannot be read: No such file"):
        read_picture(tmp_path / "missing.png")
    with pytest.raises(ImageError, match="cannot be read: Is a directory"):
        read_picture(tmp_path)


def test_picture_of_too_many_pixels_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    bomb = save(Image.new("1", (10_000, 10_000)), tmp_path / "bomb.png")
    with pytest.raises(ImageError, match="too many pixels"):
        read_picture(bomb)


def test_rows_are_aligned_and_say_what_was_done() -> None:
    pixels = np.zeros((28, 28), np.uint8)
    pictures = [
        Picture(Path("boot.png"), pixels, True, "light border"),
        Picture(Path("b.jpg"), pixels, False, "dark border"),
    ]
    answers = Answers(np.array([1, 0]), ["Ankle boot", "Bag"], np.array([[0.02, 0.98], [1.0, 0.0]], np.float32))
    assert format_rows(pictures, answers) == [
        "boot.png  Ankle boot   98.0%  (inverted: light border)",
        "b.jpg     Bag         100.0%  (not inverted: dark border)",
    ]


def test_loading_and_predicting_write_nothing_to_the_terminal(exported: Path) -> None:
    script = (
        "import sys, numpy as np; from fashion_keras.inference import load_model; "
        "load_model(sys.argv[1]).predict(np.zeros((28, 28), np.uint8))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(exported)], cwd=Path(__file__).parents[1], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def fail_to_import() -> None:
    os.write(2, b"the reason\n")
    raise ImportError


def test_what_a_failed_import_said_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    with _hidden_stderr():
        os.write(2, b"hidden\n")
    assert capfd.readouterr().err == ""
    with pytest.raises(ImportError), _hidden_stderr():
        fail_to_import()
    os.write(2, b"later\n")
    assert capfd.readouterr().err == "the reason\nlater\n"
