"""Predictions of an arm's runs on the test images: confusions summed over the seeds, and its surest mistakes."""

import base64
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fashion_keras.data import Dataset
from fashion_keras.formatting import one_line
from fashion_keras.statistics.classifier import commonest_confusions, confident_mistakes, confusion_matrix
from fashion_keras.storage.comparison import ArmResults, ComparisonResults
from fashion_keras.storage.results import Predictions

__all__ = ["NO_DATA", "NO_PREDICTIONS", "ArmPredictions", "PredictionReader", "png_address"]

NUM_MISTAKES = 8
_NUM_CONFUSIONS = 3
_FILE = "predictions.npz"
_LARGEST_SIDE = 64  # pixels of a picture; larger ones are scaled down

NO_PREDICTIONS = (
    "What each run answered to each image is in the store alone; the published archive holds whether it was right. "
    "A page made from a store shows confusion matrices and mistakes here."
)
NO_DATA = (
    "Confusion matrices and pictures of mistakes need the test images and their labels, and the data set of this "
    "comparison was not found on this machine when the page was made; `--dataset PATH` says where it is."
)


@dataclass(frozen=True)
class ArmPredictions:
    """One arm's answers.

    Attributes:
        arm: Its name.
        num_runs: The matrix sums this many runs.
        classes: Their names.
        matrix: For each true class its counts, a row, and its share of each predicted class.
        worst: The commonest confusions in words.
        mistakes: Pictures that it is sure of and wrong about, as PNG in data addresses, with both classes in words; the
            surest first.
        num_sure: The mistakes are by the mean probabilities of this many runs; those that diverged have none.
    """

    arm: str
    num_runs: int
    classes: tuple[str, ...]
    matrix: tuple[tuple[tuple[int, float], ...], ...]
    worst: str
    mistakes: tuple[tuple[str, str], ...]
    num_sure: int


class PredictionReader:
    """Reads the answers of arms, each once though several comparisons show the same runs.

    Args:
        datasets: The data that is at hand.
    """

    def __init__(self, datasets: Iterable[Dataset] = ()):
        self._datasets = {each.content_hash: each for each in datasets}
        self._known: dict[tuple[str, ...], ArmPredictions] = {}

    def read(self, results: ComparisonResults) -> tuple[ArmPredictions, ...] | str:
        """Return what a comparison's arms answered, or why that cannot be shown."""
        arms = [arm for arm in results.arms if _has_predictions(arm)]
        data = self._datasets.get(results.record.data["content_hash"])
        if not arms:
            return NO_PREDICTIONS
        return tuple(self._read_arm(arm, data) for arm in arms) if data else NO_DATA

    def _read_arm(self, arm: ArmResults, data: Dataset) -> ArmPredictions:
        key = tuple(str(run.path) for run in arm.runs.values())
        if key not in self._known:
            self._known[key] = _summarise([run.load_predictions() for run in arm.runs.values()], data)
        return replace(self._known[key], arm=one_line(arm.name))


def _has_predictions(arm: ArmResults) -> bool:
    return bool(arm.runs) and all((run.path / _FILE).is_file() for run in arm.runs.values())


def _summarise(answers: Sequence[Predictions], data: Dataset) -> ArmPredictions:
    labels, classes = data.test_labels, tuple(map(one_line, data.class_names))
    counts = sum(
        (confusion_matrix(labels, each.class_id, data.num_classes) for each in answers),
        start=np.zeros((data.num_classes, data.num_classes), np.int64),
    )
    sound = [each.probabilities for each in answers if np.isfinite(each.probabilities).all()]
    mistakes = _mistakes(np.mean(sound, axis=0, dtype=np.float32), data, classes) if sound else ()
    return ArmPredictions(
        "", len(answers), classes, _matrix(counts), _confusions(counts, classes), mistakes, len(sound)
    )


def _matrix(counts: NDArray[np.int64]) -> tuple[tuple[tuple[int, float], ...], ...]:
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    return tuple(
        tuple((int(count), round(float(share), 3)) for count, share in zip(row, row_shares, strict=True))
        for row, row_shares in zip(counts, shares, strict=True)
    )


def _confusions(counts: NDArray[np.int64], classes: Sequence[str]) -> str:
    found = commonest_confusions(counts, _NUM_CONFUSIONS)
    words = [f"{classes[true]} taken for {classes[said]} ({count} times)" for true, said, count in found]
    return f"Most often: {'; '.join(words)}." if words else "No image was confused."


def _mistakes(mean: NDArray[np.float32], data: Dataset, classes: Sequence[str]) -> tuple[tuple[str, str], ...]:
    class_id = mean.argmax(axis=1)
    places = confident_mistakes(data.test_labels, class_id, mean)[:NUM_MISTAKES]
    return tuple(
        (
            png_address(data.test_images[place]),
            f"{classes[data.test_labels[place]]} taken for {classes[class_id[place]]}, {100 * mean[place].max():.1f} %",
        )
        for place in places.tolist()
    )


def png_address(image: NDArray[np.uint8]) -> str:
    """Return an image, uint8 [H, W] or [H, W, 3], as a `data:` address of a small PNG."""
    from PIL import Image

    picture = Image.fromarray(image)
    picture.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE))
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
