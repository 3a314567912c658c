"""Replay of a design's looks: which arms each look decides, as the runner asks and the table tells it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fashion_keras.statistics.collapse import compare_collapse, share_interval
from fashion_keras.statistics.comparison import Comparison, Interval, Verdict
from fashion_keras.statistics.design import MIN_SEEDS, Design
from fashion_keras.statistics.divergence import diverged_interval, median_difference
from fashion_keras.statistics.intervals import MeanInference, student_critical, unit_of
from fashion_keras.statistics.power import chance_to_decide, seeds_to_decide

__all__ = ["Replay", "State"]

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class State:
    """Where an arm stands: what it was last judged by."""

    look: int | None = None
    level: float | None = None
    num_arms: int = 1
    verdict: Verdict = Verdict.UNDECIDED
    skewness: float = 0.0
    interval: Interval | None = None
    """An undecided arm's is only Student's until `Replay.widen`, which takes longer, has been asked."""
    given_up: int = 0
    """Up to so many seeds the undecided arms are not looked at again: they would hardly decide one of them."""

    def next_look(self, design: Design) -> int | None:
        """Return the look that an undecided arm waits for; all seeds where there are no looks, None after the last."""
        if not design.looks:
            return design.num_seeds
        return next((look for look in design.looks if look > max(self.look or 0, self.given_up)), None)


@dataclass(frozen=True)
class Replay:
    """All arms of a comparison and its design; the arguments are those of `compare_arms`."""

    values: Mapping[str, _Floats]
    baseline: str
    design: Design
    waits: bool = True

    def differences(self, arm: str, num_seeds: int | None = None) -> _Floats:
        """Return arm minus baseline on the first seeds that both have; all where None. NaN where both diverged."""
        pairs = min(self.values[arm].size, self.values[self.baseline].size)
        with np.errstate(invalid="ignore"):
            return (self.values[arm][:pairs] - self.values[self.baseline][:pairs])[:num_seeds]

    def states(self) -> dict[str, State]:
        """Judge the undecided arms at each look that all of them have reached; those that have, unless it `waits`."""
        states = {arm: State(num_arms=len(self.values) - 1) for arm in self.values if arm != self.baseline}
        if not states:
            return states
        levels, given_up = self.design.nominal_levels(len(states)), 0
        for index, look in enumerate(self.design.looks):
            undecided = [arm for arm, state in states.items() if state.verdict is Verdict.UNDECIDED]
            if look <= given_up:
                continue
            ready = [arm for arm in undecided if self.differences(arm).size >= look]
            if not ready or (self.waits and len(ready) < len(undecided)):
                break
            undecided = ready
            self._judge(states, undecided, State(look, skewness=self._skewness(undecided, look)), levels[:, index])
            undecided = [arm for arm in undecided if states[arm].verdict is Verdict.UNDECIDED]
            if given_up := self._given_up(undecided, look, levels[-1]):
                states |= {arm: replace(states[arm], given_up=given_up) for arm in undecided}
        return states

    def widen(self, states: dict[str, State]) -> dict[str, State]:
        """Return the states with the intervals to be shown of undecided arms."""
        shown = {arm for arm, state in states.items() if state.verdict is Verdict.UNDECIDED and state.look is not None}
        return {arm: self._read_interval(arm, state) if arm in shown else state for arm, state in states.items()}

    def _judge(self, states: dict[str, State], undecided: Sequence[str], state: State, levels: _Floats) -> None:
        """Step down: while a difference is found, judge the arms left by what its share of the level frees."""
        found = -1
        while undecided and found != (found := sum(state.verdict.is_difference for state in states.values())):
            state = replace(state, level=float(levels[found]), num_arms=len(states) - found)
            for arm in undecided:
                states[arm] = self._read_interval(arm, state, exact=False)
                if states[arm].verdict is not Verdict.UNDECIDED:
                    states[arm] = self._read_interval(arm, state)
            undecided = [arm for arm in undecided if states[arm].verdict is Verdict.UNDECIDED]

    def _read_interval(self, arm: str, state: State, *, exact: bool = True) -> State:
        """Return a state with its interval and what it says; unless `exact` Student's, which is fast and narrower.

        The ends are rounded, so that sums which are equal on paper are, and within what values can differ by.
        """
        unit, confidence = self._unit(arm, state.look), 1.0 - (state.level or 0.0)
        differences = self.differences(arm, state.look) / unit
        if not np.isfinite(differences).all():
            low, high = diverged_interval(differences, confidence)
        else:
            inference = MeanInference.of(differences[None])
            find = inference.interval if exact else inference.student_interval
            low, high = (float(end[0]) for end in find(confidence, state.skewness))
            if self.design.value_range is not None:
                least, most = self.design.value_range
                mean = float(self.values[self.baseline][: state.look].mean())
                low, high = max(low, least - mean), min(high, most - mean)
        interval = unit * round(low, 12), unit * round(high, 12)
        return replace(state, interval=interval, verdict=Verdict.of(interval, self.design))

    def _unit(self, arm: str, look: int | None) -> float:
        """Return the unit in which values are about 1: accuracies are."""
        is_known = self.design.value_range is not None
        return 1.0 if is_known else unit_of(self.values[arm][:look], self.values[self.baseline][:look])

    def _given_up(self, undecided: Sequence[str], look: int, levels: _Floats) -> int:
        """Return the seeds up to which no arm gets more: the last look, of this design or the one gone on from.

        It is 0 where that look may decide one arm, if each other freed its share of the level: the others then go on
        beside it, for which is best is asked of all.
        """
        end = min(seeds for seeds in (*self.design.finished, self.design.num_seeds) if seeds >= look)
        level, asked = float(levels[self.design.looks.index(end)]), look < end and self.design.futility
        differences = [self.differences(arm, look) for arm in undecided] if asked else []
        return end if differences and not any(self._may_decide(row, end, level) for row in differences) else 0

    def _may_decide(self, differences: _Floats, end: int, level: float) -> bool:
        """Whether the look at `end` seeds may decide an arm; where runs diverged, if all that are left to come do."""
        if np.isfinite(differences).all():
            return chance_to_decide(differences, end, level, self.design.margin) >= self.design.futility
        side = np.inf if (differences == np.inf).sum() > (differences == -np.inf).sum() else -np.inf
        worst = np.concatenate([differences, np.full(end - differences.size, side)])
        low, high = diverged_interval(worst, 1.0 - level)
        return low > 0.0 or high < 0.0

    def _skewness(self, arms: Sequence[str], look: int) -> float:
        """Return the skewness that the differences of all arms of a look are taken to have.

        One arm's few seeds hardly show it, but arms share what makes it, such as their baseline. It is the median of
        the samples', times 1 + 8 / n, for so much do they fall short of a gamma distribution's, times (k - 1) / k: one
        arm alone says no more than its bootstrap-t heeds already. Both factors were fitted to simulations.
        """
        rows = [self.differences(arm, look) / self._unit(arm, look) for arm in arms]
        rows = [row for row in rows if np.isfinite(row).all()]
        if len(rows) < 2:
            return 0.0
        found = MeanInference.of(np.stack(rows)).skewness
        return float(np.median(found)) * (1.0 + 8.0 / look) * (1.0 - 1.0 / len(rows))

    def comparisons(self) -> tuple[Comparison, ...]:
        """Return what is told of each arm but the baseline; nothing where an arm has no seed yet."""
        if any(row.size == 0 for row in self.values.values()):
            return ()
        return tuple(self._compare(arm, state) for arm, state in self.widen(self.states()).items())

    def _compare(self, arm: str, state: State) -> Comparison:
        differences = self.differences(arm, state.look)
        undecided, is_known = state.verdict is Verdict.UNDECIDED, bool(np.isfinite(differences).all())
        gains = np.nan_to_num(differences if self.design.higher_is_better else -differences)  # only their signs matter
        comparison = Comparison(
            arm=arm,
            baseline=self.baseline,
            num_seeds=differences.size,
            look=state.look,
            mean_difference=float(differences.mean()) if is_known else median_difference(differences),
            standard_deviation=float(differences.std(ddof=1)) if is_known and differences.size > 1 else float("nan"),
            level=state.level,
            interval=state.interval,
            verdict=state.verdict,
            undecided_because=self._reason(state, is_known) if undecided else None,
            given_up=undecided and state.given_up >= self.design.num_seeds,
            seeds_won=float(np.mean((gains > 0.0) + 0.5 * (gains == 0.0))),
            design=self.design,
        )
        return comparison if state.level is None else self._add_evidence(comparison, state, gains)

    def _add_evidence(self, comparison: Comparison, state: State, gains: _Floats) -> Comparison:
        """Return the same with what is told of an arm from its first look on, at the level of that look."""
        confidence = 1.0 - (state.level or 0.0)
        won, tied = int((gains > 0.0).sum()), int((gains == 0.0).sum())
        ours, theirs = (self.values[name][: gains.size] for name in (comparison.arm, self.baseline))
        is_open = state.verdict is Verdict.UNDECIDED and not comparison.has_diverged
        needed = self._seeds_to_decide(comparison, state) if is_open else None
        design = self.design
        may_collapse = design.value_range is not None and design.higher_is_better  # a run far below others failed
        may_collapse |= comparison.has_diverged
        return replace(
            comparison,
            seeds_to_decide=needed,
            seeds_won_interval=share_interval(won, won + tied, gains.size, confidence),
            collapse=compare_collapse(ours, theirs, confidence) if may_collapse else None,
        )

    def _seeds_to_decide(self, comparison: Comparison, state: State) -> int | None:
        mean, deviation, seeds = comparison.mean_difference, comparison.standard_deviation, comparison.num_seeds
        low, high = comparison.interval or (mean, mean)
        reach = mean - low if mean > 0.0 else high - mean
        student = student_critical(seeds, 1.0 - (state.level or 0.0)) * deviation / np.sqrt(seeds)
        widening = reach / student if student > 0.0 else 1.0
        return seeds_to_decide(mean, deviation, seeds, self.design, state.num_arms, widening=widening)

    def _reason(self, state: State, is_known: bool) -> str:
        if not self.design.looks:
            return f"fewer than {MIN_SEEDS} seeds"
        if look := state.next_look(self.design):
            return f"next look at {look} seeds"
        if not is_known:
            return "runs diverged"
        return f"{self.design.num_seeds} seeds would hardly decide" if state.given_up else "not enough evidence"
