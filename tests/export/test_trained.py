import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from fashion_keras._tensorflow import import_tensorflow

import_tensorflow()

import keras  # noqa: E402
from small_models import randomised  # noqa: E402
from stored_models import store_untrained  # noqa: E402

from fashion_keras.config.components import Component  # noqa: E402
from fashion_keras.config.run_config import RunConfig  # noqa: E402
from fashion_keras.data import Dataset  # noqa: E402
from fashion_keras.errors import DataError, ExportError, StoreError  # noqa: E402
from fashion_keras.export import export_model  # noqa: E402
from fashion_keras.export.network import build_network, describe_network, plain_model  # noqa: E402
from fashion_keras.export.parity import keras_predictor  # noqa: E402
from fashion_keras.export.trained import find_trained, load_trained  # noqa: E402
from fashion_keras.inference.record import NETWORK, RECORD  # noqa: E402
from fashion_keras.inference.shipped import shipped_models  # noqa: E402
from fashion_keras.models.networks import build_model  # noqa: E402
from fashion_keras.storage.runs import RunStore, StoredRun  # noqa: E402

COMPONENTS = {
    "fcn": Component.of("fcn", hidden_units=[8, 8], dropout_rate=0.5, batch_norm=True),
    "cnn": Component.of("cnn", filters=[2, 2], dense_units=[8, 8], batch_norm=True),
    "resnet": Component.of("resnet", filters=[2, 3]),
}


def test_run_is_found_by_its_folder_and_by_its_name_in_the_store_and_a_model_by_its_name(run: StoredRun) -> None:
    store = RunStore(run.path.parent.parent)
    assert find_trained(str(run.path), RunStore(Path("elsewhere"))) == run
    assert find_trained(run.path.name, store) == run
    assert find_trained("cnn", store) == shipped_models()["cnn"]


def test_what_is_neither_is_one_clear_line(run: StoredRun, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"got 'cnnn' \(did you mean 'cnn'\?\); nor is it a run in nowhere$"):
        find_trained("cnnn", RunStore(Path("nowhere")))
    torn = tmp_path / run.path.name
    torn.mkdir()
    (torn / "result.json").write_text("{")
    with pytest.raises(StoreError, match=torn.name):
        find_trained(str(torn), RunStore(Path("nowhere")))


@pytest.mark.parametrize("name", COMPONENTS)
def test_weights_of_an_export_come_back_bit_for_bit(name: str, sample_dataset: Dataset, tmp_path: Path) -> None:
    config = RunConfig(model=COMPONENTS[name], data=sample_dataset.content_hash)
    model = randomised(build_model(config.model, (28, 28, 1), 10, seed=1))
    metadata = {"config": config.to_json(), "data": {"content_hash": sample_dataset.content_hash}}
    images = sample_dataset.test_images[..., np.newaxis]
    export_model(model, tmp_path / "1", sample_dataset.class_names, (28, 28, 1), metadata, images)
    (tmp_path / "1" / NETWORK).unlink()  # built by the configuration, as exports of before the description are
    forget_in_record(tmp_path / "1", NETWORK)
    trained = load_trained(tmp_path / "1", sample_dataset)
    assert trained.class_names == sample_dataset.class_names
    for found, expected in zip(trained.build().get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_run_in_bfloat16_becomes_a_model_in_float32(run: StoredRun, sample_dataset: Dataset) -> None:
    trained = load_trained(run, sample_dataset)
    assert {layer.compute_dtype for layer in trained.build().layers} == {"float32"}
    np.testing.assert_array_equal(trained.build().get_weights()[0], run.load_weights()[0])


def forget_in_record(folder: Path, name: Path) -> None:
    record = json.loads((folder / RECORD).read_text())
    record["files"].pop(name.as_posix())
    (folder / RECORD).write_text(json.dumps(record))


def custom_network() -> keras.Model:
    """A network with names that Keras numbers, and with weights of one shape whose order could be confused."""
    layers = keras.layers
    norms = [layers.Dense(6), layers.BatchNormalization(), layers.Dense(6), layers.BatchNormalization()]
    return keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Flatten(), *norms, layers.LayerNormalization(), layers.Dense(10)]
    )


