"""Damaged and forged files of a store: named in one line, shown as missing, trained again; never a number."""

import json
import lzma
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from stored_runs import commit, make_result

from fashion_keras import cli
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data.dataset import FASHION_MNIST_HASH
from fashion_keras.errors import StoreError
from fashion_keras.experiments.definition import BASE, Arm, Experiment
from fashion_keras.storage.archive import RunArchive, write_archive
from fashion_keras.storage.comparison import load_results, make_record, read_record, save_record
from fashion_keras.storage.reading import read_json, say_once, seal
from fashion_keras.storage.runs import RunStore, StoredRun
from fashion_keras.workflows.report import report_comparisons

CONFIG = RunConfig(epochs=2, seed=3)
DATA = {"name": "fashion_mnist", "content_hash": FASHION_MNIST_HASH, "class_names": ["a"], "is_fashion_mnist": True}


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    say_once.cache_clear()
    return RunStore(tmp_path / "store")


@pytest.fixture
def run(store: RunStore) -> StoredRun:
    return commit(store, CONFIG, (2.0, 0.75))


def change(path: Path, edit: Callable[[dict[str, Any]], Any], *, sealed: bool = False) -> None:
    """Change a JSON file; sealed, as somebody would who forges its digest, too; else with no digest, as of old."""
    content = json.loads(path.read_text())
    content.pop("record_sha256", None)
    edit(content)
    path.write_text(seal(content) if sealed else json.dumps(content))


def without_digests(folder: Path) -> None:
    """Make a run one that was stored before digests were kept."""

    def edit(result: dict[str, Any]) -> None:
        result["artefacts"] = {name: about["size"] for name, about in result["artefacts"].items()}

    change(folder / "result.json", edit)


@pytest.mark.parametrize("name", ["result.json", "history.json", "predictions.npz", "weights.npz"])
def test_one_flipped_bit_is_named_and_the_run_is_to_be_trained_again(store, run, name, capsys):
    path = run.path / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    assert store.find(CONFIG) is None
    said = capsys.readouterr().err
    assert str(path) in said
    assert said.count("\n") == 1
    commit(store, CONFIG)
    assert store.find(CONFIG) is not None


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda result: result["final"].update(test_accuracy=0.15), id="not the share of right images"),
        pytest.param(lambda result: result["final"].update(val_accuracy=8.1333), id="accuracy above one"),
        pytest.param(lambda result: result["final"].update(val_accuracy=True), id="accuracy is no number"),
        pytest.param(lambda result: result["final"].update(val_loss=None), id="no loss but not diverged"),
        pytest.param(lambda result: result.pop("seconds"), id="key is missing"),
        pytest.param(lambda result: result["seconds"].update(total=-1), id="negative seconds"),
        pytest.param(lambda result: result["correct"].update(count=10**400), id="more images than bits"),
        pytest.param(lambda result: result.update(protocol=2), id="another protocol"),
        pytest.param(lambda result: result["artefacts"].update({"../x": 1}), id="artefact elsewhere"),
        pytest.param(
            lambda result: result["environment"].update(keras="3.1", tensorflow="2.2"), id="id of another config"
        ),
    ],
)
@pytest.mark.parametrize("sealed", [True, False])
def test_a_result_that_does_not_agree_with_itself_is_no_result(store, run, edit, sealed, capsys):
    if not sealed:
        without_digests(run.path)
    change(run.path / "result.json", edit, sealed=sealed)
    assert store.find_folder(run.path.name) is None
    assert "result.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda history: history["val_loss"].__setitem__(-1, 0.5), id="another last value"),
        pytest.param(lambda history: history["val_accuracy"].__setitem__(0, 2.0), id="accuracy above one"),
        pytest.param(lambda history: history["val_loss"].append(0.5), id="an epoch too many"),
        pytest.param(lambda history: history.pop("seconds"), id="key is missing"),
    ],
)
def test_a_history_of_old_is_held_against_its_result(store, run, edit, capsys):
    change(run.path / "history.json", edit)
    size = (run.path / "history.json").stat().st_size
    without_digests(run.path)
    change(run.path / "result.json", lambda result: result["artefacts"].update({"history.json": size}))
    assert store.find_folder(run.path.name) is None
    assert "history.json" in capsys.readouterr().err


def test_a_run_of_old_is_read_and_said_not_to_be_verified(store, run, capsys):
    without_digests(run.path)
    found = store.find(CONFIG)
    assert found is not None
    assert found.history == run.history
    assert list(store.all_runs()) == [found]
    assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines()] == ["Not verified"], "once"
    assert cli.main(["check", str(store.root)]) == 0
    assert "1 not verified" in capsys.readouterr().out


