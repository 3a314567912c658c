"""Rule of three p-values, which callers outside of `statistics` keep until they take the new one; then it goes."""

from fashion_keras.statistics.design import LEVEL, MARGIN
from fashion_keras.statistics.old.corrections import holm, look_level, look_number
from fashion_keras.statistics.old.inference import (
    MeanInference,
    mean_interval,
    probability_better,
    sign_flip_p,
    skewness,
)
from fashion_keras.statistics.old.measured import FalseVerdicts, measured_false_verdicts
from fashion_keras.statistics.old.power import (
    MIN_SEEDS,
    detectable_difference,
    power_different,
    power_equivalent,
    seeds_to_decide,
)
from fashion_keras.statistics.old.verdicts import Comparison, Verdict, compare_arms

__all__ = [
    "LEVEL",
    "MARGIN",
    "MIN_SEEDS",
    "Comparison",
    "FalseVerdicts",
    "MeanInference",
    "Verdict",
    "compare_arms",
    "detectable_difference",
    "holm",
    "look_level",
    "look_number",
    "mean_interval",
    "measured_false_verdicts",
    "power_different",
    "power_equivalent",
    "probability_better",
    "seeds_to_decide",
    "sign_flip_p",
    "skewness",
]
