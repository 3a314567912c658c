"""How many seeds a difference needs, and which difference a number of seeds can show.

Spreads are standard deviations of paired differences. Differences are taken to be normal; the power of the t-tests is
exact (noncentral t, Owen 1968), and the cautious p-values of `inference` are as good as Student's with 1.5 seeds fewer:
measured in docs/statistics-evidence.md, where the power that this promises stands beside the one found.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

MIN_SEEDS = 6  # five seeds cannot reach p < 0.05 in an exact sign-flip test: 2 / 2^5 = 0.0625
MAX_SEEDS_SEARCHED = 1000
POWER = 0.8
_SEEDS_LOST_TO_CAUTION = 1.5


def power_different(
    difference: ArrayLike, spread: ArrayLike, num_seeds: ArrayLike, level: ArrayLike
) -> NDArray[np.float64]:
    """Return the chance, in [0, 1], that a true difference is called better or worse.

    Args:
        difference: true mean of the paired differences, of either sign, in the unit of `spread`.
        spread: > 0.
        num_seeds: pairs; fewer than `MIN_SEEDS` have no power, nor have so few that 2 / 2^n is not under `level`.
        level: two-sided, of this one test. For k arms divide by k: Holm's first and hardest step.

    All broadcast against each other.
    """
    seeds = np.asarray(num_seeds, dtype=np.float64)
    two_sided = np.asarray(level, dtype=np.float64)
    power = _power_above(np.abs(difference), spread, seeds, two_sided / 2.0)
    return np.where((seeds >= MIN_SEEDS) & (2.0 * 0.5**seeds < two_sided), power, 0.0)


def power_equivalent(
    difference: ArrayLike, spread: ArrayLike, num_seeds: ArrayLike, level: ArrayLike, margin: float
) -> NDArray[np.float64]:
    """Return the chance that a true difference is called equivalent, that is, shown to lie within +-margin.

    Arguments as for `power_different`, `level` being that of each of the two one-sided tests. A lower bound, exact but
    where both tests are hopeless (Phillips 1990, Power of the Two One-Sided Tests Procedure in Bioequivalence).
    """
    seeds = np.asarray(num_seeds, dtype=np.float64)
    above = _power_above(margin + np.asarray(difference), spread, seeds, level)
    below = _power_above(margin - np.asarray(difference), spread, seeds, level)
    return np.where(seeds >= MIN_SEEDS, np.maximum(0.0, above + below - 1.0), 0.0)


def seeds_to_decide(
    difference: ArrayLike, spread: ArrayLike, level: float, margin: float, more_than: int = MIN_SEEDS - 1
) -> NDArray[np.int_]:
    """Return how many seeds in all would likely decide each comparison.

    That is the smallest number with a chance of at least 80 % of "better" or "worse", or else of "equivalent", if the
    true difference and spread are those given. Taken from few seeds these are rough, and so is the answer.

    Args:
        difference: float [m], means of the paired differences.
        spread: float [m], >= 0.
        level: of one test, already divided by the number of arms.
        margin: of equivalence, > 0, in the same unit.
        more_than: the answer is above this, say the number of seeds that did not decide.

    Returns:
        int [m]; `MAX_SEEDS_SEARCHED` + 1 where that many would not do.

    >>> seeds_to_decide([0.003], [0.003], level=0.05 / 3, margin=0.002).tolist()
    [15]
    """
    means, spreads = np.broadcast_arrays(np.asarray(difference, dtype=np.float64), np.asarray(spread, dtype=np.float64))
    # A spread of 0 decides at once, except on the margin; this keeps the noncentral t finite.
    spreads = np.maximum(spreads, 1e-9)
    low: NDArray[np.int_] = np.full(means.shape, max(more_than, MIN_SEEDS - 1))  # does not decide, or may not be given
    high: NDArray[np.int_] = np.maximum(low + 1, MAX_SEEDS_SEARCHED + 1)
    while (high - low > 1).any():
        middle = (low + high) // 2
        likely = (power_different(means, spreads, middle, level) >= POWER) | (
            power_equivalent(means, spreads, middle, level, margin) >= POWER
        )
        high, low = np.where(likely, middle, high), np.where(likely, low, middle)
    return high


def detectable_difference(spread: float, num_seeds: int, num_arms: int = 1, level: float = 0.05) -> float:
    """Return the smallest true difference that would be called better or worse with a chance of 80 %.

    Args:
        spread: in any unit; the answer has the same.
        num_seeds: planned pairs.
        num_arms: compared with the baseline, over which Holm adjusts.
        level: for all arms together.

    Returns:
        Infinity where no difference could be shown: under six seeds, or too few for that many arms.

    >>> f"{100 * detectable_difference(0.003, num_seeds=10, num_arms=3):.2f} points"
    '0.41 points'
    """
    level = level / num_arms
    if num_seeds < MIN_SEEDS or 2.0 * 0.5**num_seeds >= level:
        return float("inf")
    seeds = num_seeds - _SEEDS_LOST_TO_CAUTION
    critical = -special.stdtrit(seeds - 1.0, level / 2.0)
    return float(special.nctdtrinc(seeds - 1.0, 1.0 - POWER, critical) * spread / np.sqrt(seeds))


def _power_above(
    difference: ArrayLike, spread: ArrayLike, num_seeds: NDArray[np.float64], level: ArrayLike
) -> NDArray[np.float64]:
    """Return the chance that a one-sided test finds a mean above 0."""
    seeds = np.maximum(2.0, num_seeds - _SEEDS_LOST_TO_CAUTION)
    critical = -special.stdtrit(seeds - 1.0, level)
    # Beyond 100 standard errors of either sign the answer is 0 or 1, and the noncentral t slow.
    shift = np.minimum(100.0, np.maximum(-100.0, np.divide(difference, spread) * np.sqrt(seeds)))
    return np.asarray(1.0 - special.nctdtr(seeds - 1.0, shift, critical), dtype=np.float64)