def test_network_comes_back_from_its_export_alone_whatever_its_layers_are_called(
    sample_dataset: Dataset, tmp_path: Path
) -> None:
    model = randomised(custom_network())
    images = sample_dataset.test_images[..., np.newaxis]
    export_model(model, tmp_path / "1", sample_dataset.class_names, (28, 28, 1), {}, images)
    custom_network()  # as another process would have other numbers
    trained = load_trained(tmp_path / "1", sample_dataset)
    rebuilt = trained.build()
    assert [layer.name for layer in rebuilt.layers] == [layer.name for layer in plain_model(model).layers]
    for found, expected in zip(rebuilt.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_allclose(trained.predict(images)[0], keras_predictor(rebuilt, (28, 28, 1))(images)[0], atol=1e-6)


NETWORK_CODE = """
import keras

class Twice(keras.layers.Layer):
    def call(self, x):
        return 2 * x

def build(image_shape, num_classes):
    layers = [keras.layers.Flatten(), Twice(), keras.layers.Dense(num_classes)]
    return keras.Sequential([keras.Input(image_shape), *layers])
"""


def test_run_of_a_custom_network_finds_its_code_from_anywhere(
    sample_dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_far_network.py").write_text(NETWORK_CODE)
    with monkeypatch.context() as patch:
        patch.syspath_prepend(tmp_path)
        config = RunConfig(model=Component.of("my_far_network:build"), data=sample_dataset.content_hash)
        run = store_untrained(config, sample_dataset, RunStore(tmp_path / "store"), str(tmp_path))
    assert str(tmp_path) not in json.dumps(run.result), "what is published names no folder of this machine"
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "my_far_network")
    trained = load_trained(run, sample_dataset)
    np.testing.assert_array_equal(trained.build().get_weights()[0], run.load_weights()[0])


def test_description_of_a_stranger_imports_nothing(sample_dataset: Dataset, tmp_path: Path) -> None:
    description = describe_network(plain_model(custom_network()))
    description["config"]["layers"][1] |= {"module": "antigravity", "class_name": "geohash"}
    with pytest.raises(ExportError, match="needs geohash of antigravity"):
        build_network(description)
    assert "antigravity" not in sys.modules


def test_export_of_a_stranger_whose_variables_were_flipped_is_one_line(sample_dataset: Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "1"
    images = sample_dataset.test_images[:5, ..., np.newaxis]
    export_model(custom_network(), folder, sample_dataset.class_names, (28, 28, 1), {}, images)
    name = "variables/variables.data-00000-of-00001"
    content = bytearray((folder / name).read_bytes())
    content[1000] ^= 64
    (folder / name).write_bytes(content)
    with pytest.raises(DataError, match=f"is damaged: {name} is not as it was written"):
        load_trained(folder, sample_dataset)
    record = json.loads((folder / RECORD).read_text())
    record["files"][name] = hashlib.sha256(content).hexdigest()
    (folder / RECORD).write_text(json.dumps(record))
    with pytest.raises(DataError, match=r"cannot be loaded as a SavedModel: [^\n]*$"):
        load_trained(folder, sample_dataset)


def test_export_that_cannot_be_converted_says_why(run: StoredRun, sample_dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="was trained on the data"):
        load_trained(shipped_models()["fcn"], sample_dataset)
    images = sample_dataset.test_images[:5, ..., np.newaxis]
    model = build_model(run.config.model, (28, 28, 1), 10, seed=1)
    wrong = RunConfig(model=Component.of("fcn", hidden_units=[64, 8]), data=sample_dataset.content_hash)
    for name, metadata, message in (
        ("1", {"label": "mine"}, "does not say how its network is built"),
        ("2", {"config": wrong.to_json()}, "has other weights than its record says"),
    ):
        export_model(model, tmp_path / name, sample_dataset.class_names, (28, 28, 1), metadata, images)
        (tmp_path / name / NETWORK).unlink()
        forget_in_record(tmp_path / name, NETWORK)
        trained = load_trained(tmp_path / name, sample_dataset)
        with pytest.raises(ExportError, match=message):
            trained.build()
