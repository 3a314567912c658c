"""`fashion-keras predict` around a model that needs no TensorFlow: it names the brightness of an image's centre."""

import csv
import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from fashion_keras import cli
from fashion_keras.commands import predict as command
from fashion_keras.errors import DataError
from fashion_keras.images.reading import Picture
from fashion_keras.inference import classifier as inference
from fashion_keras.inference.classifier import Predictions
from fashion_keras.inference.info import ModelInfo

NAMES = ("dark", "light")


class Brightness:
    """A classifier of two classes; it remembers how many images it classified at a time."""

    image_shape = (28, 28, 1)
    class_names = NAMES
    info = ModelInfo.of(Path("brightness"), {})

    def __init__(self) -> None:
        self.batches: list[int] = []

    def predict_pictures(self, pictures: list[Picture]) -> Predictions:
        self.batches.append(len(pictures))
        light = np.array([picture.pixels[14, 14] for picture in pictures]) / 255
        class_id = (light > 0.5).astype(np.int64)
        probabilities = np.stack([1 - light, light], axis=1).astype(np.float32)
        return Predictions(class_id, [NAMES[k] for k in class_id], probabilities, NAMES)


@pytest.fixture(autouse=True)
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Brightness:
    """The model that every name means, and an empty current folder."""
    monkeypatch.chdir(tmp_path)
    brightness = Brightness()
    monkeypatch.setattr(inference, "load_model", lambda name: brightness)
    return brightness


def paint(name: str, centre: int = 255) -> None:
    pixels = np.zeros((28, 28), np.uint8)
    pixels[8:20, 8:20] = centre
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(name)


def test_unreadable_picture_among_many_is_named_and_the_rest_answered(capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(9):
        paint(f"photos/{number}.png")
    Path("photos/4.png").write_bytes(b"no picture")
    assert cli.main(["predict", "m", "photos"]) == 1
    output, errors = capsys.readouterr()
    assert [line.split()[0] for line in output.splitlines()] == [f"photos/{n}.png" for n in (0, 1, 2, 3, 5, 6, 7, 8)]
    assert output.splitlines()[0] == "photos/0.png  light  100.0%  (not inverted: dark border)"
    assert errors == "fashion-keras: photos/4.png is no PNG, JPEG, WebP, GIF, BMP or TIFF picture\n"


def test_nothing_readable_is_status_1_and_the_model_is_not_asked(
    model: Brightness, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["predict", "m", "missing.png"]) == 1
    assert capsys.readouterr() == ("", "fashion-keras: missing.png cannot be read: No such file or directory\n")
    assert model.batches == []


def test_top_json_and_csv_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    paint("a.png", 200)
    assert cli.main(["predict", "m", "a.png", "--top", "5", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert [(each["class_id"], each["class_name"]) for each in found["predictions"]] == [(1, "light"), (0, "dark")]
    assert found["predictions"][0]["probability"] == pytest.approx(200 / 255)
    assert cli.main(["predict", "m", "a.png", "--top", "5", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(int(row["class_id"]), float(row["probability"])) for row in rows] == [
        (each["class_id"], each["probability"]) for each in found["predictions"]
    ]


@pytest.mark.parametrize(("invert", "inverted", "name"), [("auto", False, "light"), ("on", True, "dark")])
def test_what_was_decided_about_light_and_dark_is_in_every_output(
    invert: str, inverted: bool, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    paint("a.png")
    outputs = {}
    for form in ([], ["--json"], ["--csv"]):
        assert cli.main(["predict", "m", "a.png", "--invert", invert, *form]) == 0
        outputs[tuple(form)] = capsys.readouterr().out
    assert f"({'inverted: as asked' if inverted else 'not inverted: dark border'})" in outputs[()]
    found = json.loads(outputs["--json",])[0]
    assert (found["inverted"], found["predictions"][0]["class_name"]) == (inverted, name)
    assert next(csv.DictReader(io.StringIO(outputs["--csv",])))["inverted"] == str(inverted).lower()


def test_standard_input_is_answered(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    paint("a.png")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(Path("a.png").read_bytes())))
    assert cli.main(["predict", "m", "-"]) == 0
    assert capsys.readouterr().out.startswith("standard input  light")


def test_many_pictures_are_computed_in_batches(
    model: Brightness, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "BATCH_SIZE", 4)
    for number in range(10):
        paint(f"p/{number}.png")
    Path("p/0.png").write_bytes(b"")
    assert cli.main(["predict", "m", "p"]) == 1
    assert model.batches == [3, 4, 2]
    assert len(capsys.readouterr().out.splitlines()) == 9


def test_json_and_csv_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["predict", "m", "a.png", "--json", "--csv"])
    assert stopped.value.code == 2
    assert "not allowed with argument --json" in capsys.readouterr().err


def test_model_that_is_none_is_one_line_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(name: str) -> None:
        raise DataError(f"{name} is not there")

    monkeypatch.setattr(inference, "load_model", refuse)
    assert cli.main(["predict", "nowhere", "a.png"]) == 2
    assert capsys.readouterr() == ("", "fashion-keras: nowhere is not there\n")