def test_the_run_id_is_that_of_the_configuration(store, run):
    versions = {"keras": "3.15.1", "tensorflow": "2.21.0"}
    config = dict(run.result["config"])
    from fashion_keras.storage.verification import check_result

    result = {**run.result, "environment": versions}
    assert CONFIG.run_id == run.run_id
    check_result(result, run.path.name)
    with pytest.raises(ValueError, match="not that of its configuration"):
        check_result({**result, "config": {**config, "batch_size": 64}}, run.path.name)


def test_a_run_that_is_not_sound_is_not_stored(store):
    result = make_result(CONFIG, (2.0, 0.75))
    result.final["test_accuracy"] = 0.5
    store.begin(CONFIG)
    with pytest.raises(StoreError, match=r"is not sound: its test accuracy 0\.5"):
        store.commit(result)
    assert store.find(CONFIG) is None


@pytest.mark.parametrize(
    "content", ["[" * 100_000, '{"protocol": 1, "runs": []}', '{"a": NaN}', "\x00", '{"a": "\\ud800"']
)
def test_what_is_no_json_of_ours_is_one_line(tmp_path, content):
    path = tmp_path / "runs.json.xz"
    path.write_bytes(lzma.compress(content.encode()))
    with pytest.raises(StoreError, match=r"^[^\n]*runs\.json\.xz is damaged: [^\n]*$"):
        RunArchive(path)
    path = tmp_path / "mine__0.json"
    path.write_text(content)
    with pytest.raises(StoreError, match=r"^[^\n]*mine__0\.json is damaged: [^\n]*; move it away [^\n]*$"):
        read_record(path)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_what_never_ends_is_refused_at_once(tmp_path, make):
    path = tmp_path / "mine.json"
    make(path)
    with pytest.raises(StoreError, match=r"is no regular file|Is a directory"):
        read_json(path)


def compare(store: RunStore, seeds: int = 2) -> tuple[Experiment, Path]:
    """Put a comparison of two arms into a store."""
    experiment = Experiment("mine", "Mine", BASE, (Arm("plain"), Arm("fast", learning_rate=0.1)))
    record = save_record(store, make_record(experiment, DATA, range(seeds)))
    for number, arm in enumerate(experiment.arms):
        for seed in range(seeds):
            commit(store, experiment.config_of(arm).with_changes(seed=seed), (1.0, 0.5 + 0.1 * number))
    return experiment, record.path_in(store)


@pytest.mark.parametrize(
    "edit",
    [
        lambda content: content.update(modification="x/../../../../OUT"),
        lambda content: content["arms"][0]["folders"].update({"0": "../../elsewhere"}),
        lambda content: content.update(baseline="none"),
        lambda content: content.update(name=5),
        lambda content: content.update(looks=[{"seeds": 2}]),
    ],
)
def test_a_record_that_leads_out_of_its_folder_or_nowhere_is_refused(store, edit):
    _, path = compare(store)
    change(path, edit)
    with pytest.raises(StoreError, match=f"{path.name} is damaged"):
        read_record(path)


def test_a_run_of_another_arm_does_not_stand_in_for_one(store, capsys):
    _, path = compare(store)
    arms = json.loads(path.read_text())["arms"]
    change(path, lambda content: content["arms"][0]["folders"].update({"0": arms[1]["folders"]["0"]}))
    results = load_results(store, read_record(path), range(2))
    assert [list(arm.runs) for arm in results.arms] == [[1], [0, 1]]
    assert "is not the run of plain, seed 0" in capsys.readouterr().err


def test_a_damaged_run_is_missing_in_the_table(store, tmp_path, capsys):
    experiment, _ = compare(store)
    config = experiment.config_of(experiment.arms[0])
    path = store.root / "runs" / config.folder / "result.json"
    path.write_text(path.read_text().replace('"test_accuracy": 0.5', '"test_accuracy": 0.9'))
    report_comparisons(["mine"], tmp_path, None, Console(quiet=True), pictures=())
    assert "| plain | 1 of 2 seeds |" in (tmp_path / "mine" / "table.md").read_text()
    assert str(path) in capsys.readouterr().err


def test_check_names_every_damaged_file(store, tmp_path, capsys):
    _, path = compare(store)
    write_archive(tmp_path / "runs.json.xz", store.all_runs())
    assert cli.main(["check", str(tmp_path)]) == 0
    assert "6 files verified, 0 damaged" in capsys.readouterr().out
    damaged = [path, *sorted((store.root / "runs").glob("*/weights.npz"))[:2]]
    for file in damaged:
        file.write_bytes(file.read_bytes().replace(b"0", b"1", 1))
    archive = tmp_path / "runs.json.xz"
    archive.write_bytes(archive.read_bytes()[:-1])
    assert cli.main(["check", str(tmp_path)]) == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Damaged: ")]
    assert len(lines) == 4
    assert all(any(str(file) in line for line in lines) for file in (*damaged, archive))
    assert cli.main(["check", str(tmp_path / "nothing")]) == 2
