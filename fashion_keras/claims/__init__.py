"""Claims of the report: all sixteen, each judged by a named measure over all seeds; needs no TensorFlow."""

from fashion_keras.claims.definition import ClaimResult, ClaimVerdict, Part
from fashion_keras.claims.report import evaluate_claims

__all__ = ["ClaimResult", "ClaimVerdict", "Part", "evaluate_claims"]
