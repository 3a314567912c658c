"""Which arms of an experiment differ from its baseline: one `Comparison` per arm."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fashion_keras.statistics.old.corrections import holm, look_level
from fashion_keras.statistics.old.inference import MeanInference, probability_better, sign_flip_p
from fashion_keras.statistics.old.power import MAX_SEEDS_SEARCHED, MIN_SEEDS, seeds_to_decide

LEVEL = 0.05
MARGIN = 0.002
"""Accuracies that differ by less than 0.2 points are called equivalent."""


class Verdict(StrEnum):
    """What the seeds say about one arm against the baseline. Each is a plain string, as tables show it."""

    BETTER = "better"
    WORSE = "worse"
    EQUIVALENT = "equivalent"
    BETTER_NEGLIGIBLY = "better, negligibly"
    WORSE_NEGLIGIBLY = "worse, negligibly"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Comparison:
    """One arm against the baseline, over seeds that both have.

    Attributes:
        arm: its name.
        baseline: the other's.
        num_seeds: pairs compared.
        mean_difference: arm minus baseline, a fraction: 0.001 is 0.1 points.
        spread: standard deviation of the differences; NaN for one seed.
        interval: 95 % interval of the mean difference on this test set, see `MeanInference.interval`, adjusted neither
            for the other arms nor for looks; None for one seed.
        probability_better: how often the arm beats the baseline on a seed, ties half.
        sign_flip_p: exact two-sided p under symmetry.
        p_value: the p that the verdict rests on: the largest of `sign_flip_p`, Student's and the bootstrap-t's.
        adjusted_p: `p_value` after Holm over all arms and, from the second look on, after `look_level`.
        equivalence_p: larger p of the two one-sided tests against +-margin (TOST).
        adjusted_equivalence_p: the same, adjusted as `adjusted_p` is.
        verdict: see `compare_arms`.
        undecided_because: "fewer than 6 seeds", "planned seeds not done" or "not enough evidence"; None where decided.
        seeds_to_decide: how many seeds in all would likely decide an undecided one, 1001 for more than a thousand; None
            where decided, or with one seed, which shows no spread.
    """

    arm: str
    baseline: str
    num_seeds: int
    mean_difference: float
    spread: float
    interval: tuple[float, float] | None
    probability_better: float
    sign_flip_p: float
    p_value: float
    adjusted_p: float
    equivalence_p: float
    adjusted_equivalence_p: float
    verdict: Verdict
    undecided_because: str | None
    seeds_to_decide: int | None

    @property
    def seeds_to_decide_text(self) -> str:
        """The number as a table shows it: "24", ">1000", or "" where there is none."""
        if self.seeds_to_decide is None:
            return ""
        return str(self.seeds_to_decide) if self.seeds_to_decide <= MAX_SEEDS_SEARCHED else f">{MAX_SEEDS_SEARCHED}"


def compare_arms(
    values: Mapping[str, ArrayLike],
    baseline: str,
    *,
    margin: float = MARGIN,
    level: float = LEVEL,
    higher_is_better: bool = True,
    planned_seeds: int = MIN_SEEDS,
    look: int = 1,
    looks_declared: bool = False,
) -> tuple[Comparison, ...]:
    """Compare every arm of an experiment with its baseline, seed by seed.

    "better" or "worse" is said where adjusted p is under `level`, "equivalent" where the adjusted p of equivalence is,
    both together give "better, negligibly" or "worse, negligibly", and neither "undecided". With fewer than six seeds,
    or fewer than planned, everything is undecided.

    The p of a difference is the largest of three, because each fails alone. Of 4,000 simulated tables of three arms and
    ten seeds without any difference, this share showed a false verdict, in percent; "power" is the share of true
    differences of 0.3 points found among three arms at a spread of 0.3 (docs/statistics-evidence.md):

        differences      sign-flips   Student's t   both   both and bootstrap-t   sign-flips and Johnson's t
        normal                  4.6           5.1    4.0                    3.4                          3.8
        gamma, skew 1           5.7           6.7    5.2                    4.0                          4.3
        exponential            13.3          16.3   13.1                    7.9                          6.0
        t, 3 degrees            5.0           3.8    3.1                    2.8                          4.5
        power                  59.0          61.9   57.3                   51.1                         49.2

    Sources: sign flips, Fisher 1935; bootstrap-t, Efron 1982; two one-sided tests, Schuirmann 1987; Holm 1979.

    Args:
        values: for every arm of the experiment, whichever of them a table will show, float [num_seeds]: its accuracies
            as fractions, entry i of each from the same seed. The corrections are over all of them.
        baseline: the name of the arm that the others are compared with.
        margin: of equivalence, > 0, in the unit of `values`.
        level: chance of a false verdict in the whole table that is put up with.
        higher_is_better: False for a loss. Then "better" is lower; `mean_difference` stays arm minus baseline.
        planned_seeds: no verdict before them.
        look: which look at the verdicts this is, see `look_number`; later looks are judged more strictly.
        looks_declared: see `look_level`.

    Returns:
        One per arm but the baseline, in the order of `values`.

    Raises:
        ValueError: for an unknown baseline, arms with different numbers of seeds, and for values that are not finite. A
            diverged run has a NaN loss, but still an accuracy, about that of guessing: pass it.

    >>> arms = {"sgd": [0.88, 0.87, 0.88, 0.89, 0.88, 0.88], "adam": [0.90, 0.89, 0.90, 0.92, 0.90, 0.90]}
    >>> compare_arms(arms, "sgd")[0].verdict.value
    'better'
    """
    if not margin > 0.0:
        raise ValueError(f"margin must be above 0, got {margin}; 0.002 is 0.2 points of accuracy")
    differences = _paired_differences(values, baseline)
    if not differences:
        return ()
    found = _Evidence.of(np.stack(list(differences.values())), margin)
    strictness = level / look_level(look, level, looks_declared)
    adjusted_p = np.minimum(1.0, holm(found.p_value) * strictness)
    adjusted_equivalence_p = np.minimum(1.0, holm(found.equivalence_p) * strictness)
    too_early = _too_early(found.num_seeds, planned_seeds)
    favour = found.mean if higher_is_better else -found.mean
    verdicts = [
        Verdict.UNDECIDED if too_early else _verdict(gain > 0.0, p < level, equivalence_p < level)
        for gain, p, equivalence_p in zip(favour, adjusted_p, adjusted_equivalence_p, strict=True)
    ]
    # Seeds that were missing make no further look; seeds added to a table that showed verdicts do.
    next_level = look_level(look if too_early else look + 1, level, looks_declared)
    needed = found.seeds_to_decide(verdicts, next_level / len(differences), margin)
    return tuple(
        Comparison(
            arm=arm,
            baseline=baseline,
            num_seeds=found.num_seeds,
            mean_difference=float(found.mean[row]),
            spread=float(found.spread[row]),
            interval=found.interval[row],
            probability_better=probability_better(difference if higher_is_better else -difference),
            sign_flip_p=float(found.sign_flip_p[row]),
            p_value=float(found.p_value[row]),
            adjusted_p=float(adjusted_p[row]),
            equivalence_p=float(found.equivalence_p[row]),
            adjusted_equivalence_p=float(adjusted_equivalence_p[row]),
            verdict=verdicts[row],
            undecided_because=(too_early or "not enough evidence") if row in needed else None,
            seeds_to_decide=needed.get(row),
        )
        for row, (arm, difference) in enumerate(differences.items())
    )


@dataclass(frozen=True)
class _Evidence:
    """What the differences of m arms say before any adjustment; arrays of length m."""

    num_seeds: int
    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    interval: list[tuple[float, float] | None]
    sign_flip_p: NDArray[np.float64]
    p_value: NDArray[np.float64]
    equivalence_p: NDArray[np.float64]

    @classmethod
    def of(cls, differences: NDArray[np.float64], margin: float) -> "_Evidence":
        num_arms, num_seeds = differences.shape
        if num_seeds == 1:
            unknown, certain = np.full(num_arms, np.nan), np.ones(num_arms)
            return cls(1, differences[:, 0], unknown, [None] * num_arms, certain, certain, certain)
        inference = MeanInference.of(differences)
        low, high = inference.interval()
        sign_flips = np.array([sign_flip_p(row) for row in differences])
        return cls(
            num_seeds,
            inference.mean,
            inference.standard_error * np.sqrt(num_seeds),
            list(zip(low.tolist(), high.tolist(), strict=True)),
            sign_flips,
            np.maximum(sign_flips, inference.p_different()),
            np.maximum(inference.p_above(-margin), inference.p_below(margin)),
        )

    def seeds_to_decide(self, verdicts: list[Verdict], level: float, margin: float) -> dict[int, int | None]:
        """Return the number for each row that is undecided; None with one seed, which shows no spread."""
        rows = [row for row, verdict in enumerate(verdicts) if verdict is Verdict.UNDECIDED]
        if not rows or self.num_seeds == 1:
            return dict.fromkeys(rows)
        numbers = seeds_to_decide(self.mean[rows], self.spread[rows], level, margin, more_than=self.num_seeds)
        return dict(zip(rows, numbers.tolist(), strict=True))


def _paired_differences(values: Mapping[str, ArrayLike], baseline: str) -> dict[str, NDArray[np.float64]]:
    if baseline not in values:
        raise ValueError(f"baseline {baseline!r} is not among the arms: {', '.join(values)}")
    arms = {arm: np.asarray(row, dtype=np.float64) for arm, row in values.items()}
    shape = arms[baseline].shape
    for arm, row in arms.items():
        if row.ndim != 1 or row.size == 0 or row.shape != shape:
            raise ValueError(f"every arm needs one value per seed, {shape} as {baseline!r}; {arm!r} has {row.shape}")
        if not np.isfinite(row).all():
            where = int(np.flatnonzero(~np.isfinite(row))[0])
            raise ValueError(f"arm {arm!r} has {row[where]} at position {where}; a diverged run still has an accuracy")
    return {arm: row - arms[baseline] for arm, row in arms.items() if arm != baseline}


def _too_early(num_seeds: int, planned_seeds: int) -> str | None:
    if num_seeds < MIN_SEEDS:
        return f"fewer than {MIN_SEEDS} seeds"
    return "planned seeds not done" if num_seeds < planned_seeds else None


def _verdict(better: bool, different: bool, equivalent: bool) -> Verdict:
    if different and equivalent:
        return Verdict.BETTER_NEGLIGIBLY if better else Verdict.WORSE_NEGLIGIBLY
    if different:
        return Verdict.BETTER if better else Verdict.WORSE
    return Verdict.EQUIVALENT if equivalent else Verdict.UNDECIDED
