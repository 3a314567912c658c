"""Power of a planned number of seeds, from the standard deviation over the seeds that are there."""

import math

from fashion_keras.formatting import count_noun, one_line
from fashion_keras.reporting.differences import compare_with_baseline
from fashion_keras.statistics import detectable_difference
from fashion_keras.storage.comparison import ComparisonResults

__all__ = ["describe_power"]


def describe_power(results: ComparisonResults) -> list[str]:
    """Return a line for each arm but the baseline: which true difference the planned seeds would likely show.

    Likely is a chance of 80 % at the hardest step of the correction for several arms, see `detectable_difference`. A
    spread known from few seeds is rough, and so is the answer.

    Args:
        results: All arms of the comparison over the planned seeds; runs may be missing.

    Returns:
        Lines for people; none with fewer than two seeds that all arms have, for one shows no spread.
    """
    design = results.record.design
    planned = design.num_seeds
    comparisons = [item for item in compare_with_baseline(results) if item.num_seeds > 1]
    lines = []
    for item in comparisons:
        found = detectable_difference(item.standard_deviation, design, len(comparisons))
        seen = f"spread of {100 * item.standard_deviation:.2f} points over {item.num_seeds} seeds"
        lines.append(f"{one_line(item.arm)}: {_detectable(found, planned)} ({seen})")
    return lines


def _detectable(difference: float, planned: int) -> str:
    if math.isinf(difference):
        return f"{count_noun(planned, 'seed')} can show no difference, whatever its size: too few for the arms"
    return f"{count_noun(planned, 'seed')} would likely show a difference of {100 * difference:.2f} points or more"
