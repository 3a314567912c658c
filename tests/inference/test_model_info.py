"""What a model says of itself, however little its record holds."""

from pathlib import Path

import pytest

from fashion_keras.data import FASHION_MNIST_HASH
from fashion_keras.inference.info import ModelInfo

RECORD = {
    "class_names": ["T-shirt/top", "Bag"],
    "exported_at": "2026-11-25T08:22:55+00:00",
    "files": {},
    "format": 1,
    "parity": {"num_images": 10_000, "num_differences_to_run": 3},
    "run": {
        "config": {"epochs": 10, "model": "cnn", "optimizer": {"name": "adam", "learning_rate": 0.001}},
        "data": {"name": "fashion_mnist", "content_hash": "daf9de"},
        "final": {"test_accuracy": 0.9143},
        "finished_at": "2026-11-25T07:19:16+00:00",
        "label": "cnn-adam-0.001-10epochs",
        "seed": 0,
    },
    "versions": {"keras": "3.15.1", "tensorflow": "2.21.0"},
}


def test_record_of_a_run_says_settings_accuracy_data_versions_and_dates() -> None:
    info = ModelInfo.of(Path("cnn/1"), RECORD)
    assert info.label == "cnn-adam-0.001-10epochs"
    assert info.settings["optimizer"]["learning_rate"] == 0.001
    assert (info.accuracy, info.num_test_images, info.num_differences) == (0.9143, 10_000, 3)
    assert info.accuracy_interval == pytest.approx((0.90865, 0.91963), abs=5e-6)
    assert (info.data_name, info.data_hash) == ("fashion_mnist", "daf9de")
    assert info.class_names == ("T-shirt/top", "Bag")
    assert str(info).splitlines() == [
        "model          cnn-adam-0.001-10epochs",
        "settings       epochs 10, model cnn, optimizer adam (learning_rate 0.001)",
        "seed           0",
        "test accuracy  91.43%, 90.87% to 91.96% on new images (95 %, from 10,000 test images); "
        "the export differs on 3 of them",
        "data           fashion_mnist daf9de",
        "classes        T-shirt/top, Bag",
        "trained        2026-11-25T07:19:16+00:00",
        "exported       2026-11-25T08:22:55+00:00",
        "versions       keras 3.15.1, tensorflow 2.21.0",
        "folder         cnn/1",
    ]


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"run": None, "parity": [], "versions": 1, "class_names": {}},
        {"run": {"final": {"test_accuracy": float("nan")}, "seed": True}, "parity": {"num_images": 100}},
        {"run": {"final": {"test_accuracy": 1.5}}, "class_names": [1, 2]},
        {"run": {"final": {"test_accuracy": float("inf")}}, "parity": {"num_images": 10**400}},
        {"run": {"final": {"test_accuracy": 10**400}, "label": 5, "config": [], "data": "x"}},
    ],
)
def test_record_that_says_nothing_or_nonsense_gives_an_info_without_it(record: dict) -> None:
    info = ModelInfo.of(Path("m"), record)
    assert (info.accuracy, info.accuracy_interval, info.seed, info.class_names) == (None, None, None, ())
    assert str(info) == "folder         m"


def test_accuracy_without_its_number_of_images_has_no_interval() -> None:
    info = ModelInfo.of(Path("m"), {"run": {"final": {"test_accuracy": 1}}})
    assert (info.accuracy, info.accuracy_interval) == (1.0, None)
    assert "test accuracy  100.00%\n" in str(info)


def test_number_of_images_beyond_all_bounds_counts_as_not_said() -> None:
    info = ModelInfo.of(Path("m"), {"run": {"final": {"test_accuracy": 0.5}}, "parity": {"num_images": 10**400}})
    assert (info.accuracy, info.accuracy_interval, info.num_test_images) == (0.5, None, None)


@pytest.mark.parametrize(
    ("data", "ground"),
    [
        ({}, "black"),
        ({"content_hash": FASHION_MNIST_HASH, "ground": "light"}, "black"),
        ({"content_hash": "own", "ground": "light"}, "light"),
        ({"content_hash": "own", "ground": "dark"}, "dark"),
        ({"content_hash": "own", "ground": "no such"}, "mixed"),
        ({"content_hash": "own"}, "mixed"),
    ],
)
def test_ground_is_what_the_record_says_of_the_training_images(data: dict[str, str], ground: str) -> None:
    assert ModelInfo.of(Path("x"), {"run": {"data": data}}).ground == ground
