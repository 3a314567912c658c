"""Comparison of one arm with its baseline: interval, verdict, and what else is told of it."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from fashion_keras.statistics.collapse import Collapse
from fashion_keras.statistics.crossed import new_images_interval
from fashion_keras.statistics.design import TEN_SEEDS, Design
from fashion_keras.statistics.power import MAX_SEEDS_SEARCHED

__all__ = ["Comparison", "Interval", "Verdict"]

Interval = tuple[float, float]


class Verdict(StrEnum):
    """What the seeds say about one arm against the baseline. Each is a plain string, as tables show it."""

    BETTER = "better"
    WORSE = "worse"
    EQUIVALENT = "equivalent"
    BETTER_NEGLIGIBLY = "better, negligibly"
    WORSE_NEGLIGIBLY = "worse, negligibly"
    UNDECIDED = "undecided"

    @classmethod
    def of(cls, interval: Interval, design: Design) -> "Verdict":
        """Read the verdict off an `interval`: above 0, below 0, within the margin of a `design`, two of these or none.

        Of a metric that is better where it is lower, below 0 is better.
        """
        low, high = interval if design.higher_is_better else (-interval[1], -interval[0])
        negligible = low > -design.margin and high < design.margin
        if low > 0.0:
            return cls.BETTER_NEGLIGIBLY if negligible else cls.BETTER
        if high < 0.0:
            return cls.WORSE_NEGLIGIBLY if negligible else cls.WORSE
        return cls.EQUIVALENT if negligible else cls.UNDECIDED

    @property
    def is_difference(self) -> bool:
        """Whether it says that the arms differ."""
        return self not in (Verdict.EQUIVALENT, Verdict.UNDECIDED)


@dataclass(frozen=True)
class Comparison:
    """One arm against the baseline, as it stood at the look that decided it, or else at the last one reached.

    Attributes:
        arm: its name.
        baseline: the other's.
        num_seeds: pairs that all of this is about: those of `look`, or all that are there before the first look.
        look: the number of seeds of the look, None before the first.
        mean_difference: arm minus baseline, a fraction: 0.001 is 0.1 points; the median where runs diverged.
        standard_deviation: of the differences; NaN for one seed, and where runs diverged.
        level: two-sided level by which the arm was judged, after the correction for arms and looks; None before the
            first look, as the intervals are.
        interval: of the mean difference on this test set, at 1 - `level`; the verdict is read off it.
        verdict: see `compare_arms`.
        undecided_because: "fewer than 5 seeds", "next look at 8 seeds", "10 seeds would hardly decide", "runs diverged"
            or "not enough evidence"; None where decided.
        seeds_to_decide: how many seeds in all would decide an undecided one with a chance of 80 %; None where decided,
            before the first look, and where no number up to 160 would.
        given_up: whether an undecided arm gets no more seeds of the design, which would hardly decide it.
        seeds_won: share of the seeds on which the arm beats the baseline, ties half.
        seeds_won_interval: of the chance that it does, at 1 - `level`; ties are left open, either way.
        collapse: how often runs collapsed, or diverged, and how the others differ; None where none did. Of collapsed
            ones `interval` promises too much; see `diverged_interval` for that of diverged ones.
        new_images: interval of the mean difference on other test images, at 1 - `level`; see `with_correct`.
        design: the looks by which it was judged, with margin and direction.
    """

    arm: str
    baseline: str
    num_seeds: int
    look: int | None
    mean_difference: float
    standard_deviation: float
    level: float | None
    interval: Interval | None
    verdict: Verdict
    undecided_because: str | None
    seeds_won: float
    seeds_won_interval: Interval | None = None
    seeds_to_decide: int | None = None
    collapse: Collapse | None = None
    new_images: Interval | None = None
    given_up: bool = False
    design: Design = field(default=TEN_SEEDS, compare=False, repr=False)

    @property
    def has_diverged(self) -> bool:
        """Whether a run of the arm or of the baseline diverged, so that no mean is known."""
        return self.interval is not None and not np.isfinite(self.interval).all()

    @property
    def seeds_to_decide_text(self) -> str:
        """The number as a table shows it: "24", ">160", or "" where there is none."""
        if self.verdict is not Verdict.UNDECIDED or self.look is None or self.has_diverged:
            return ""
        return f">{MAX_SEEDS_SEARCHED}" if self.seeds_to_decide is None else str(self.seeds_to_decide)

    @property
    def only_on_this_test_set(self) -> bool:
        """Whether a difference was found whose interval on new images holds 0."""
        return (
            self.verdict.is_difference
            and self.new_images is not None
            and self.new_images[0] <= 0.0 <= self.new_images[1]
        )

    @property
    def verdict_text(self) -> str:
        """The verdict as a table shows it: "better", or "better on this test set" where only there."""
        return f"{self.verdict} on this test set" if self.only_on_this_test_set else str(self.verdict)

    def with_correct(self, arm: ArrayLike, baseline: ArrayLike) -> "Comparison":
        """Return the same with `new_images`, from what each run got right; unchanged before the first look.

        Args:
            arm: bool or float in [0, 1], [at least num_seeds, images], as `new_images_interval` takes it; rows in the
                order of the seeds, of which those of `num_seeds` are used.
            baseline: the same for the baseline.
        """
        if self.level is None or self.interval is None:
            return self
        ours, theirs = (np.asarray(table)[: self.num_seeds] for table in (arm, baseline))
        return replace(self, new_images=new_images_interval(self.interval, ours, theirs, 1.0 - self.level))
