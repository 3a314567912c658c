from pathlib import Path

import numpy as np
import pytest

from fashion_keras._tensorflow import import_tensorflow

import_tensorflow()

from small_models import randomised  # noqa: E402

from fashion_keras.config.components import Component  # noqa: E402
from fashion_keras.config.run_config import RunConfig  # noqa: E402
from fashion_keras.data import Dataset  # noqa: E402
from fashion_keras.errors import DataError, ExportError, StoreError  # noqa: E402
from fashion_keras.export import export_model  # noqa: E402
from fashion_keras.export.trained import find_trained, load_trained, short_name  # noqa: E402
from fashion_keras.inference.shipped import shipped_models  # noqa: E402
from fashion_keras.models.networks import build_model  # noqa: E402
from fashion_keras.storage.runs import RunStore, StoredRun  # noqa: E402

COMPONENTS = {
    "fcn": Component.of("fcn", hidden_units=[8, 8], dropout_rate=0.5, batch_norm=True),
    "cnn": Component.of("cnn", filters=[2, 2], dense_units=[8, 8], batch_norm=True),
}


def test_run_is_found_by_its_folder_and_by_its_name_in_the_store(run: StoredRun) -> None:
    store = RunStore(run.path.parent.parent)
    assert find_trained(str(run.path), RunStore(Path("elsewhere"))) == run
    assert find_trained(run.path.name, store) == run
    assert short_name(run) == "fcn-sgd-0.1-hidden_units=64-bf16__s0"


def test_model_is_found_by_its_name_and_by_its_path(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "store")
    assert find_trained("cnn", store) == shipped_models()["cnn"]
    assert short_name(shipped_models()["cnn"]) == "cnn"
    assert short_name(tmp_path / "mine") == "mine"


def test_what_is_neither_is_one_clear_line(run: StoredRun, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"got 'cnnn' \(did you mean 'cnn'\?\); nor is it a run in nowhere$"):
        find_trained("cnnn", RunStore(Path("nowhere")))
    torn = tmp_path / run.path.name
    torn.mkdir()
    (torn / "result.json").write_text("{")
    with pytest.raises(StoreError, match="holds no complete run"):
        find_trained(str(torn), RunStore(Path("nowhere")))


@pytest.mark.parametrize("name", COMPONENTS)
def test_weights_of_an_export_come_back_bit_for_bit(name: str, sample_dataset: Dataset, tmp_path: Path) -> None:
    config = RunConfig(model=COMPONENTS[name], data=sample_dataset.content_hash)
    model = randomised(build_model(config.model, (28, 28, 1), 10, seed=1))
    metadata = {"config": config.to_json(), "data": {"content_hash": sample_dataset.content_hash}}
    images = sample_dataset.test_images[..., np.newaxis]
    export_model(model, tmp_path / "1", sample_dataset.class_names, (28, 28, 1), metadata, images)
    trained = load_trained(tmp_path / "1", sample_dataset)
    assert trained.class_names == sample_dataset.class_names
    for found, expected in zip(trained.model.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_run_in_bfloat16_becomes_a_model_in_float32(run: StoredRun, sample_dataset: Dataset) -> None:
    trained = load_trained(run, sample_dataset)
    assert {layer.compute_dtype for layer in trained.model.layers} == {"float32"}
    np.testing.assert_array_equal(trained.model.get_weights()[0], run.load_weights()[0])


def test_export_that_cannot_be_converted_says_why(run: StoredRun, sample_dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="was trained on the data"):
        load_trained(shipped_models()["fcn"], sample_dataset)
    images = sample_dataset.test_images[:5, ..., np.newaxis]
    model = build_model(run.config.model, (28, 28, 1), 10, seed=1)
    export_model(model, tmp_path / "1", sample_dataset.class_names, (28, 28, 1), {"label": "mine"}, images)
    with pytest.raises(ExportError, match="does not say which run it is of"):
        load_trained(tmp_path / "1", sample_dataset)
    wrong = RunConfig(model=Component.of("fcn", hidden_units=[64, 8]), data=sample_dataset.content_hash)
    metadata = {"config": wrong.to_json(), "data": {"content_hash": sample_dataset.content_hash}}
    export_model(model, tmp_path / "2", sample_dataset.class_names, (28, 28, 1), metadata, images)
    with pytest.raises(ExportError, match="has other weights than its record says"):
        load_trained(tmp_path / "2", sample_dataset)
