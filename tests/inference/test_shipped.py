import os
from pathlib import Path

import pytest

from fashion_keras.errors import DataError
from fashion_keras.inference import shipped
from fashion_keras.inference.shipped import find_model, find_saved_model, shipped_models


def make_model(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").touch()
    return folder


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of shipped models, `cnn` in two versions and `fcn`, and an empty current folder."""
    place = tmp_path / "pretrained"
    for name in ("cnn/1", "cnn/2", "fcn/1"):
        make_model(place / name)
    (place / "drafts").mkdir()
    monkeypatch.setattr(shipped, "_PLACES", (tmp_path / "not here", place))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return place


def test_shipped_models_are_the_highest_versions_by_name(place: Path) -> None:
    assert shipped_models() == {"cnn": place / "cnn" / "2", "fcn": place / "fcn" / "1"}


def test_package_without_shipped_models_says_so_of_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "_PLACES", (tmp_path / "not here",))
    assert shipped_models() == {}
    with pytest.raises(DataError, match="cnn is not there; name the folder"):
        find_model("cnn")


def test_name_means_the_shipped_model_whatever_lies_in_the_current_folder(place: Path) -> None:
    own = make_model(Path("cnn"))
    assert find_model("cnn") == place / "cnn" / "2"
    assert find_model(f".{os.sep}cnn") == own
    assert find_model(own) == own


def test_misspelt_name_is_answered_with_the_nearest(place: Path) -> None:
    with pytest.raises(DataError, match=r"^a model is .* one of cnn, fcn; got 'cnnn' \(did you mean 'cnn'\?\)$"):
        find_model("cnnn")
    with pytest.raises(DataError, match="models/cnn is not there; name the folder of a SavedModel"):
        find_model("models/cnn")


def test_highest_version_is_taken_as_a_number(tmp_path: Path) -> None:
    for name in ("9", "10", "2", "next", ".11.partial"):
        make_model(tmp_path / name)
    (tmp_path / "12").mkdir()
    assert find_saved_model(tmp_path) == tmp_path / "10"


def test_place_without_a_model_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    make_model(tmp_path / "optimizers" / "adam" / "1")
    for path, message in {
        tmp_path / "nothing": "is not there",
        tmp_path / "file": "is a file",
        tmp_path: "holds no SavedModel",
        tmp_path / "optimizers": "there is one in .*/optimizers/adam/1",
    }.items():
        with pytest.raises(DataError, match=message):
            find_model(path)


def test_folder_of_another_name_needs_no_separator(place: Path) -> None:
    newest = make_model(Path("mine", "3"))
    make_model(Path("mine", "2"))
    assert find_model("mine") == newest
