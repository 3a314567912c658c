"""Trained models by what a user calls them: a run, or an export. As Keras models in float32."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fashion_keras._tensorflow import import_tensorflow
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import Dataset
from fashion_keras.errors import DataError, ExportError, StoreError
from fashion_keras.export.parity import ask_keras, ask_saved_model, measure_parity
from fashion_keras.export.saved_model import build_float32_model, build_run_model, check_data, check_run
from fashion_keras.inference.record import read_sound_record
from fashion_keras.inference.shipped import find_model
from fashion_keras.storage.runs import RESULT, RunStore, StoredRun, read_run

if TYPE_CHECKING:
    import keras


def find_trained(name: str, store: RunStore) -> StoredRun | Path:
    """Return the run, or else the model's version folder, that a user names.

    Args:
        name: A run's folder, or the name of that folder in the store; or a model as `find_model` takes it.
        store: The store.

    Raises:
        StoreError: It is a run's folder, but the run is not complete.
        DataError: There is neither.
    """
    if (Path(name) / RESULT).exists():
        run = read_run(Path(name))
        if run is None:
            raise StoreError(f"{name} holds no complete run; the command that trained it trains it again")
        return run
    if Path(name).name == name and (run := store.find_folder(name)):
        return run
    try:
        return find_model(name)
    except DataError as error:
        raise DataError(f"{error}; nor is it a run in {store.root}") from error


def short_name(found: StoredRun | Path) -> str:
    """Return a name for the folder of what is made of it: the run's label and seed, or the model's folder's name."""
    if isinstance(found, StoredRun):
        return f"{found.config.label}__s{found.seed}"
    return found.parent.name if found.name.isdecimal() else found.name


@dataclass(frozen=True)
class Trained:
    """A trained model that can be written in any format.

    Attributes:
        model: In float32, from images [N, H, W, C] in [-1, 1] to logits [N, K].
        class_names: K names.
    """

    model: "keras.Model"
    class_names: tuple[str, ...]


def load_trained(found: StoredRun | Path, dataset: Dataset) -> Trained:
    """Build the Keras model of a run or of an export.

    Args:
        found: What `find_trained` returned.
        dataset: The data that it was trained on.

    Raises:
        ExportError: The run diverged or has damaged weights; the export is damaged, does not say how its model is
            built, or does not answer as that; or the data is other data.
    """
    if isinstance(found, StoredRun):
        check_run(found, dataset)
        return Trained(build_run_model(found, dataset), dataset.class_names)
    record = read_sound_record(found)
    try:
        config, content_hash = RunConfig.from_json(record["run"]["config"]), record["run"]["data"]["content_hash"]
    except (KeyError, TypeError) as error:
        raise ExportError(f"{found} does not say which run it is of: only exports of runs are converted") from error
    check_data(str(found), content_hash, dataset)
    model = build_float32_model(config, dataset.image_shape, dataset.num_classes)
    _take_weights(model, found)
    images = dataset.test_images.reshape(-1, *dataset.image_shape)
    report = measure_parity(ask_saved_model(found), ask_keras(model, dataset.image_shape), images)
    if not report.passed:
        raise ExportError(f"{found} cannot be built again from its record: {report}; export its run instead")
    return Trained(model, tuple(record["class_names"]))


def _take_weights(model: "keras.Model", folder: Path) -> None:
    """Give a model the weights of its SavedModel, whose variables are called `MODEL/LAYER/WEIGHT:0`."""
    tf = import_tensorflow()
    loaded = tf.saved_model.load(str(folder))
    arrays = {_layer_and_weight(variable.name): variable.numpy() for variable in loaded._all_variables}
    try:
        model.set_weights([arrays[_layer_and_weight(weight.path)] for weight in model.weights])
    except (KeyError, ValueError) as error:
        raise ExportError(f"{folder} has other weights than its record says; export its run instead") from error


def _layer_and_weight(name: str) -> tuple[str, ...]:
    return tuple(name.removesuffix(":0").split("/")[-2:])
