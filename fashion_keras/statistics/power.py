"""Power: which difference a design can show, and how many seeds would likely decide what is undecided.

Differences are taken to be normal. How much wider than Student's the interval of `intervals` is, no formula tells: the
factor here was fitted to simulations of normal differences at 5 to 40 seeds. docs/statistics-evidence.md has what is
promised beside what was found.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fashion_keras.statistics.design import Design
from fashion_keras.statistics.intervals import student_critical

__all__ = ["MAX_SEEDS_SEARCHED", "chance_to_decide", "detectable_difference", "seeds_to_decide"]

POWER = 0.8
MAX_SEEDS_SEARCHED = 160
_NUM_PATHS = 4_000
_CAUTION = 10.0

_Floats = NDArray[np.float64]


def detectable_difference(standard_deviation: float, design: Design, num_arms: int = 1) -> float:
    """Return the smallest true difference that would be called better or worse with a chance of 80 %, at some look.

    Args:
        standard_deviation: of the paired differences, in any unit; the answer has the same.
        design: the looks.
        num_arms: compared with the baseline; the answer is for the first of them to be decided, the hardest step.

    Returns:
        Infinity where no difference could be shown: under five seeds.

    >>> f"{100 * detectable_difference(0.003, Design(), num_arms=3):.2f} points"
    '0.47 points'
    """
    if not design.looks:
        return float("inf")
    paths = np.random.default_rng(0).standard_normal((_NUM_PATHS, design.num_seeds))
    needed = np.full(_NUM_PATHS, np.inf)
    for look, level in zip(design.looks, design.nominal_levels(num_arms)[0], strict=True):
        seen = paths[:, :look]
        half_width = _critical(look, float(level)) * seen.std(axis=1, ddof=1) / np.sqrt(look)
        needed = np.minimum(needed, half_width - seen.mean(axis=1))
    return float(np.quantile(needed, POWER)) * standard_deviation


def seeds_to_decide(
    mean: float,
    standard_deviation: float,
    num_seeds: int,
    design: Design,
    num_arms: int = 1,
    *,
    widening: float = 1.0,
) -> int | None:
    """Return how many seeds in all would decide an undecided arm with a chance of 80 %, given what was seen.

    The chance is predictive: the true mean and standard deviation are drawn from what `num_seeds` differences leave
    open (their posterior under flat priors), the seeds to come from these. Candidates are the later looks of the design
    and then those of going on after it, each as strict as it would be.

    Args:
        mean: of the paired differences seen.
        standard_deviation: of them, in the unit of `design.margin`.
        num_seeds: seen, at least 2.
        design: of the comparison.
        num_arms: not yet found different, this one included.
        widening: how many times as far as Student's the interval reached from the mean towards 0. Where that was far,
            for the differences were lopsided, more of them still are; that wears off with the fourth power of their
            number, which was fitted too.

    Returns:
        The number, or None where `MAX_SEEDS_SEARCHED` would not do.

    >>> seeds_to_decide(0.003, 0.003, 10, Design(), num_arms=3)
    28
    """
    for look, level in _later_looks(num_seeds, design, num_arms):
        widened = student_critical(look, 1.0 - level) * (1.0 + (widening - 1.0) * (num_seeds / look) ** 4)
        critical = max(_critical(look, level), widened)
        if _predictive_power(mean, standard_deviation, num_seeds, look, critical, design.margin) >= POWER:
            return look
    return None


def chance_to_decide(differences: _Floats, num_seeds: int, level: float, margin: float) -> float:
    """Return the predictive chance, as in `seeds_to_decide`, that a look decides an undecided arm.

    Args:
        differences: the paired differences seen, float64 [seeds], two at least.
        num_seeds: of the look, more than were seen.
        level: of the look, two-sided.
        margin: of equivalence, in the unit of the differences.
    """
    mean, deviation = float(differences.mean()), float(differences.std(ddof=1))
    return _predictive_power(mean, deviation, differences.size, num_seeds, _critical(num_seeds, level), margin)


def _later_looks(num_seeds: int, design: Design, num_arms: int) -> list[tuple[int, float]]:
    """Return the looks after `num_seeds`, and how strict each is; those of extensions roughly."""
    levels = design.nominal_levels(num_arms)[0] if design.looks else ()
    inside = [(look, float(level)) for look, level in zip(design.looks, levels, strict=True) if look > num_seeds]
    longest = Design.up_to(MAX_SEEDS_SEARCHED).looks
    # A last look's nominal level is 0.7 to 1.4 times what the whole extension spends.
    going_on = design.level * design.next_share / num_arms
    return [*inside, *((look, going_on) for look in longest if look > max(num_seeds, design.num_seeds))]


def _predictive_power(
    mean: float, deviation: float, num_seen: int, num_seeds: int, critical: float, margin: float
) -> float:
    """Return the chance that an interval of `critical` standard errors at `num_seeds` decides, in [0, 1]."""
    num_new, squares = num_seeds - num_seen, (num_seen - 1) * deviation**2
    of_spread, of_mean, of_new_mean, of_new_spread = _predictive_paths(num_seen, num_new)
    sigma = np.sqrt(squares / of_spread)
    new_mean = mean + sigma * of_mean / np.sqrt(num_seen) + sigma * of_new_mean / np.sqrt(num_new)
    new_squares = sigma**2 * of_new_spread
    all_mean = np.abs(num_seen * mean + num_new * new_mean) / num_seeds
    all_squares = squares + new_squares + num_seen * num_new / num_seeds * (new_mean - mean) ** 2
    half_width = critical * np.sqrt(all_squares / (num_seeds - 1) / num_seeds)
    return float(np.mean((all_mean > half_width) | (all_mean + half_width < margin)))


@lru_cache(maxsize=32)
def _predictive_paths(num_seen: int, num_new: int) -> tuple[_Floats, ...]:
    """Return chi-squared of the spread seen, two standard normals, chi-squared of the spread to come, each [paths]."""
    rng = np.random.default_rng(0)
    seen = rng.chisquare(num_seen - 1, _NUM_PATHS)
    normals = rng.standard_normal((2, _NUM_PATHS))
    return seen, *normals, rng.chisquare(num_new - 1, _NUM_PATHS) if num_new > 1 else np.zeros(_NUM_PATHS)


def _critical(num_seeds: int, level: float) -> float:
    """Return how many standard errors an interval of normal numbers reaches to either side, as power feels it."""
    return student_critical(num_seeds, 1.0 - level) * (1.0 - _CAUTION * np.log10(level / 2.0) / num_seeds**2)
