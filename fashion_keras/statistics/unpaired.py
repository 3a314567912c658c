"""Unpaired comparisons: arms whose runs share no seeds."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from fashion_keras.statistics.best import BestArms
from fashion_keras.statistics.collapse import Collapse, Share
from fashion_keras.statistics.comparison import Comparison, Interval, Verdict
from fashion_keras.statistics.design import MIN_SEEDS, Design
from fashion_keras.statistics.divergence import diverged_unpaired
from fashion_keras.statistics.intervals import unit_of

__all__ = ["compare_unpaired", "find_best_unpaired", "pairing_worth", "welch_interval"]

_Floats = NDArray[np.float64]
_REASONS = ("runs diverged", "not enough evidence")


def welch_interval(arm: ArrayLike, baseline: ArrayLike, level: float = 0.95) -> Interval:
    """Return the interval of the difference of two means, of runs that are independent.

    Source: Welch 1947, The Generalization of Student's Problem when Several Different Population Variances Are
    Involved.

    Args:
        arm: float [n], n >= 2.
        baseline: float [m], m >= 2, in the same unit as the interval.
        level: its confidence, in (0, 1).

    >>> low, high = welch_interval([3.0, 4.0, 5.0], [1.0, 2.0, 3.0])
    >>> f"{low:.2f} {high:.2f}"
    '-0.27 4.27'
    """
    first, second = np.asarray(arm, dtype=np.float64), np.asarray(baseline, dtype=np.float64)
    error, freedom = _standard_error(first, second)
    centre = float(first.mean() - second.mean())
    reach = -float(special.stdtrit(freedom, (1.0 - level) / 2.0)) * error
    return centre - reach, centre + reach


def _standard_error(first: _Floats, second: _Floats) -> tuple[float, float]:
    """Return the standard error of the difference, and Satterthwaite's degrees of freedom."""
    parts = [float(row.var(ddof=1)) / row.size for row in (first, second)]
    total = sum(parts)
    if total == 0.0:
        return 0.0, float(first.size + second.size - 2)
    squares = sum((part / total) ** 2 / (row.size - 1) for part, row in zip(parts, (first, second), strict=True))
    return float(np.sqrt(total)), 1.0 / squares


def compare_unpaired(values: Mapping[str, ArrayLike], baseline: str, design: Design) -> tuple[Comparison, ...]:
    """Compare every arm with the baseline by Welch's interval, at the last look of a design.

    As `compare_arms` does, but for its pairs: the arms share the level that the last look has, those found to differ
    leave theirs to the others, and the verdict is read off the interval. `num_seeds` is the number of runs of the
    smaller arm. How many more runs would decide is not told. Where runs diverged, see `diverged_unpaired`.

    Args:
        values: for every arm float [runs of that arm], two at least; infinite where one diverged.
        baseline: the name of the arm that the others are compared with.
        design: its last look is at the fewest runs of any arm; earlier ones made it stricter.

    Returns:
        One per arm but the baseline, in the order of `values`.
    """
    rows = {arm: np.asarray(row, dtype=np.float64) for arm, row in values.items()}
    others = [arm for arm in rows if arm != baseline]
    if not design.looks:
        return tuple(_compare(arm, baseline, rows, None, None, design) for arm in others)
    levels = design.nominal_levels(len(others))[:, -1]
    judged: dict[str, Comparison] = {}
    found = -1
    while found != (found := sum(item.verdict.is_difference for item in judged.values())) and found < len(others):
        level = float(levels[found])
        for arm in others:
            if arm not in judged or judged[arm].verdict is Verdict.UNDECIDED:
                low, high = _interval(rows[arm], rows[baseline], 1.0 - level)
                if design.value_range is not None:
                    least, most = (end - float(rows[baseline].mean()) for end in design.value_range)
                    low, high = max(low, least), min(high, most)
                judged[arm] = _compare(arm, baseline, rows, level, (low, high), design)
    return tuple(judged[arm] for arm in others)


def _interval(first: _Floats, second: _Floats, level: float) -> Interval:
    """Return Welch's interval; where runs diverged that of the ranks."""
    return (welch_interval if _are_finite(first, second) else diverged_unpaired)(first, second, level)


