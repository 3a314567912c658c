"""Best arms: which of all arms, the baseline among them, may be the best, and which are shown to be worse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fashion_keras.statistics.comparison import Comparison, Verdict
from fashion_keras.statistics.design import Design
from fashion_keras.statistics.divergence import diverged_interval
from fashion_keras.statistics.intervals import MeanInference, unit_of

__all__ = ["BestArms", "find_best"]

_WORSE = (Verdict.WORSE, Verdict.WORSE_NEGLIGIBLY)
_BETTER = (Verdict.BETTER, Verdict.BETTER_NEGLIGIBLY)


@dataclass(frozen=True)
class BestArms:
    """The arms that may be the best and those that are not.

    Attributes:
        candidates: names, the highest mean first.
        worse: those of which another arm was shown to be better, in the same order.
        only_by_others: whether the verdict on one of these, which is about the baseline, says nothing of the kind.
    """

    candidates: tuple[str, ...]
    worse: tuple[str, ...]
    only_by_others: bool = False

    @classmethod
    def of(cls, comparisons: Sequence[Comparison], worse: set[str]) -> "BestArms":
        """Sort all arms of `comparisons` by their means, given those that are `worse` than another but the baseline."""
        worse = worse | {item.arm for item in comparisons if item.verdict in _WORSE}
        if any(item.verdict in _BETTER for item in comparisons):
            worse.add(comparisons[0].baseline)
        sign = 1.0 if comparisons[0].design.higher_is_better else -1.0
        means = {item.arm: sign * item.mean_difference for item in comparisons} | {comparisons[0].baseline: 0.0}
        ordered = sorted(means, key=lambda arm: -means[arm])
        left_open = {item.arm for item in comparisons if not item.verdict.is_difference}
        candidates = tuple(arm for arm in ordered if arm not in worse)
        return cls(candidates, tuple(arm for arm in ordered if arm in worse), bool(left_open & worse))

    @property
    def sentence(self) -> str:
        """Both in a sentence: "best: a or b, not told apart; c and d are worse", beside no verdict that denies it."""
        apart = ", not told apart" if len(self.candidates) > 1 else ""
        verb = "is" if len(self.worse) == 1 else "are each" if self.only_by_others else "are"
        than = " than another arm" * self.only_by_others
        worse = f"; {_list(self.worse, 'and')} {verb} worse{than}" if self.worse else ""
        return f"best: {_list(self.candidates, 'or')}{apart}{worse}"


def find_best(values: Mapping[str, ArrayLike], comparisons: Sequence[Comparison]) -> BestArms | None:
    """Return which arms may be the best, by the verdicts on the baseline and by all other pairs.

    An arm is worse where another was shown to be better than it: for pairs with the baseline, by the verdict; for two
    other arms, by the interval of their paired differences at the looks up to which both were judged, each of these
    pairs having an equal share of the level. So the best arm is called worse with at most the chance of the level (of
    its pairs, the one with the baseline has half of it, and those with the k - 1 other arms 1 / k together). What arms
    show together of skewness, which moves the intervals of `compare_arms`, is left out: of tables of three arms in
    which one is exponential and the others steady, 6.5 % called an equal arm worse, with it 6.0, and it found 1 %
    fewer.

    Source: comparisons with the best need no more than the pairs of the best, Hsu 1984, Constrained Simultaneous
    Confidence Intervals for Multiple Comparisons with the Best; all pairs, so that of equal arms none is called worse.

    Args:
        values: as `compare_arms` took them.
        comparisons: its answer.

    Returns:
        None before the first look.
    """
    if not comparisons or any(comparison.look is None for comparison in comparisons):
        return None
    design = comparisons[0].design
    sign = 1.0 if design.higher_is_better else -1.0
    arms = {item.arm: sign * np.asarray(values[item.arm], dtype=np.float64)[: item.num_seeds] for item in comparisons}
    return BestArms.of(comparisons, _pairwise_worse(arms, design))


def _pairwise_worse(arms: Mapping[str, NDArray[np.float64]], design: Design) -> set[str]:
    """Return the arms of which another arm was shown to be better at some look."""
    if len(arms) < 2:
        return set()
    worse: set[str] = set()
    num_pairs = len(arms) * (len(arms) - 1) // 2
    for look, level in zip(design.looks, design.nominal_levels(num_pairs)[0], strict=True):
        judged = {arm: row[:look] for arm, row in arms.items() if row.size >= look}
        worse |= {arm for arm in judged if arm not in worse and _is_worse(arm, judged, 1.0 - float(level))}
    return worse


def _is_worse(arm: str, judged: Mapping[str, NDArray[np.float64]], level: float) -> bool:
    with np.errstate(invalid="ignore"):
        own = judged[arm]
        differences = [(row - own) / unit_of(row, own) for other, row in judged.items() if other != arm]
    diverged = [row for row in differences if not np.isfinite(row).all()]
    differences = [row for row in differences if np.isfinite(row).all()]
    if any(diverged_interval(row, level)[0] > 0.0 for row in diverged):
        return True
    if not differences:
        return False
    inference = MeanInference.of(np.stack(differences))
    likely = np.flatnonzero(inference.student_interval(level)[0].round(12) > 0.0)
    ordered = likely[np.argsort(-inference.mean[likely])]
    return any(MeanInference.of(differences[row][None]).interval(level)[0][0].round(12) > 0.0 for row in ordered)


def _list(names: Sequence[str], word: str) -> str:
    return f" {word} ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
