"""SavedModels out of trained models: written whole, and only where they agree with the model in float32.

    DIR/NAME/ARM/1/   saved_model.pb, variables/, and assets.extra/fashion_keras.json: what it is, see `read_record`

`assets.extra` is the folder that the SavedModel format leaves to its users: no loader reads it, and it travels with the
model. Importing this module and finding an export that is already there take no TensorFlow.
"""

import contextlib
import errno
import hashlib
import json
import os
import platform
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock
import numpy as np
from numpy.typing import NDArray

from fashion_keras._tensorflow import import_tensorflow
from fashion_keras.data import Dataset
from fashion_keras.errors import ExportError
from fashion_keras.store import StoredRun

if TYPE_CHECKING:
    import keras

EXPORT_FORMAT = 1
"""Raised when the signature or the record changes; exports of an older format are written anew."""

MAX_PROBABILITY_DIFFERENCE = 1e-5
RECORD = Path("assets.extra", "fashion_keras.json")
_BATCH_SIZE = 250


@dataclass(frozen=True)
class ParityReport:
    """How an export, read back from disk, compares with the model in float32.

    Attributes:
        num_images: Images that both were asked about.
        num_class_differences: Images of which they name different classes; 0 in every export that was kept.
        max_probability_difference: The largest difference of a probability, in [0, 1].
        num_differences_to_run: Images of which the export names another class than the run itself did: not bounded,
            because a run in bfloat16 differs on about a dozen of 10,000. None where the run was never tested.
    """

    num_images: int
    num_class_differences: int
    max_probability_difference: float
    num_differences_to_run: int | None = None

    @property
    def passed(self) -> bool:
        """Whether the export may be kept; NaN never passes."""
        return self.num_class_differences == 0 and self.max_probability_difference <= MAX_PROBABILITY_DIFFERENCE

    def __str__(self) -> str:
        text = (
            f"{self.num_class_differences} of {self.num_images:,} classes differ from the float32 model, "
            f"probabilities by at most {self.max_probability_difference:.1e}"
        )
        if self.num_differences_to_run is None:
            return text
        return f"{text}; {self.num_differences_to_run:,} classes differ from the run's own answers"


