"""Judgement of arms whose values were made elsewhere: paired where they share seeds or examples, else unpaired."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fashion_keras.statistics.best import BestArms, find_best
from fashion_keras.statistics.comparison import Comparison
from fashion_keras.statistics.design import ACCURACIES, MIN_SEEDS, Design
from fashion_keras.statistics.intervals import MAX_RESAMPLED
from fashion_keras.statistics.unpaired import compare_unpaired, find_best_unpaired
from fashion_keras.statistics.verdicts import compare_arms

__all__ = ["JudgedArms", "judge_arms"]

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class JudgedArms:
    """Arms and what was found of them.

    Attributes:
        values: What was judged of each arm, float64 [seeds].
        comparisons: Each arm but the baseline with it.
        best: Which of all may be the best; None before there are five seeds.
        design: The looks.
        margin: Of equivalence, in the unit of the values; None where none is known.
    """

    values: Mapping[str, _Floats]
    comparisons: tuple[Comparison, ...]
    best: BestArms | None
    design: Design
    margin: float | None


def judge_arms(
    values: Mapping[str, _Floats],
    baseline: str,
    *,
    paired: bool,
    margin: float | None,
    looked_at: Sequence[int] = (),
    higher_is_better: bool = True,
    are_accuracies: bool = False,
) -> JudgedArms:
    """Judge arms at one look at all that is there, or at the last of several.

    Args:
        values: for every arm float64 [seeds]; entry i of each from the same seed where they are paired. Arms may end
            at one of the looks before.
        baseline: the name of the arm that the others are compared with.
        paired: whether they are.
        margin: of equivalence, in the unit of the values; where None, no difference is small enough.
        looked_at: numbers of seeds at which it was looked before.
        higher_is_better: False for a loss.
        are_accuracies: whether values are from 0 to 1, so that no interval reaches beyond, and runs may collapse.
    """
    smallest = float(np.finfo(np.float64).tiny)
    number = (max if paired else min)(row.size for row in values.values())
    looks = sorted({look for look in looked_at if MIN_SEEDS <= look < number})
    design = Design.up_to(
        number,
        looks,
        margin=margin or smallest,
        futility=0.0,  # the seeds are there
        higher_is_better=higher_is_better,
        value_range=ACCURACIES if are_accuracies and number <= MAX_RESAMPLED else None,
    )
    if paired:
        comparisons = compare_arms(values, baseline, design, waits=False)
        return JudgedArms(values, comparisons, find_best(values, comparisons), design, margin)
    comparisons = compare_unpaired(values, baseline, design)
    return JudgedArms(values, comparisons, find_best_unpaired(values, comparisons), design, margin)
