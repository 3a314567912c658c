"""Evaluation of a model on a test set: its predictions judged, as tables, JSON and pictures."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fashion_keras.data import Dataset
from fashion_keras.errors import DataError
from fashion_keras.formatting import finite_or_none, safe_name
from fashion_keras.statistics.classifier import Evaluation, evaluate
from fashion_keras.storage.files import write_files

if TYPE_CHECKING:
    from fashion_keras.inference.classifier import Classifier

__all__ = ["describe_evaluation", "evaluate_model", "short_name", "to_json", "write_evaluation"]

_REMEDY = "give the data that it was made for with --dataset"


def evaluate_model(model: "Classifier", dataset: Dataset) -> Evaluation:
    """Classify the test images of a data set, and judge the predictions; the CNN takes some seconds for 10,000 images.

    Raises:
        DataError: The model takes other images or names other classes than the data, in one line.
    """
    _check_images(model, dataset)
    predictions = model.predict(dataset.test_images)
    _check_classes(model, predictions.probabilities.shape[1], dataset)
    try:
        return evaluate(dataset.test_labels, predictions.class_id, predictions.probabilities)
    except ValueError as error:
        raise DataError(f"the model's predictions cannot be evaluated: {error}") from error


def describe_evaluation(evaluation: Evaluation, model: "Classifier", name: str, dataset: Dataset) -> dict[str, Any]:
    """Return an evaluation as JSON values: shares as fractions, null where there is none.

    Args:
        evaluation: Of `model` on the test images of `dataset`.
        model: Whose record is kept.
        name: What the user called it.
        dataset: Which data that was.
    """
    info, names = model.info, dataset.class_names
    (low, high), scores, calibration = evaluation.interval, evaluation.scores, evaluation.calibration
    by_name = {"precision": scores.precision, "recall": scores.recall, "f1": scores.f1}
    return {
        "model": {"name": name, "label": info.label, "seed": info.seed, "run_id": info.run_id},
        "data": {"name": dataset.name, "content_hash": dataset.content_hash, "model_trained_on": info.data_hash},
        "num_images": evaluation.num_images,
        "num_correct": evaluation.num_correct,
        "accuracy": evaluation.accuracy,
        "accuracy_interval": {"low": low, "high": high, "level": 0.95, "method": "Wilson"},
        "cross_entropy_nats": evaluation.negative_log_likelihood,
        "brier_score": evaluation.brier,
        "macro": {score: scores.macro(values) for score, values in by_name.items()},
        "classes": _rows(
            id=np.arange(len(names)),
            name=names,
            num_images=scores.support,
            num_predicted=scores.num_predicted,
            **by_name,
        ),
        "confusion_matrix": {"rows": "true class", "columns": "predicted class", "counts": evaluation.matrix.tolist()},
        "calibration": {
            "expected_calibration_error": calibration.expected_error,
            "num_bins": len(calibration.count),
            "mean_confidence": calibration.mean_confidence,
            "bins": _rows(
                low=calibration.edges[:-1],
                high=calibration.edges[1:],
                num_images=calibration.count,
                num_correct=calibration.num_correct,
                mean_confidence=calibration.confidence,
                accuracy=calibration.accuracy,
            ),
        },
        "mistakes": [
            {
                "index": mistake.index,
                "true": names[mistake.label],
                "predicted": names[mistake.class_id],
                "probability": mistake.probability,
                "true_probability": mistake.label_probability,
            }
            for mistake in evaluation.mistakes
        ],
    }


def _rows(**columns: NDArray[Any] | Sequence[str]) -> list[dict[str, Any]]:
    """Return columns of equal lengths as a mapping for each row."""
    values = (column.tolist() if isinstance(column, np.ndarray) else column for column in columns.values())
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]


def write_evaluation(evaluation: Evaluation, record: Mapping[str, Any], dataset: Dataset, folder: Path) -> list[Path]:
    """Write `evaluation.json` and the three pictures into a folder, and return their paths.

    Args:
        evaluation: What is drawn.
        record: What `describe_evaluation` returned.
        dataset: What was evaluated on.
        folder: Where to; made where it is missing.

    Raises:
        StoreError: The folder cannot be written, in one line.
    """
    from fashion_keras.reporting.evaluation_figures import draw_evaluation

    written = write_files(folder, {"evaluation.json": to_json(record)})
    data = "Fashion-MNIST" if dataset.is_fashion_mnist else dataset.name
    share = f"{100 * evaluation.accuracy:.2f} % of {evaluation.num_images:,} test images"
    title = f"{short_name(record['model']['name'])}: {share} of {data} right"
    return written + draw_evaluation(evaluation, dataset.test_images, dataset.class_names, title, folder)


def to_json(record: Mapping[str, Any]) -> str:
    """Return a record as text; equal evaluations give equal text."""
    return json.dumps(finite_or_none(record), indent=1, allow_nan=False) + "\n"


def short_name(model: str) -> str:
    """Return what a model is called in titles and folders: its name, or the last two telling parts of its path.

    >>> short_name("cnn"), short_name("saved_models/initializers/he_uniform/1")
    ('cnn', 'initializers_he_uniform')
    >>> short_name("runs/widths__digits/saved_models/wide")
    'widths__digits_wide'
    """
    path = Path(model)
    parts = [part for part in path.parts if part not in (path.anchor, "..", "saved_models")] or [path.resolve().name]
    if len(parts) > 1 and parts[-1].isdecimal():  # the version
        parts.pop()
    return safe_name("_".join(parts[-2:]))


def _check_images(model: "Classifier", dataset: Dataset) -> None:
    if model.image_shape != dataset.image_shape:
        expected, got = ("x".join(map(str, shape)) for shape in (model.image_shape, dataset.image_shape))
        raise DataError(
            f"the model takes images of {expected} (height, width, channels), but those in {dataset.place} are of "
            f"{got}; {_REMEDY}"
        )


def _check_classes(model: "Classifier", num_classes: int, dataset: Dataset) -> None:
    """Compare number and names of the classes; a SavedModel without our record has no names to compare."""
    if num_classes != dataset.num_classes:
        raise DataError(
            f"the model knows {num_classes} classes, but {dataset.place} has {dataset.num_classes}; {_REMEDY}"
        )
    are_numbers = dataset.files and dataset.class_names == tuple(map(str, range(num_classes)))
    remedy = (
        "where they are the same, a labels.txt beside the data names them in their order" if are_numbers else _REMEDY
    )
    names = model.info.class_names or dataset.class_names
    for number, (expected, got) in enumerate(zip(names, dataset.class_names, strict=False)):
        if expected != got:
            raise DataError(f"class {number} is {expected!r} to the model and {got!r} in {dataset.place}; {remedy}")