def _are_finite(*rows: _Floats) -> bool:
    return all(bool(np.isfinite(row).all()) for row in rows)


def _compare(
    arm: str,
    baseline: str,
    rows: Mapping[str, _Floats],
    level: float | None,
    interval: Interval | None,
    design: Design,
) -> Comparison:
    first, second = rows[arm], rows[baseline]
    is_known = _are_finite(first, second)
    with np.errstate(invalid="ignore"):
        difference = first.mean() - second.mean() if is_known else np.median(first) - np.median(second)
        deviation = np.hypot(first.std(ddof=1), second.std(ddof=1))  # NaN where it is not known
    unit = unit_of(first, second)
    interval = interval and (unit * round(interval[0] / unit, 12), unit * round(interval[1] / unit, 12))
    verdict = Verdict.UNDECIDED if interval is None else Verdict.of(interval, design)
    reason = f"fewer than {MIN_SEEDS} runs" if interval is None else _REASONS[is_known]
    return Comparison(
        arm=arm,
        baseline=baseline,
        num_seeds=min(first.size, second.size),
        look=design.num_seeds if design.looks else None,
        mean_difference=0.0 if np.isnan(difference) else float(difference),
        standard_deviation=float(deviation),
        level=level,
        interval=interval,
        verdict=verdict,
        undecided_because=reason if verdict is Verdict.UNDECIDED else None,
        seeds_won=float("nan"),  # there are no pairs
        collapse=None if is_known or interval is None else _collapse(first, second),
        design=design,
    )


def _collapse(first: _Floats, second: _Floats) -> Collapse:
    """Return how many runs of each diverged, and how the others differ in the mean."""
    known = [row[np.isfinite(row)] for row in (first, second)]
    ours, theirs = (Share.of(row.size - kept.size, row.size) for row, kept in zip((first, second), known, strict=True))
    number = min(kept.size for kept in known)
    return Collapse(ours, theirs, number, float(known[0].mean() - known[1].mean()) if number else None, None)


def find_best_unpaired(values: Mapping[str, ArrayLike], comparisons: Sequence[Comparison]) -> BestArms | None:
    """Return which arms may be the best, as `find_best` does; the arguments are its own.

    Pairs without the baseline are judged by Welch's interval, each with an equal share of the level.
    """
    if not comparisons or any(item.level is None for item in comparisons):
        return None
    design = comparisons[0].design
    sign = 1.0 if design.higher_is_better else -1.0
    arms = {item.arm: sign * np.asarray(values[item.arm], dtype=np.float64) for item in comparisons}
    num_pairs = max(1, len(arms) * (len(arms) - 1) // 2)
    level = 1.0 - float(design.nominal_levels(num_pairs)[0, -1])
    worse = {
        arm for arm in arms if any(_interval(arms[other], arms[arm], level)[0] > 0.0 for other in arms if other != arm)
    }
    return BestArms.of(comparisons, worse)


def pairing_worth(arm: ArrayLike, baseline: ArrayLike, shared: float = 0.5, level: float = 0.95) -> float:
    """Return how many times as wide the interval would be if runs were paired by seeds that they share.

    Args:
        arm, baseline: as for `welch_interval`; as many pairs as the smaller has. Runs that diverged are left out.
        shared: share of the variance that the seed brings to both, in [0, 1).
        level: of both intervals.
    """
    rows = np.asarray(arm, dtype=np.float64), np.asarray(baseline, dtype=np.float64)
    first, second = (row[np.isfinite(row)] for row in rows)
    pairs = min(first.size, second.size)
    if pairs < 2:
        return 1.0
    error, freedom = _standard_error(first, second)
    variance = first.var(ddof=1) + second.var(ddof=1) - 2.0 * shared * first.std(ddof=1) * second.std(ddof=1)
    tail = (1.0 - level) / 2.0
    paired = float(special.stdtrit(pairs - 1, tail)) * float(np.sqrt(variance / pairs))
    unpaired = float(special.stdtrit(freedom, tail)) * error
    return paired / unpaired if unpaired else 1.0