def export_run(run: StoredRun, dataset: Dataset, path: str | os.PathLike[str], *, force: bool = False) -> ParityReport:
    """Export a stored run, or find at once that this was done.

    Whatever the run's precision, the export computes in float32. It is compared over the whole test set.

    Args:
        run: A finished run.
        dataset: The data that it was trained on.
        path: The SavedModel's folder, such as `saved_models/cnn/sgd/1`; an earlier export there is replaced.
        force: Export again, even if an undamaged export of this run is there.

    Raises:
        ExportError: The run diverged or belongs to other data; the export disagrees; the folder is not an export of
            ours or cannot be written. Nothing changes at `path` then.
    """
    place = Path(path).resolve()
    if not force and (report := find_export(place, run.run_id)):
        return report
    _check_run(run, dataset)
    with _locked(place):
        # Another process may have exported it while this one waited.
        if not force and (report := find_export(place, run.run_id)):
            return report
        predictions = None if run.correct is None else run.load_predictions()
        return _export(
            _build_float32_model(run, dataset),
            place,
            dataset.class_names,
            dataset.image_shape,
            _describe_run(run, dataset),
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

    Raises:
        ExportError: The arguments do not fit together; the export names another class than the model, or differs by
            more than 1e-5 in a probability; the folder is not an export of ours or cannot be written. Nothing changes
            at `path` then.
    """
    place = Path(path).resolve()
    with _locked(place):
        return _export(model, place, class_names, image_shape, metadata, parity_images)


def find_export(path: str | os.PathLike[str], run_id: str) -> ParityReport | None:
    """Return the report of an undamaged export of a run in today's format, or None; takes milliseconds."""
    record = read_record(path)
    try:
        known = record["format"] == EXPORT_FORMAT and record["run"]["run_id"] == run_id
        whole = "saved_model.pb" in record["files"] and find_damage(path, record) is None
        return ParityReport(**record["parity"]) if known and whole else None
    except (KeyError, TypeError):
        return None


def read_record(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what an export says of itself; empty where there is no record.

    Returns:
        `format`, `exported_at`, `class_names`, `image_shape`, `parity`, `versions`, `run` (what the exporter was told
        of the model: run id, configuration, final values, data) and `files`, from each file's path to its SHA-256.
    """
    try:
        record = json.loads((Path(path) / RECORD).read_bytes())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) and isinstance(record.get("files"), dict) else {}


def find_damage(path: str | os.PathLike[str], record: Mapping[str, Any]) -> str | None:
    """Return the first file that is missing or not as it was written, or None.

    The record lies beside the files: this finds accidents. Against a hand that changes both it is no protection.
    """
    for name, expected in record.get("files", {}).items():
        try:
            if _hash_file(Path(path) / name) != expected:
                return name
        except OSError:
            return name
    return None


def _export(
    model: "keras.Model",
    path: Path,
    class_names: Sequence[str],
    image_shape: Sequence[int],
    metadata: Mapping[str, Any],
    parity_images: NDArray[np.uint8],
    run_class_id: NDArray[np.uint8] | None = None,
) -> ParityReport:
    _check_model(model, class_names, image_shape, parity_images)
    with _clear_errors(path), _replaced_whole(path) as folder:
        _write_saved_model(model, folder, class_names, image_shape)
        report = _measure_parity(model, folder, parity_images, run_class_id)
        if not report.passed:
            raise ExportError(f"{path} is not exported: {report}; 0 and {MAX_PROBABILITY_DIFFERENCE} are allowed")
        _write_record(folder, report, class_names, image_shape, metadata)
    return report


def _write_saved_model(
    model: "keras.Model", folder: Path, class_names: Sequence[str], image_shape: Sequence[int]
) -> None:
    tf = import_tensorflow()
    import keras

    height, width, channels = image_shape
    shape = (None, height, width) if channels == 1 else (None, height, width, channels)
    archive = keras.export.ExportArchive()
    # Not `archive.track(model)`: the endpoint's variables are tracked anyway, and would be written twice.
    # The archive adds `serving_default`, the name that TensorFlow Serving asks for, by itself.
    archive.add_endpoint("serve", _serving_function(model, class_names), [tf.TensorSpec(shape, tf.uint8, "images")])
    archive.write_out(str(folder), verbose=False)


def _serving_function(model: "keras.Model", class_names: Sequence[str]) -> Callable[[Any], dict[str, Any]]:
    tf = import_tensorflow()
    from fashion_keras.data.pipelines import normalise

    names = tf.constant(list(class_names))

    def serve(images: Any) -> dict[str, Any]:
        pixels = images[..., tf.newaxis] if images.shape.rank == 3 else images
        logits = model(normalise(pixels), training=False)
        class_id = tf.argmax(logits, axis=-1, output_type=tf.int64)
        return {
            "probabilities": tf.nn.softmax(logits),
            "class_id": class_id,
            "class_name": tf.gather(names, class_id),
        }

    return serve


def _measure_parity(
    model: "keras.Model", folder: Path, images: NDArray[np.uint8], run_class_id: NDArray[np.uint8] | None
) -> ParityReport:
    """Read a SavedModel back and ask both, batch by batch so that memory stays small."""
    tf = import_tensorflow()
    from fashion_keras.data.pipelines import normalise

    # A graph, as in training and in the export: of batch norm, it takes half the time.
    # Traced once: a worker that exports many models would otherwise be warned of as many tracings.
    pixels = tf.TensorSpec((None, *images.shape[1:]), tf.uint8)
    ask = tf.function(lambda pixels: model(normalise(pixels), training=False)).get_concrete_function(pixels)
    loaded = tf.saved_model.load(str(folder))
    differences, class_ids, expected_ids = [], [], []
    for start in range(0, len(images), _BATCH_SIZE):
        batch = images[start : start + _BATCH_SIZE]
        expected = _softmax(ask(tf.constant(batch)).numpy())
        answer = loaded.signatures["serving_default"](tf.constant(batch[..., 0] if batch.shape[-1] == 1 else batch))
        differences.append(np.abs(answer["probabilities"].numpy() - expected).max())
        class_ids.append(answer["class_id"].numpy())
        expected_ids.append(expected.argmax(axis=-1))
    class_id = np.concatenate(class_ids)
    return ParityReport(
        num_images=len(images),
        num_class_differences=int(np.sum(class_id != np.concatenate(expected_ids))),
        max_probability_difference=float(np.max(differences)),
        num_differences_to_run=None if run_class_id is None else int(np.sum(class_id != run_class_id)),
    )


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    exponentials = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def _write_record(
    folder: Path,
    report: ParityReport,
    class_names: Sequence[str],
    image_shape: Sequence[int],
    metadata: Mapping[str, Any],
) -> None:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    record = {
        "format": EXPORT_FORMAT,
        "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "class_names": list(class_names),
        "image_shape": list(image_shape),
        "parity": asdict(report),
        "versions": {"python": platform.python_version()}
        | {package: version(package) for package in ("tensorflow", "keras", "numpy")},
        "run": dict(metadata),
        "files": {file.relative_to(folder).as_posix(): _hash_file(file) for file in files},
    }
    text = json.dumps(record, indent=1, sort_keys=True, allow_nan=False) + "\n"
    (folder / RECORD).parent.mkdir(exist_ok=True)
    (folder / RECORD).write_text(text)


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _build_float32_model(run: StoredRun, dataset: Dataset) -> "keras.Model":
    import_tensorflow()
    import keras

    from fashion_keras.models import build_model

    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        model = build_model(run.config.model, dataset.image_shape, dataset.num_classes, run.seed)
        model.set_weights(run.load_weights())
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        reason = str(error).splitlines()[0]
        raise ExportError(f"{run.path} has no usable weights ({reason}); delete it and run again") from error
    finally:
        keras.config.set_dtype_policy(policy)
    return model


def _describe_run(run: StoredRun, dataset: Dataset) -> dict[str, Any]:
    """What an export keeps of its run: enough to say what it is without the store."""
    kept = ("run_id", "protocol", "config", "epochs", "final", "environment", "finished_at")
    data = {"name": dataset.name, "content_hash": dataset.content_hash}
    return {"label": run.config.label, "seed": run.seed, "data": data} | {name: run.result[name] for name in kept}


def _check_run(run: StoredRun, dataset: Dataset) -> None:
    if run.status != "finished":
        raise ExportError(f"{run.path.name} {run.status}: there is no model to export")
    if run.config.data != dataset.content_hash:
        raise ExportError(
            f"{run.path.name} was trained on the data {run.config.data[:12]}, but {dataset.directory} holds "
            f"{dataset.content_hash[:12]}"
        )


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
def _locked(path: Path) -> Iterator[None]:
    """Hold the right to write one export; waits for a process that holds it."""
    with _clear_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(path.with_name(f".{path.name}.lock"))
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _replaced_whole(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside `path` that takes its place in the end, or vanishes if anything fails.

    The caller holds the lock, so whatever has the temporary names was left by a process that died.
    """
    if path.exists() and not (path / RECORD).exists() and not (path.is_dir() and not any(path.iterdir())):
        raise ExportError(f"{path} is there and is not an export of ours: move it away or choose another place")
    partial, replaced = (path.with_name(f".{path.name}.{word}") for word in ("partial", "replaced"))
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        yield partial
        _swap(partial, path, replaced)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _swap(new: Path, path: Path, replaced: Path) -> None:
    """Put a folder into place; a folder cannot be renamed over another, so the earlier one steps aside first."""
    shutil.rmtree(replaced, ignore_errors=True)
    if not path.exists():
        new.rename(path)
        return
    path.rename(replaced)
    try:
        new.rename(path)
    except BaseException:
        replaced.rename(path)
        raise
    shutil.rmtree(replaced, ignore_errors=True)


@contextlib.contextmanager
def _clear_errors(path: Path) -> Iterator[None]:
    """Turn what the system or TensorFlow says of a place that cannot be written or read back into one line."""
    try:
        yield
    except OSError as error:
        remedy = "free some space" if error.errno == errno.ENOSPC else "choose another place"
        raise ExportError(f"cannot write {error.filename or path}: {error.strerror or error}; {remedy}") from error
    except Exception as error:
        # TensorFlow's own errors, told by their module: importing it to name them would take seconds.
        if type(error).__module__.startswith("tensorflow."):
            reason = re.sub(r"\{\{.*?\}\} |\[Op:\w+\]", "", str(error).splitlines()[0]).strip()
            raise ExportError(f"cannot export to {path}: {reason}") from error
        raise
