"""Which models there are, told from their records: no TensorFlow, no real SavedModel."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from fashion_keras import cli
from fashion_keras.errors import DataError
from fashion_keras.inference import shipped
from fashion_keras.inference.record import RECORD
from fashion_keras.inference.shipped import find_model, shipped_models
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
    sizes = {"saved_model.pb": 1500, "variables/variables.index": 500}
    return {
        "files": {name: hashlib.sha256(bytes(size)).hexdigest() for name, size in sizes.items()},
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
    assert model.name == "saved_models/cnn/sgd"
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


@pytest.mark.parametrize("searched", [".", "mine", "mine/1", "mine/2", "cnn", "{here}/mine"])
def test_name_of_a_listed_model_is_what_commands_take(searched: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in ("mine/1", "mine/2", "cnn"):
        make_model(Path(path))
    monkeypatch.setattr(shipped, "shipped_models", lambda: {"cnn": Path("elsewhere/cnn/1")})
    models = list_folder(Path(searched.format(here=Path.cwd())))
    assert len(models) == (2 if searched == "." else 1)
    for model in models:
        assert find_model(model.name) == model.path


def test_damaged_model_is_listed_as_that(capsys: pytest.CaptureFixture[str]) -> None:
    (make_model(Path("saved_models/changed/1")) / "saved_model.pb").write_bytes(bytes(1501))
    for name in ("pipe", "device"):
        (make_model(Path("saved_models", name, "1")) / RECORD).unlink()
    os.mkfifo(Path("saved_models/pipe/1") / RECORD)
    (Path("saved_models/device/1") / RECORD).symlink_to("/dev/zero")
    assert cli.main(["models", "--json"]) == 0
    damages = {model["name"].split("/")[1]: model["damage"] for model in json.loads(capsys.readouterr().out)}
    odd = "assets.extra/fashion_keras.json is no file"
    assert damages == {"changed": "saved_model.pb is not as it was written", "pipe": odd, "device": odd}


def test_path_that_is_wider_than_the_terminal_is_shown_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    make_model(Path("saved_models", "x" * 60, "last", "1"))
    assert cli.main(["models"]) == 0
    output = capsys.readouterr().out
    names = "".join(line.split(" ")[0] for line in output.splitlines())
    assert f"saved_models/{'x' * 60}/last" in names


def test_name_of_a_folder_cannot_forge_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    make_model(Path("saved_models/a\nb\x1b[2J/1"))
    assert cli.main(["models"]) == 0
    assert "\x1b[2J" not in capsys.readouterr().out


def test_model_without_a_record_or_with_a_strange_one_is_listed_all_the_same() -> None:
    make_model(Path("models/plain/1"), label=None)
    strange = make_model(Path("models/strange/1"))
    record = make_record("a", 0.9) | {"run": 7, "parity": []}
    (strange / RECORD).write_text(json.dumps(record))
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
    assert model["name"] == "saved_models/strange"


def test_place_that_is_no_folder_is_one_line() -> None:
    Path("file").touch()
    for name, said in {"nowhere": "is not there", "file": "is a file"}.items():
        with pytest.raises(DataError, match=f"{name} {said}; name a folder"):
            list_folder(Path(name))


def test_shipped_models_come_under_the_names_that_commands_take(monkeypatch: pytest.MonkeyPatch) -> None:
    cnn = make_model(Path("saved_models/pretrained/cnn/1"), "cnn-adam")
    monkeypatch.setattr(model_list, "shipped_models", lambda: {"cnn": cnn})
    (model,) = list_shipped()
    assert (model.name, model.is_shipped, model.path) == ("cnn", True, cnn)


def test_command_lists_what_is_there_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    cnn = make_model(Path("saved_models/pretrained/cnn/1"), "cnn-adam")
    monkeypatch.setattr(model_list, "shipped_models", lambda: {"cnn": cnn.absolute()})
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
        "name": "saved_models/cnn/sgd",
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
        "damage": None,
    }


def test_command_without_a_model_says_how_to_make_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["models"]) == 0
    assert "`fashion-keras run initializers` exports some" in capsys.readouterr().out
    assert cli.main(["models", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert cli.main(["models", "nowhere"]) == 2
    assert capsys.readouterr().err == "fashion-keras: nowhere is not there; name a folder with SavedModels\n"


def test_what_a_model_is_breaks_between_its_settings(capsys: pytest.CaptureFixture[str]) -> None:
    make_model(Path("saved_models/a/1"), "-".join(["weight_decay=0.0005"] * 9))
    assert cli.main(["models"]) == 0
    assert capsys.readouterr().out.count("decay=0.0005") == 9


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
