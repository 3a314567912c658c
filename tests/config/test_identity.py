"""Identity: what was published, and what users may have stored, keeps its run ids and folders."""

import json
import lzma
import subprocess
import sys
from pathlib import Path

import pytest

from fashion_keras.config.run_config import RunConfig

ARCHIVE = Path(__file__).parents[2] / "experiments" / "runs.json.xz"

KERAS_CLASSES = [
    ({"optimizer": {"name": "Nadam", "learning_rate": 0.001}}, "fcn-Nadam-0.001__s0__4253c3e0de2b"),
    ({"optimizer": "SGD"}, "fcn-SGD-0.01__s0__a4989b6872a8"),
    (
        {"optimizer": {"name": "Lion", "learning_rate": 0.002, "weight_decay": 0.1}},
        "fcn-Lion-0.002-weight_decay=0.1__s0__cc82e4f7f2c7",
    ),
    (
        {"schedule": {"name": "PiecewiseConstantDecay", "boundaries": [5], "values": [0.5, 0.25]}},
        "fcn-sgd-0.02-boundaries=5-values=0.5x0.25__s0__1f2565524ad1",
    ),
    ({"loss": "CategoricalFocalCrossentropy"}, "fcn-sgd-0.02__s0__37b332c0c3d0"),
    (
        {"model": {"name": "cnn", "initializer": {"name": "VarianceScaling", "scale": 2.0}}},
        "cnn-sgd-0.02-VarianceScaling__s0__e96e30441920",
    ),
]


@pytest.fixture(scope="module")
def published():
    runs = json.loads(lzma.decompress(ARCHIVE.read_bytes()))["runs"]
    return {folder: run["result"] for folder, run in runs.items()}


def test_every_published_run_has_the_id_and_the_folder_of_its_configuration(published):
    assert len(published) == 595
    for folder, result in published.items():
        config = RunConfig.from_json(result["config"])
        assert (config.folder, config.run_id) == (folder, result["run_id"])


@pytest.mark.parametrize(
    ("changes", "folder"),
    [
        ({}, "fcn-sgd-0.02__s0__"),
        ({"seed": 7}, "fcn-sgd-0.02__s7__"),
        ({"initializer": "he_uniform", "seed": 3}, "fcn-sgd-0.02-he_uniform__s3__"),
        ({"model": "cnn", "optimizer": "adam", "learning_rate": 1e-3, "epochs": 10}, "cnn-adam-0.001-10epochs__s0__"),
        ({"optimizer": "rmsprop", "learning_rate": 1e-4, "seed": 9}, "fcn-rmsprop-0.0001__s9__"),
    ],
)
def test_an_arm_written_today_is_a_published_run(published, changes, folder):
    config = RunConfig().with_changes(**changes)
    assert published[config.folder]["run_id"] == config.run_id
    assert config.folder.startswith(folder)


@pytest.mark.parametrize(("settings", "folder"), KERAS_CLASSES)
def test_keras_s_classes_keep_the_folders_of_their_runs(settings, folder):
    assert RunConfig(**settings).folder == folder


def test_stored_configurations_are_read_without_keras():
    stored = [(RunConfig(**settings).to_json(), folder) for settings, folder in KERAS_CLASSES]
    program = (
        "import sys\n"
        "from fashion_keras.config.run_config import RunConfig\n"
        f"for settings, folder in {stored!r}:\n"
        "    config = RunConfig.from_json(settings)\n"
        "    assert config.folder == folder, config.folder\n"
        "    assert config.to_json() == config.with_changes(seed=0).to_json() == settings\n"
        "print(sorted({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_keras_stays_unloaded_until_one_of_its_classes_is_named():
    program = (
        "import sys\n"
        "from fashion_keras.experiments import BASE, Arm, Experiment\n"
        "arms = Arm('a'), Arm('b', model='cnn', initializer='he_uniform', optimizer='adamw', learning_rate=0.1,"
        " schedule='cosine', label_smoothing=0.1)\n"
        "Experiment('mine', 'Mine', BASE, arms)\n"
        "print('keras' in sys.modules)\n"
        "BASE.with_changes(optimizer='Nadam', learning_rate=0.1)\n"
        "print('keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("False\nTrue\n", "")
