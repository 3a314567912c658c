"""Results made elsewhere: tables, trackers' exports and logs of any training code, read into values by arm and seed.

Neither pandas nor TensorFlow is imported for CSV files and JSON lines.
"""

from fashion_keras.results.matching import MatchedArms, match_arms
from fashion_keras.results.metrics import Metric
from fashion_keras.results.reading import read_results
from fashion_keras.results.scores import ArmScores, Scores, extract_scores
from fashion_keras.results.table import ResultTable, Selection

__all__ = [
    "ArmScores", "MatchedArms", "Metric", "ResultTable", "Scores", "Selection", "extract_scores", "match_arms",
    "read_results",
]  # fmt: skip
