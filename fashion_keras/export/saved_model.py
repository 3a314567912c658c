"""SavedModels of trained models: written whole, and only where they agree with the model in float32.

DIR/NAME/ARM/1/   saved_model.pb, variables/, and assets.extra/fashion_keras.json: what it is, see `read_record`
"""

import contextlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fashion_keras._tensorflow import import_tensorflow
from fashion_keras.data import Dataset, find_ground
from fashion_keras.errors import ExportError, os_errors_as
from fashion_keras.export.network import write_network
from fashion_keras.export.parity import keras_predictor, measure_parity, saved_model_predictor
from fashion_keras.export.signature import input_spec, make_serve, with_class_names
from fashion_keras.formatting import first_line
from fashion_keras.inference.record import (
    MAX_PROBABILITY_DIFFERENCE,
    RECORD,
    ParityReport,
    find_export,
    read_checked_record,
    write_record,
)
from fashion_keras.storage.files import folder_lock, write_folder
from fashion_keras.storage.runs import StoredRun

if TYPE_CHECKING:
    import keras

    from fashion_keras.config.run_config import RunConfig

__all__ = [
    "add_code_folders", "build_float32_model", "build_run_model", "check_data", "check_run", "copy_export",
    "export_model", "export_run",
]  # fmt: skip


def export_run(
    run: StoredRun,
    dataset: Dataset,
    path: str | os.PathLike[str],
    *,
    force: bool = False,
    about: Mapping[str, Any] | None = None,
) -> ParityReport:
    """Export a stored run, or find at once that this was done.

    Whatever the run's precision, the export computes in float32. It is compared over the whole test set.

    Args:
        run: A finished run.
        dataset: The data that it was trained on.
        path: The SavedModel's folder, such as `saved_models/cnn/sgd/1`; an earlier export there is replaced.
        force: Export again, even if an undamaged export of this run is there.
        about: JSON values that the record keeps under `run` besides what the store says.

    Raises:
        ExportError: The run diverged or belongs to other data; the export disagrees; the folder is not an export of
            ours or cannot be written. Nothing changes at `path` then.
    """
    place = Path(path).resolve()
    if not force and (report := find_export(place, run.run_id)):
        return report
    check_run(run, dataset)
    with os_errors_as(ExportError, place), folder_lock(place):
        # Another process may have exported it while this one waited.
        if not force and (report := find_export(place, run.run_id)):
            return report
        predictions = None if run.correct is None else run.load_predictions()
        return export_model(
            build_run_model(run, dataset),
            place,
            dataset.class_names,
            dataset.image_shape,
            _describe_run(run, dataset) | dict(about or {}),
            dataset.test_images.reshape(-1, *dataset.image_shape),
            None if predictions is None else predictions.class_id,
        )


def export_model(
    model: "keras.Model",
    path: str | os.PathLike[str],
    class_names: Sequence[str],
    image_shape: Sequence[int],
    metadata: Mapping[str, Any],
    parity_images: NDArray[np.uint8],
    run_class_id: NDArray[np.uint8] | None = None,
) -> ParityReport:
    """Export a model as a SavedModel that takes pixels and names classes, and needs TensorFlow alone.

    Its endpoints `serve` and `serving_default` take `images`, uint8 [N, H, W], or [N, H, W, C] in colour, and return
    `probabilities` float32 [N, K], `class_id` int64 [N] and `class_name` string [N].

    Args:
        model: In float32, from images [N, H, W, C] in [-1, 1] to logits [N, K].
        path: The SavedModel's folder, its name a version number; an earlier export there is replaced whole.
        class_names: K names.
        image_shape: Height, width and channels.
        metadata: JSON values that say where the model comes from; kept under `run` in the record.
        parity_images: uint8 [M, H, W, C], M at least 1: what export and model are compared on.
        run_class_id: What the run that trained it said of those images, [M].

    Raises:
        ExportError: The arguments do not fit together; the export names another class than the model, or differs by
            more than 1e-5 in a probability; the folder is not an export of ours or cannot be written. Nothing changes
            at `path` then.
    """
    place = Path(path).resolve()
    _check_model(model, class_names, image_shape, parity_images)
    with _replaced_whole(place) as folder:
        _write_saved_model(model, folder, class_names, image_shape)
        expected = keras_predictor(model, parity_images.shape[1:])
        report = measure_parity(expected, saved_model_predictor(folder), parity_images, run_class_id)
        if not report.passed:
            raise ExportError(f"{place} is not exported: {report}; 0 and {MAX_PROBABILITY_DIFFERENCE} are allowed")
        write_network(folder, model)
        write_record(folder, report, class_names, image_shape, metadata)
    return report


def copy_export(folder: Path, path: Path) -> None:
    """Copy an export whole, once its files are found to be as they were written.

    Raises:
        ExportError: It is damaged or no export of ours; the place holds something else or cannot be written.
    """
    if not read_checked_record(folder):
        raise ExportError(f"{folder} has no record of its files: it is not an export of ours")
    place = path.resolve()
    if place == folder.resolve():
        raise ExportError(f"{folder} is there already; choose another place with --out")
    if place.is_relative_to(folder.resolve()):
        raise ExportError(f"{path} lies within {folder}, which cannot be copied into itself; choose another place")
    with _replaced_whole(place) as partial:
        shutil.copytree(folder, partial, dirs_exist_ok=True)


