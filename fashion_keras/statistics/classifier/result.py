"""Evaluation of a classifier: everything that its answers to images of known classes say of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fashion_keras.statistics.classifier.calibration import (
    NUM_BINS,
    Calibration,
    brier_score,
    negative_log_likelihood,
    pick,
)
from fashion_keras.statistics.classifier.scores import ClassScores, confusion_matrix, wilson_interval

__all__ = ["NUM_MISTAKES", "Evaluation", "Mistake", "confident_mistakes", "evaluate"]

NUM_MISTAKES = 24


def confident_mistakes(labels: ArrayLike, class_id: ArrayLike, probabilities: ArrayLike) -> NDArray[np.int64]:
    """Return which images were classified wrongly, int64 [E]: the most confident first, equal ones in their order.

    Args:
        labels: Integers [N] in 0..K-1.
        class_id: Integers [N] in 0..K-1, the predicted classes.
        probabilities: float [N, K].

    >>> confident_mistakes([0, 1, 1], [0, 0, 0], [[0.9, 0.1], [0.6, 0.4], [0.8, 0.2]]).tolist()
    [2, 1]
    """
    wrong = np.flatnonzero(np.asarray(labels) != np.asarray(class_id))
    confidence = pick(np.asarray(probabilities, np.float64), class_id)[wrong]
    return wrong[np.argsort(-confidence, kind="stable")]


@dataclass(frozen=True)
class Mistake:
    """An image that was classified wrongly.

    Attributes:
        index: Its place among the images.
        label: Its true class.
        class_id: The predicted one.
        probability: Of the predicted class.
        label_probability: Of the true class.
    """

    index: int
    label: int
    class_id: int
    probability: float
    label_probability: float


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What the answers to images with known classes say of a classifier; `evaluate` makes it.

    Attributes:
        matrix: The `confusion_matrix`.
        calibration: Confidence against being right.
        brier: See `brier_score`.
        negative_log_likelihood: See the function of that name.
        mistakes: The most confident ones.
    """

    matrix: NDArray[np.int64]
    calibration: Calibration
    brier: float
    negative_log_likelihood: float
    mistakes: tuple[Mistake, ...]

    @property
    def scores(self) -> ClassScores:
        """Precision, recall and F1 of each class."""
        return ClassScores.of(self.matrix)

    @property
    def num_images(self) -> int:
        """How many images were classified."""
        return int(self.matrix.sum())

    @property
    def num_correct(self) -> int:
        """How many of them rightly."""
        return int(np.trace(self.matrix))

    @property
    def accuracy(self) -> float:
        """The share of them."""
        return self.num_correct / self.num_images

    @property
    def interval(self) -> tuple[float, float]:
        """The accuracy's 95 % interval on other images of the same kind; of the seeds' noise it knows nothing."""
        return wilson_interval(self.num_correct, self.num_images)


def evaluate(
    labels: ArrayLike,
    class_id: ArrayLike,
    probabilities: ArrayLike,
    *,
    num_bins: int = NUM_BINS,
    num_mistakes: int = NUM_MISTAKES,
) -> Evaluation:
    """Evaluate a classifier's answers; 10,000 images of ten classes take some milliseconds.

    Args:
        labels: Integers [N] in 0..K-1, the true classes; N at least 1.
        class_id: Integers [N] in 0..K-1, the predicted ones.
        probabilities: float [N, K]; the rows sum to 1.
        num_bins: Bins of confidence.
        num_mistakes: How many of the most confident mistakes at most.

    Raises:
        ValueError: The arrays do not fit together, are empty, or hold anything else.
    """
    values = np.asarray(probabilities, np.float64)
    if values.ndim != 2 or not values.size or len(values) != np.size(labels):
        raise ValueError(
            f"probabilities must be [N, K] of the N = {np.size(labels)} labels, at least 1, got {list(values.shape)}"
        )
    # float16 rows add up to within some thousandths; NaN is refused here too.
    if not (values.min() >= 0.0 and np.abs(values.sum(axis=1) - 1.0).max() < 0.01):
        raise ValueError(
            f"each image's probabilities must be at least 0 and sum to 1, got {values.min():g} as the least and "
            f"sums of {values.sum(axis=1).min():g} to {values.sum(axis=1).max():g}"
        )
    matrix = confusion_matrix(labels, class_id, values.shape[1])
    true, predicted = np.asarray(labels, np.int64), np.asarray(class_id, np.int64)
    indices = confident_mistakes(true, predicted, values)[:num_mistakes]
    return Evaluation(
        matrix=matrix,
        calibration=Calibration.of(pick(values, predicted), true == predicted, num_bins),
        brier=brier_score(true, values),
        negative_log_likelihood=negative_log_likelihood(true, values),
        mistakes=tuple(_mistake(int(index), true, predicted, values) for index in indices),
    )


def _mistake(
    index: int, labels: NDArray[np.int64], class_id: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> Mistake:
    label, wrong = int(labels[index]), int(class_id[index])
    return Mistake(index, label, wrong, float(probabilities[index, wrong]), float(probabilities[index, label]))
