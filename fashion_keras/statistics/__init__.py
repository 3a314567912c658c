"""Statistics of comparisons: paired differences, looks, intervals, verdicts, the best arms.

Pure functions of arrays. Accuracies are fractions everywhere, 0.002 being 0.2 points. NumPy and SciPy only; nothing
here knows of storage, training or plotting. How each method was chosen, and what it was measured to do:
docs/statistics-evidence.md.
"""

from fashion_keras.statistics.arms import misses_p, prediction_interval
from fashion_keras.statistics.best import BestArms, find_best
from fashion_keras.statistics.collapse import Share, collapsed, compare_collapse
from fashion_keras.statistics.comparison import Comparison, Verdict
from fashion_keras.statistics.crossed import new_images_interval
from fashion_keras.statistics.design import ACCURACIES, LEVEL, MARGIN, MIN_SEEDS, TEN_SEEDS, Design
from fashion_keras.statistics.divergence import FAR, mark_diverged
from fashion_keras.statistics.factors import Effect, find_effects
from fashion_keras.statistics.intervals import MeanInference, mean_interval
from fashion_keras.statistics.medians import median_interval, sign_test_p
from fashion_keras.statistics.over_datasets import OverDatasets, Ranks, compare_over_datasets, rank_arms
from fashion_keras.statistics.pairing import pairing_gain
from fashion_keras.statistics.power import detectable_difference, seeds_to_decide
from fashion_keras.statistics.requirement import Requirement
from fashion_keras.statistics.scores import score
from fashion_keras.statistics.unpaired import pairing_worth
from fashion_keras.statistics.verdicts import arms_to_train, compare_arms, looks_taken

__all__ = [
    "ACCURACIES", "FAR", "LEVEL", "MARGIN", "MIN_SEEDS", "TEN_SEEDS", "BestArms", "Comparison", "Design", "Effect",
    "MeanInference", "OverDatasets", "Ranks", "Requirement", "Share", "Verdict", "arms_to_train",
    "collapsed", "compare_arms", "compare_collapse", "compare_over_datasets", "detectable_difference", "find_best",
    "find_effects", "looks_taken", "mark_diverged", "mean_interval", "median_interval", "misses_p",
    "new_images_interval", "pairing_gain", "pairing_worth", "prediction_interval", "rank_arms", "score",
    "seeds_to_decide", "sign_test_p",
]  # fmt: skip
