"""`fashion-keras evaluate`, on an untrained model and the sample of the data."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fashion_keras import cli
from fashion_keras._tensorflow import import_tensorflow

tf = import_tensorflow()

from fashion_keras.data import Dataset, load, locate  # noqa: E402
from fashion_keras.data.dataset import FASHION_MNIST_CLASSES  # noqa: E402
from fashion_keras.errors import DataError  # noqa: E402
from fashion_keras.export import export_model  # noqa: E402
from fashion_keras.inference.classifier import load_model  # noqa: E402
from fashion_keras.inference.info import ModelInfo  # noqa: E402
from fashion_keras.models.networks import build_fcn  # noqa: E402
from fashion_keras.workflows.evaluate import evaluate_model, short_name  # noqa: E402

FILES = ["confusion_matrix.png", "evaluation.json", "mistakes.png", "reliability.png"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, sample_dataset: Dataset) -> Path:
    """An export of an untrained FCN, in own/arm/1."""
    path = tmp_path_factory.mktemp("models") / "own" / "arm" / "1"
    metadata = {"label": "untrained", "seed": 3, "run_id": "abc", "data": {"content_hash": "0"}}
    images = sample_dataset.test_images[:, :, :, np.newaxis]
    export_model(build_fcn(hidden_units=(16,)), path, sample_dataset.class_names, (28, 28, 1), metadata, images)
    return path


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "current").mkdir()
    monkeypatch.chdir(tmp_path / "current")


def test_evaluation_prints_tables_and_writes_json_and_pictures(
    exported: Path, sample_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["evaluate", str(exported.parent), "--dataset", str(sample_dir)]) == 0
    output, errors = capsys.readouterr()
    folder = Path("runs/evaluate/own_arm")
    assert errors == ""
    assert sorted(path.name for path in folder.iterdir()) == FILES
    record = json.loads((folder / "evaluation.json").read_text())
    assert f"{record['num_correct']} of 200 test images" in output
    assert "Ankle boot" in output
    assert str(folder) in output


def test_json_is_all_that_goes_to_standard_output(
    exported: Path,
    sample_dir: Path,
    sample_dataset: Dataset,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("fashion_keras.reporting.evaluation_figures.draw_evaluation", lambda *_: [])
    assert cli.main(["evaluate", str(exported), "--dataset", str(sample_dir), "--json", "--out", "here"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record == json.loads(Path("here/evaluation.json").read_text())
    assert record["model"] == {"name": str(exported), "label": "untrained", "seed": 3, "run_id": "abc"}
    assert record["data"]["content_hash"] == sample_dataset.content_hash
    assert record["accuracy"] == record["num_correct"] / 200
    assert np.sum(record["confusion_matrix"]["counts"]) == 200
    assert [row["num_images"] for row in record["classes"]] == [20] * 10
    assert sum(row["num_images"] for row in record["calibration"]["bins"]) == 200
    answers = load_model(exported).predict(sample_dataset.test_images)
    for mistake in record["mistakes"]:
        index = mistake["index"]
        assert sample_dataset.class_names[sample_dataset.test_labels[index]] == mistake["true"]
        assert answers.class_name[index] == mistake["predicted"] != mistake["true"]
        assert answers.probabilities[index].max() == pytest.approx(mistake["probability"], abs=1e-6)


def mistake_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the one line that is said of a mistake; nothing is written."""
    assert cli.main(["evaluate", *arguments]) == 2
    output, errors = capsys.readouterr()
    assert (output, errors.count("\n")) == ("", 1)
    assert list(Path.cwd().iterdir()) == []
    return errors


def test_model_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert "nowhere/cnn is not there" in mistake_of(capsys, "nowhere/cnn")


@pytest.fixture
def own_data(tmp_path: Path) -> Callable[..., Path]:
    """Write a data set of one image a class."""

    def write(labels: Sequence[Any] = range(10), size: int = 28) -> Path:
        images = np.random.default_rng(0).integers(0, 256, (len(labels), size, size), np.uint8)
        path = tmp_path / "own.npz"
        np.savez(path, x_train=images[:, ::-1], y_train=labels, x_test=images, y_test=labels)
        return path

    return write


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"size": 8}, ("takes images of 28x28x1", "are of 8x8x1")),
        ({"labels": range(4)}, ("the model knows 10 classes", "has 4")),
        ({}, ("class 0 is 'T-shirt/top' to the model and '0' in", "own.npz; where", "labels.txt")),
        ({"labels": FASHION_MNIST_CLASSES}, ("to the model and 'Ankle boot' in", "the data that it was made for")),
    ],
)
def test_data_of_another_shape_or_of_other_classes_is_one_line(
    exported: Path,
    own_data: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
    data: dict[str, Any],
    said: tuple[str, ...],
) -> None:
    errors = mistake_of(capsys, str(exported), "--dataset", str(own_data(**data)))
    assert all(part in errors for part in said)


def test_image_size_goes_with_pictures(
    exported: Path, own_data: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    said = mistake_of(capsys, str(exported), "--dataset", str(own_data()), "--image-size", "28,28")
    assert "--image-size goes with a folder of pictures" in said


def test_model_without_a_record_is_evaluated_by_the_number_of_its_classes(
    exported: Path, sample_dataset: Dataset, own_data: Callable[..., Path]
) -> None:
    model = load_model(exported)
    model.info = ModelInfo.of(exported, {})
    assert evaluate_model(model, sample_dataset).num_images == 200
    with pytest.raises(DataError, match="knows 10 classes"):
        evaluate_model(model, load(locate(dataset=own_data(labels=range(4)))))


def test_tables_are_printed_even_where_the_files_cannot_be_written(
    exported: Path, sample_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("file").write_text("here first")
    assert cli.main(["evaluate", str(exported), "--dataset", str(sample_dir), "--out", "file"]) == 2
    output, errors = capsys.readouterr()
    assert "Accuracy" in output
    assert "a file is in the way; choose another folder with --out" in errors
    assert Path("file").read_text() == "here first"


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("cnn", "cnn"),
        ("./cnn", "cnn"),
        ("saved_models/cnn/fcn_adam/", "cnn_fcn_adam"),
        ("saved_models/cnn/fcn_adam/2", "cnn_fcn_adam"),
        ("/somewhere/mine", "somewhere_mine"),
        ("../mine", "mine"),
        (".", "current"),
    ],
)
def test_model_is_called_by_its_name_or_the_end_of_its_path(model: str, name: str) -> None:
    assert short_name(model) == name


def test_shipped_model_is_mostly_right_about_the_sample(sample_dataset: Dataset) -> None:
    evaluation = evaluate_model(load_model("cnn"), sample_dataset)
    assert evaluation.num_images == 200
    assert evaluation.accuracy > 0.8
    assert evaluation.calibration.expected_error < 0.2
