"""Is the difference real? Pure functions of arrays: paired differences, intervals, corrections, verdicts.

Accuracies are fractions everywhere, 0.002 being 0.2 points. NumPy and SciPy only; nothing here knows of storage,
training or plotting. How each method was chosen, and what it was measured to do: docs/statistics-evidence.md.
"""

from fashion_keras.statistics.arms import expected_misses, misses_p, prediction_interval
from fashion_keras.statistics.corrections import holm, look_level, look_number
from fashion_keras.statistics.crossed import CrossedEstimate, clip_difference, compare_correct, crossed_mean
from fashion_keras.statistics.inference import MeanInference, mean_interval, probability_better, sign_flip_p, skewness
from fashion_keras.statistics.measured import FalseVerdicts, measured_false_verdicts
from fashion_keras.statistics.medians import median_interval, sign_test_p
from fashion_keras.statistics.pairing import PairingGain, pairing_gain, pairing_interval
from fashion_keras.statistics.power import (
    MIN_SEEDS,
    detectable_difference,
    power_different,
    power_equivalent,
    seeds_to_decide,
)
from fashion_keras.statistics.verdicts import LEVEL, MARGIN, Comparison, Verdict, compare_arms

__all__ = [
    "LEVEL",
    "MARGIN",
    "MIN_SEEDS",
    "Comparison",
    "CrossedEstimate",
    "FalseVerdicts",
    "MeanInference",
    "PairingGain",
    "Verdict",
    "clip_difference",
    "compare_arms",
    "compare_correct",
    "crossed_mean",
    "detectable_difference",
    "expected_misses",
    "holm",
    "look_level",
    "look_number",
    "mean_interval",
    "measured_false_verdicts",
    "median_interval",
    "misses_p",
    "pairing_gain",
    "pairing_interval",
    "power_different",
    "power_equivalent",
    "prediction_interval",
    "probability_better",
    "seeds_to_decide",
    "sign_flip_p",
    "sign_test_p",
    "skewness",
]
