from pathlib import Path

import pytest

from fashion_keras._tensorflow import import_tensorflow

import_tensorflow()

from fashion_keras import cli  # noqa: E402
from fashion_keras.commands import export as command  # noqa: E402
from fashion_keras.commands.options import Parser  # noqa: E402
from fashion_keras.export.formats import FORMATS  # noqa: E402
from fashion_keras.export.saved_model import copy_export  # noqa: E402
from fashion_keras.inference.record import find_export, read_record  # noqa: E402
from fashion_keras.inference.shipped import shipped_models  # noqa: E402
from fashion_keras.storage.runs import StoredRun  # noqa: E402


def test_formats_of_the_command_are_those_that_there_are() -> None:
    parser = Parser()
    command.add_to(parser.add_subparsers())
    for name in ("savedmodel", *FORMATS):
        assert parser.parse_args(["export", "cnn", "--format", name]).format == name
    with pytest.raises(SystemExit):
        parser.parse_args(["export", "cnn", "--format", "h5"])


def test_run_becomes_a_savedmodel_and_that_becomes_a_file(
    run: StoredRun, sample_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--dataset", str(sample_dir)]
    store = ["--store", str(run.path.parent.parent)]
    assert cli.main(["export", run.path.name, *store, *data, "--out", str(tmp_path / "mine")]) == 0
    assert find_export(tmp_path / "mine" / "1", run.run_id)
    assert "0 of 200 classes differ" in capsys.readouterr().out
    assert (
        cli.main(["export", str(tmp_path / "mine"), "--format", "keras", *data, "--out", str(tmp_path / "file")]) == 0
    )
    assert {path.name for path in (tmp_path / "file").iterdir()} == {"model.keras", "labels.txt"}
    assert "0 of 200 classes differ" in capsys.readouterr().out


def test_shipped_model_is_copied_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["export", "cnn"]) == 0
    copied = read_record(Path("saved_models", "exported", "cnn", "1"))
    assert copied == read_record(shipped_models()["cnn"])


def test_models_and_runs_of_one_name_do_not_share_a_folder(
    run: StoredRun, sample_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["export", str(run.path), "--dataset", str(sample_dir)]) == 0
    for comparison in ("a", "b"):
        copy_export(shipped_models()["fcn"], Path(comparison, "saved_models", "plain", "1"))
        assert cli.main(["export", f"{comparison}/saved_models/plain"]) == 0
    exported = {path.name for path in Path("saved_models", "exported").iterdir()}
    assert exported == {"a_plain", "b_plain", run.path.name}


def test_mistake_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["export", "cnnn"]) == 2
    error = capsys.readouterr().err
    assert "did you mean 'cnn'?" in error
    assert error.count("\n") == 1


def test_size_of_pictures_reaches_the_data(sample_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["export", "cnn", "--format", "keras", "--dataset", str(sample_dir), "--image-size", "28,28"]
    assert cli.main(arguments) == 2
    assert "--image-size goes with a folder of pictures" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("onnx", "onnx needs onnx and tf2onnx and onnxruntime; pip install 'fashion-keras[onnx]'\n"),
        ("litert", "litert needs ai_edge_litert; pip install 'fashion-keras[litert]'\n"),
    ],
)
def test_missing_extra_is_told_before_anything_is_loaded(
    name: str, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert cli.main(["export", "cnn", "--format", name]) == 2
    assert capsys.readouterr().err.endswith(message)
