"""The sixteen claims of the report, each judged by a named measure over all seeds; needs no TensorFlow."""

from fashion_keras.claims.definition import ClaimResult, ClaimVerdict, Part
from fashion_keras.claims.report import CLAIMS, evaluate_claims
from fashion_keras.reporting.claims import claims_page, explain_claims, part_texts

__all__ = [
    "CLAIMS",
    "ClaimResult",
    "ClaimVerdict",
    "Part",
    "claims_page",
    "evaluate_claims",
    "explain_claims",
    "part_texts",
]
