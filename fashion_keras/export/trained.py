"""Trained models by what a user calls them: a run, or an export."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fashion_keras._tensorflow import import_tensorflow
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import Dataset
from fashion_keras.errors import DataError, ExportError, StoreError
from fashion_keras.export.network import build_network, read_network
from fashion_keras.export.parity import Outputs, Predictor, keras_predictor
from fashion_keras.export.saved_model import (
    add_code_folders,
    build_float32_model,
    build_run_model,
    check_data,
    check_run,
)
from fashion_keras.export.signature import Serve, input_spec, make_serve
from fashion_keras.inference.classifier import Classifier, load_model
from fashion_keras.inference.shipped import find_model
from fashion_keras.storage.runs import RESULT, RunStore, StoredRun, read_run

if TYPE_CHECKING:
    import keras

__all__ = ["Trained", "find_trained", "load_trained"]


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


@dataclass(frozen=True)
class Trained:
    """A trained model that can be written in any format.

    Attributes:
        class_names: K names.
        image_shape: Height, width and channels.
        predict: Its own predictions, which those of a file are compared with.
        serve: Its signature, which converters take.
        build: Builds it as a Keras model in float32, from images [N, H, W, C] in [-1, 1] to logits [N, K]; raises a
            `UserError` where a SavedModel holds something else than Keras can build.
    """

    class_names: tuple[str, ...]
    image_shape: tuple[int, int, int]
    predict: Predictor
    serve: Serve
    build: "Callable[[], keras.Model]"

    @classmethod
    def of_model(cls, model: "keras.Model", class_names: Sequence[str]) -> "Trained":
        """Return a Keras model in float32, from images [N, H, W, C] in [-1, 1] to logits [N, K]."""
        height, width, channels = model.input_shape[1:]
        shape = (height, width, channels)
        return cls(tuple(class_names), shape, keras_predictor(model, shape), make_serve(model), lambda: model)


def load_trained(found: StoredRun | Path, dataset: Dataset) -> Trained:
    """Load a run or an export.

    Args:
        found: What `find_trained` returned.
        dataset: The data that it was trained on.

    Raises:
        ExportError: The run diverged or has damaged weights; the SavedModel is no export of ours; or the data is other
            data.
        DataError: The SavedModel is damaged.
    """
    if isinstance(found, StoredRun):
        check_run(found, dataset)
        return Trained.of_model(build_run_model(found, dataset), dataset.class_names)
    classifier = load_model(found)
    info = classifier.info
    if not info.record:
        raise ExportError(f"{found} has no record of its files: it is not an export of ours")
    if info.data_hash is not None:
        check_data(str(found), info.data_hash, dataset)
    if classifier.image_shape != dataset.image_shape:
        raise ExportError(f"{found} takes images {classifier.image_shape}, but the data has {dataset.image_shape}")
    return Trained(
        classifier.class_names,
        classifier.image_shape,
        _classifier_predictor(classifier),
        _serve_numbers(classifier),
        partial(_rebuild, classifier),
    )


def _classifier_predictor(classifier: Classifier) -> Predictor:
    def predict(images: NDArray[np.uint8]) -> Outputs:
        found = classifier.predict(images)
        return found.probabilities, found.class_id

    return predict


def _serve_numbers(classifier: Classifier) -> Serve:
    def serve(images: Any) -> dict[str, Any]:
        outputs = classifier.signature(images=images)
        return {name: outputs[name] for name in ("probabilities", "class_id")}

    return serve


def _rebuild(classifier: Classifier) -> "keras.Model":
    """Build the Keras model of an export, by its description or else by its run's configuration."""
    info = classifier.info
    if (description := read_network(info.path)) is not None:
        model = build_network(description)
    elif info.settings:
        add_code_folders(None)
        num_classes = len(classifier.class_names)
        model = build_float32_model(RunConfig.from_json(dict(info.settings)), classifier.image_shape, num_classes)
    else:
        raise ExportError(f"{info.path} does not say how its network is built: export its run instead")
    _take_weights(model, classifier)
    return model


def _take_weights(model: "keras.Model", classifier: Classifier) -> None:
    """Give a model the weights of its SavedModel: both use them in the same order, whatever they are called."""
    tf = import_tensorflow()
    traced = tf.function(make_serve(model), autograph=False).get_concrete_function(input_spec(classifier.image_shape))
    saved, new = (_variables_in_use(function) for function in (classifier.signature, traced))
    if [variable.shape for variable in saved] != [variable.shape for variable in new]:
        raise ExportError(f"{classifier.info.path} has other weights than its record says: export its run instead")
    for variable, value in zip(new, saved, strict=True):
        variable.assign(value)


def _variables_in_use(function: Any) -> list[Any]:
    """Return a traced function's variables in the order in which it first uses them."""
    by_handle = {id(variable.handle): variable for variable in function.variables}
    return [by_handle[id(value)] for value in function.captured_inputs if id(value) in by_handle]
