"""Measures of a classifier's answers: pure functions of labels, class ids and probabilities.

NumPy and SciPy only; nothing here knows of models, storage or plotting. Shares are fractions. A share of no images,
such as the precision of a class that was never predicted, is NaN.
"""

from fashion_keras.statistics.classifier.calibration import NUM_BINS, Calibration, brier_score, negative_log_likelihood
from fashion_keras.statistics.classifier.result import NUM_MISTAKES, Evaluation, Mistake, confident_mistakes, evaluate
from fashion_keras.statistics.classifier.scores import (
    ClassScores,
    commonest_confusions,
    confusion_matrix,
    wilson_interval,
)

__all__ = [
    "NUM_BINS", "NUM_MISTAKES", "Calibration", "ClassScores", "Evaluation", "Mistake", "brier_score",
    "commonest_confusions", "confident_mistakes", "confusion_matrix", "evaluate", "negative_log_likelihood",
    "wilson_interval",
]  # fmt: skip