def build_float32_model(config: "RunConfig", image_shape: Sequence[int], num_classes: int) -> "keras.Model":
    """Build a `config`'s model in float32, whatever its precision, with its initial weights.

    It goes from images of `image_shape` (height, width, channels) to `num_classes` logits.
    """
    import_tensorflow()
    import keras

    from fashion_keras.models.networks import build_model

    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        return build_model(config.model, image_shape, num_classes, config.seed)
    finally:
        keras.config.set_dtype_policy(policy)


def build_run_model(run: StoredRun, dataset: Dataset) -> "keras.Model":
    """Build a stored run's model in float32.

    Raises:
        ExportError: Its weights are those of another network.
        StoreError: They are damaged.
        ConfigError: Its custom network is not found, has changed or fails.
    """
    add_code_folders(run.network_folder)
    model = build_float32_model(run.config, dataset.image_shape, dataset.num_classes)
    try:
        model.set_weights(run.load_weights())
    except ValueError as error:
        raise ExportError(f"{run.path} has no usable weights ({first_line(error)}); delete it and run again") from error
    return model


def add_code_folders(folder: str | None) -> None:
    """Put where a custom network was, and the current folder, at the end of Python's path, to shadow nothing."""
    sys.path += [place for place in (folder, str(Path.cwd())) if place is not None and place not in sys.path]


def check_run(run: StoredRun, dataset: Dataset) -> None:
    """Check that a run can be exported, and that its data is at hand.

    Raises:
        ExportError: It diverged, a custom trainer did it, or it was trained on other data.
    """
    if run.config.trainer is not None:
        raise ExportError(f"{run.path.name} is of a custom trainer, which alone has its model: export it there")
    if run.status != "finished":
        raise ExportError(f"{run.path.name} {run.status}: there is no model to export")
    check_data(run.path.name, run.config.data, dataset)


def check_data(name: str, content_hash: str, dataset: Dataset) -> None:
    """Check that a `dataset` is the one, by its `content_hash`, that what has this `name` was trained on.

    Raises:
        ExportError: It is another.
    """
    if content_hash != dataset.content_hash:
        raise ExportError(
            f"{name} was trained on the data {content_hash[:12]}, but {dataset.place} holds "
            f"{dataset.content_hash[:12]}; give what it was trained on with --dataset"
        )


def _write_saved_model(
    model: "keras.Model", folder: Path, class_names: Sequence[str], image_shape: Sequence[int]
) -> None:
    import_tensorflow()
    import keras

    archive = keras.export.ExportArchive()
    # Not `archive.track(model)`: the endpoint's variables are tracked anyway, and would be written twice.
    # The archive adds `serving_default`, the name that TensorFlow Serving asks for, by itself.
    archive.add_endpoint("serve", with_class_names(make_serve(model), class_names), [input_spec(image_shape)])
    before = tempfile.tempdir
    # TensorFlow leaves a file there until the process ends, but a worker is killed.
    with tempfile.TemporaryDirectory() as tempfile.tempdir:
        try:
            archive.write_out(str(folder), verbose=False)
        finally:
            tempfile.tempdir = before


def _describe_run(run: StoredRun, dataset: Dataset) -> dict[str, Any]:
    """What an export keeps of its run: enough to say what it is without the store."""
    kept = ("run_id", "protocol", "config", "epochs", "final", "environment", "finished_at")
    ground = "black" if dataset.is_fashion_mnist else find_ground(dataset.train_images)
    data = {"name": dataset.name, "content_hash": dataset.content_hash, "ground": ground}
    return {"label": run.config.label, "seed": run.seed, "data": data} | {name: run.result[name] for name in kept}


def _check_model(
    model: "keras.Model", class_names: Sequence[str], image_shape: Sequence[int], images: NDArray[np.uint8]
) -> None:
    expected = {"input": (None, *image_shape), "output": (None, len(class_names))}
    got = {"input": tuple(model.input_shape), "output": tuple(model.output_shape)}
    if got != expected:
        raise ExportError(f"the model must go from {expected['input']} to {expected['output']}, got {got}")
    if dtypes := {layer.compute_dtype for layer in model.layers} - {"float32"}:
        raise ExportError(f"the model must compute in float32, got {min(dtypes)}: build it under that dtype policy")
    if images.dtype != np.uint8 or images.shape[1:] != tuple(image_shape) or not len(images):
        raise ExportError(
            f"parity_images must be uint8 [M, {', '.join(map(str, image_shape))}] with M at least 1, "
            f"got {images.dtype} {list(images.shape)}"
        )


@contextlib.contextmanager
def _replaced_whole(path: Path) -> Iterator[Path]:
    """Yield an empty folder that takes the place of an export in the end, or vanishes if anything fails."""
    if path.exists() and not (path / RECORD).exists() and not (path.is_dir() and not any(path.iterdir())):
        raise ExportError(f"{path} is there and is not an export of ours: move it away or choose another place")
    with os_errors_as(ExportError, path), _tensorflow_errors_at(path), write_folder(path) as partial:
        yield partial


@contextlib.contextmanager
def _tensorflow_errors_at(path: Path) -> Iterator[None]:
    """Turn what TensorFlow says of a place that cannot be written or read back into one line."""
    try:
        yield
    except Exception as error:
        # Told by their module: importing TensorFlow to name them would take seconds.
        if type(error).__module__.startswith("tensorflow."):
            reason = re.sub(r"\{\{.*?\}\} |\[Op:\w+\]", "", str(error).splitlines()[0]).strip()
            raise ExportError(f"cannot export to {path}: {reason}") from error
        raise
