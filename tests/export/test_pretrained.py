import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import Dataset
from fashion_keras.errors import StoreError
from fashion_keras.inference.record import find_damage, read_record
from fashion_keras.inference.shipped import shipped_models
from fashion_keras.storage.comparison import ComparisonResults
from fashion_keras.storage.runs import RunStore
from fashion_keras.workflows.published import load_published
from scripts.ship_models import CARD, RULES, choose_arm, export_pretrained, model_card

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def published() -> list[ComparisonResults]:
    return load_published(PROJECT / "experiments")


@pytest.mark.parametrize(("name", "networks"), [("fcn", {"fcn"}), ("cnn", {"cnn", "resnet"})])
def test_the_best_published_arm_of_its_kind_is_chosen_by_validation(
    published: list[ComparisonResults], name: str, networks: set[str]
) -> None:
    arms = [arm for results in published for arm in results.arms]
    of_kind = [arm for arm in arms if RunConfig.from_json(arm.record.config).model.name in networks]
    if name == "fcn":  # wider ones are too large
        of_kind = [arm for arm in of_kind if "(1024, 512)" not in str(RunConfig.from_json(arm.record.config).model)]
    choice = choose_arm(published, name)
    assert choice.mean_val_accuracy == max(float(np.mean(arm.finals("val_accuracy"))) for arm in of_kind)
    assert choice.seed == 0


def test_shipped_models_are_the_first_seeds_of_the_chosen_arms(published: list[ComparisonResults]) -> None:
    assert list(shipped_models()) == sorted(RULES)
    for name, folder in shipped_models().items():
        choice = choose_arm(published, name)
        run, record = choice.arm.runs[choice.seed], read_record(folder)
        assert record["run"]["run_id"] == run.run_id
        assert record["run"]["final"] == run.final
        about = record["run"]["arm"]
        assert about["own_test_accuracy"]["mean"] == pytest.approx(run.final["test_accuracy"], abs=1e-6)
        for metric in ("val_accuracy", "test_accuracy"):
            mean = np.mean(choice.arm.finals(metric))
            assert about[metric]["mean"] == pytest.approx(mean, abs=1e-6)
            assert about[metric]["low"] < mean < about[metric]["high"]
        assert np.mean(about["test_accuracy_by_class"]) == pytest.approx(run.final["test_accuracy"], abs=1e-5)
        assert (record["parity"]["num_images"], record["parity"]["num_class_differences"]) == (10_000, 0)


def test_shipped_models_are_undamaged_and_small() -> None:
    for name, folder in shipped_models().items():
        size = sum(path.stat().st_size for path in folder.parent.rglob("*") if path.is_file())
        assert size < {"cnn": 4_000_000, "fcn": 5_000_000}[name]
        assert find_damage(folder, read_record(folder)) is None
        assert str(Path.home()) not in (folder / "saved_model.pb").read_bytes().decode("latin-1")


def test_card_is_written_from_the_record() -> None:
    for name, folder in shipped_models().items():
        record = read_record(folder)
        card = model_card(name, record)
        assert (folder.parent / CARD).read_text() == card
        assert f"named {record['parity']['num_differences_to_run']} of them otherwise" in card


def test_run_that_the_store_lacks_is_asked_for_by_its_command(
    published: list[ComparisonResults], sample_dataset: Dataset, tmp_path: Path
) -> None:
    choice = choose_arm(published, "fcn")
    command = f"`fashion-keras run {choice.comparison} --arms {choice.arm.name} --seeds 1` trains it"
    with pytest.raises(StoreError, match=command):
        export_pretrained(published, RunStore(tmp_path), sample_dataset, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    with pytest.raises(StoreError, match="there are no runs of a cnn"):
        choose_arm([], "cnn")


@pytest.mark.network
def test_wheel_carries_the_shipped_models(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", str(tmp_path), str(PROJECT)]
    subprocess.run(command, check=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        for name, folder in shipped_models().items():
            for path in folder.parent.rglob("*"):
                if path.is_file() and not path.name.startswith("."):
                    inside = f"fashion_keras/pretrained/{name}/{path.relative_to(folder.parent).as_posix()}"
                    assert wheel.read(inside) == path.read_bytes()
