"""Calibration of a classifier: its probabilities against what is right."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fashion_keras.statistics.classifier.scores import share

__all__ = ["NUM_BINS", "Calibration", "brier_score", "negative_log_likelihood", "pick"]

NUM_BINS = 15
"""Bins of confidence, as in Guo et al. 2017."""

_LEAST_PROBABILITY = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True, eq=False)
class Calibration:
    """How confidence, which is the probability of the predicted class, compares with being right.

    Attributes:
        edges: float64 [B + 1], equal steps from 0 to 1; bin b holds what is above edge b and at most edge b + 1.
        count: int64 [B], the images in each bin.
        num_correct: int64 [B], those of them that were classified rightly.
        total_confidence: float64 [B], the sum of their confidences.
    """

    edges: NDArray[np.float64]
    count: NDArray[np.int64]
    num_correct: NDArray[np.int64]
    total_confidence: NDArray[np.float64]

    @classmethod
    def of(cls, confidence: ArrayLike, correct: ArrayLike, num_bins: int = NUM_BINS) -> "Calibration":
        """Sort images into bins.

        Args:
            confidence: float [N] in [0, 1].
            correct: bool [N], whether the prediction is right.
            num_bins: B.
        """
        values, right = np.asarray(confidence, np.float64), np.asarray(correct, bool)
        # A confidence may round to a little above 1, and 0 belongs to the first bin.
        bins = np.clip(np.ceil(values * num_bins).astype(np.int64) - 1, 0, num_bins - 1)
        return cls(
            edges=np.linspace(0.0, 1.0, num_bins + 1),
            count=np.bincount(bins, minlength=num_bins),
            num_correct=np.bincount(bins[right], minlength=num_bins),
            total_confidence=np.bincount(bins, weights=values, minlength=num_bins).astype(np.float64),
        )

    @property
    def accuracy(self) -> NDArray[np.float64]:
        """The share that is right in each bin, float64 [B]."""
        return share(self.num_correct, self.count)

    @property
    def confidence(self) -> NDArray[np.float64]:
        """The mean confidence in each bin, float64 [B]."""
        return share(self.total_confidence, self.count)

    @property
    def mean_confidence(self) -> float:
        """The mean confidence of all images; above the accuracy, the classifier promises too much."""
        return float(self.total_confidence.sum() / self.count.sum())

    @property
    def expected_error(self) -> float:
        """The expected calibration error, ECE: by how much confidence and accuracy of a bin differ, averaged by images.

        In [0, 1], 0 where each bin is right as often as it says. It depends on the bins: compare only equal numbers of
        them. Source: Guo et al. 2017, On Calibration of Modern Neural Networks, equation 3.
        """
        return float(np.abs(self.num_correct - self.total_confidence).sum() / self.count.sum())


def brier_score(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the mean over images of the summed squares of probability minus truth, from 0 (certain and right) to 2.

    Source: Brier 1950, Verification of Forecasts Expressed in Terms of Probability, equation 2.

    Args:
        labels: Integers [N] in 0..K-1.
        probabilities: float [N, K].

    >>> brier_score([0, 1], [[1.0, 0.0], [0.5, 0.5]])
    0.25
    """
    values = np.asarray(probabilities, np.float64)
    return float((np.square(values).sum(axis=1) - 2.0 * pick(values, labels) + 1.0).mean())


def negative_log_likelihood(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the mean over images of minus the logarithm of the true class's probability, in nats: the cross-entropy.

    A probability that was rounded to 0 counts as float32's least, so that an image costs at most 87 nats.

    Args:
        labels: Integers [N] in 0..K-1.
        probabilities: float [N, K].

    >>> round(negative_log_likelihood([0, 1], [[1.0, 0.0], [0.5, 0.5]]), 4)
    0.3466
    """
    likelihoods = np.maximum(pick(np.asarray(probabilities, np.float64), labels), _LEAST_PROBABILITY)
    return float(-np.log(likelihoods).mean())


def pick(probabilities: NDArray[np.float64], classes: ArrayLike) -> NDArray[np.float64]:
    """Return of each image the probability of one class: float64 [N]."""
    return np.take_along_axis(probabilities, np.asarray(classes, np.int64)[:, np.newaxis], axis=1)[:, 0]
