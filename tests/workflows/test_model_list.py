"""Which models there are, told from their records: no TensorFlow, no real SavedModel."""

import json
from pathlib import Path
from typing import Any

import pytest

from fashion_keras import cli
from fashion_keras.errors import DataError
from fashion_keras.inference.record import RECORD
from fashion_keras.inference.shipped import shipped_models
from fashion_keras.statistics.classifier import wilson_interval
from fashion_keras.workflows import list_models as model_list
from fashion_keras.workflows.list_models import list_folder, list_shipped


def make_model(folder: Path, label: str | None = "fcn-sgd-0.02", accuracy: float | None = 0.9) -> Path:
    """A folder that looks like an export of 2,000 bytes and its record."""
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(bytes(1500))
    (folder / "variables" / "variables.index").write_bytes(bytes(500))
    if label:
        (folder / RECORD).parent.mkdir()
        (folder / RECORD).write_text(json.dumps(make_record(label, accuracy)))
    return folder


def make_record(label: str, accuracy: float | None) -> dict[str, Any]:
    return {
        "files": {},
        "class_names": ["a", "b"],
        "image_shape": [28, 28, 1],
        "exported_at": "2026-01-02T03:04:05+00:00",
        "parity": {"num_images": 1000},
        "run": {
            "label": label,
            "seed": 3,
            "run_id": "abc",
            "data": {"name": "own"},
            "final": {"test_accuracy": accuracy},
        },
    }


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty current directory, and no models with the package."""
    (tmp_path / "current").mkdir()
    monkeypatch.chdir(tmp_path / "current")
    monkeypatch.setattr(model_list, "shipped_models", dict)


def test_model_says_what_it_is() -> None:
    make_model(Path("saved_models/cnn/sgd/1"))
    (model,) = list_folder(Path("saved_models"))
    assert model.name == "cnn/sgd"
    assert model.path == Path("saved_models/cnn/sgd/1")
    assert model.description == "fcn-sgd-0.02, seed 3, own"
    assert (model.info.accuracy, model.info.accuracy_interval) == (0.9, wilson_interval(900, 1000))
    assert model.num_bytes == 2000 + (model.path / RECORD).stat().st_size
    assert not model.is_shipped


def test_models_are_listed_by_name_with_their_highest_version() -> None:
    for name in ("b/1", "b/9", "b/10", "a/arm/2", ".b.partial/1", "c/.1.partial", "unversioned"):
        make_model(Path("saved_models", name))
    paths = [str(model.path) for model in list_folder(Path("saved_models"))]
    assert paths == ["saved_models/a/arm/2", "saved_models/b/10", "saved_models/unversioned"]


def test_folder_that_is_a_model_itself_is_listed_under_its_name() -> None:
    path = make_model(Path("mine/1"))
    assert [model.name for model in list_folder(Path("mine"))] == ["mine"]
    assert [model.name for model in list_folder(path)] == ["mine"]
    assert list_folder(path)[0].path == path


def test_model_without_a_record_or_with_a_strange_one_is_listed_all_the_same() -> None:
    make_model(Path("models/plain/1"), label=None)
    strange = make_model(Path("models/strange/1"))
    (strange / RECORD).write_text(json.dumps({"files": {}, "run": 7, "parity": []}))
    make_model(Path("models/untested/1"), accuracy=None)
    models = list_folder(Path("models"))
    assert [model.description for model in models] == [
        "a SavedModel without a record",
        "a SavedModel without a record",
        "fcn-sgd-0.02, seed 3, own",
    ]
    assert [model.info.accuracy_interval for model in models] == [None, None, None]


@pytest.mark.parametrize(
    "changes",
    [
        {"run": {"label": ["x"], "seed": "3", "final": {"test_accuracy": "0.9"}, "run_id": float("nan")}},
        {"run": {"final": {"test_accuracy": float("nan")}, "data": {"name": 5}}, "parity": {"num_images": "many"}},
        {"class_names": [float("nan")], "image_shape": [float("inf")], "exported_at": 5},
    ],
)
def test_record_of_nonsense_is_listed_without_it(changes: dict, capsys: pytest.CaptureFixture[str]) -> None:
    path = make_model(Path("saved_models/strange/1"))
    (path / RECORD).write_text(json.dumps(make_record("a", 0.9) | changes))
    assert cli.main(["models"]) == 0
    assert "strange" in capsys.readouterr().out
    assert cli.main(["models", "--json"]) == 0
    (model,) = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert model["name"] == "strange"


def test_place_that_is_no_folder_is_one_line() -> None:
    Path("file").touch()
    for name, said in {"nowhere": "is not there", "file": "is a file"}.items():
        with pytest.raises(DataError, match=f"{name} {said}; name a folder"):
            list_folder(Path(name))


def test_shipped_models_come_under_the_names_that_commands_take(monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = make_model(Path("saved_models/pretrained/cnn/1"), "cnn-adam")
    monkeypatch.setattr(model_list, "shipped_models", lambda: {"cnn": shipped})
    (model,) = list_shipped()
    assert (model.name, model.is_shipped, model.path) == ("cnn", True, shipped)


def test_command_lists_what_is_there_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    shipped = make_model(Path("saved_models/pretrained/cnn/1"), "cnn-adam")
    monkeypatch.setattr(model_list, "shipped_models", lambda: {"cnn": shipped.absolute()})
    make_model(Path("saved_models/cnn/sgd/1"))
    assert cli.main(["models"]) == 0
    output, errors = capsys.readouterr()
    assert errors == ""
    assert output.count("cnn-adam") == 1
    assert "saved_models/cnn/sgd" in output  # as commands take it
    assert "90.00 [87.98–91.71]" in output
    assert "0.0" in output
    assert cli.main(["models", "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert (first["name"], first["is_shipped"]) == ("cnn", True)
    assert second == {
        "name": "cnn/sgd",
        "description": "fcn-sgd-0.02, seed 3, own",
        "is_shipped": False,
        "test_accuracy": 0.9,
        "test_accuracy_interval": list(wilson_interval(900, 1000)),
        "num_bytes": list_folder(Path("saved_models"))[0].num_bytes,
        "path": "saved_models/cnn/sgd/1",
        "class_names": ["a", "b"],
        "image_shape": [28, 28, 1],
        "exported_at": "2026-01-02T03:04:05+00:00",
        "run_id": "abc",
    }


def test_command_without_a_model_says_how_to_make_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["models"]) == 0
    assert "`fashion-keras run initializers` exports some" in capsys.readouterr().out
    assert cli.main(["models", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert cli.main(["models", "nowhere"]) == 2
    assert capsys.readouterr().err == "fashion-keras: nowhere is not there; name a folder with SavedModels\n"


def test_label_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    make_model(Path("saved_models/[red]a[/red]/1"), "[bold]b[/bold]")
    assert cli.main(["models"]) == 0
    output = capsys.readouterr().out
    assert "[red]a[/red]" in output
    assert "[bold]b[/bold]" in output


def test_models_of_the_package_are_listed_with_their_accuracies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_list, "shipped_models", shipped_models)
    models = {model.name: model for model in list_shipped()}
    assert set(models) == {"cnn", "fcn"}
    for model in models.values():
        low, high = model.info.accuracy_interval or (0, 0)
        assert 0.8 < low < (model.info.accuracy or 0) < high
