"""What simulation found the verdicts to do at the skews of real differences, for the tables' footnote.

`python -m benchmarks.skew_evidence` writes the numbers, together with docs/skew-evidence.md.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

FILE = "measured.json"


@dataclass(frozen=True)
class FalseVerdicts:
    """Shares of simulated tables without any difference in which an arm was called better or worse.

    Attributes:
        num_arms, num_seeds: Of each table.
        normal: The share where differences are normal; a fraction, as the others.
        largest_skew: The largest skewness of ten differences in the published runs, with its sign.
        arm, comparison: Whose it is.
        at_largest_skew: The share where gamma differences have that skew.
        likely_skew: A larger skew, of which as many seeds show `largest_skew` in the median.
        at_likely_skew: The share there.
    """

    num_arms: int
    num_seeds: int
    normal: float
    largest_skew: float
    arm: str
    comparison: str
    at_largest_skew: float
    likely_skew: float
    at_likely_skew: float


@cache
def measured_false_verdicts() -> FalseVerdicts:
    """Return what was measured."""
    return FalseVerdicts(**json.loads((files("fashion_keras.statistics.old") / FILE).read_text()))
