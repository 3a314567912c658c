"""Nominal levels of repeated looks: how strict each of several t-tests of growing data must be."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

__all__ = ["NUM_CELLS", "nominal_levels"]

NUM_CELLS = 400
"""Of the grid; four times as many change no level by more than a third of a percent up to forty seeds."""

_Floats = NDArray[np.float64]


@lru_cache(maxsize=64)
def nominal_levels(looks: tuple[int, ...], spent: tuple[tuple[float, ...], ...]) -> _Floats:
    """Return the two-sided level at which each look's t-test crosses for the first time as often as is to be spent.

    Exact for normal differences without a true mean, by recursive numerical integration. With x the differences so far,
    u = sum(x) / (sqrt(n) |x|) is a Markov chain: the direction of normal x is independent of its length |x|, so that
    the next difference, being tan(a) |x| where sqrt(n) tan(a) has Student's t distribution of n degrees of freedom,
    turns u into sqrt((n u^2 + 1) / (n + 1)) cos(a - a0), tan(a0) = 1 / (sqrt(n) u). t^2 is (n - 1) u^2 / (1 - u^2).

    Source: Jennison and Turnbull 1991, Exact Calculations for Sequential t, Chi-squared and F Tests.

    Args:
        looks: numbers of seeds, ascending, the first at least 2.
        spent: for each of several families, the chance of a false finding up to and including each look, ascending.

    Returns:
        float64 [families, looks].
    """
    angles = np.linspace(0.0, np.pi / 2.0, NUM_CELLS + 1)
    to_spend = np.diff(np.array(spent), axis=1, prepend=0.0)
    num_seeds = looks[0]
    # Per family the chance, not having crossed yet, that |u| is beyond the sine of each angle.
    tails = np.tile(2.0 * special.stdtr(num_seeds - 1, -_t_of_angle(angles, num_seeds)), (len(spent), 1))
    levels = np.empty(to_spend.shape)
    for index, look in enumerate(looks):
        while num_seeds < look:
            tails = -np.diff(tails, axis=1) @ _transition(num_seeds, angles)
            num_seeds += 1
        for family, chance in enumerate(to_spend[:, index]):
            with np.errstate(divide="ignore"):
                boundary = np.interp(-np.log(chance), -np.log(tails[family, :-1]), angles[:-1])
            levels[family, index] = 2.0 * special.stdtr(num_seeds - 1, -_t_of_angle(boundary, num_seeds))
        tails = np.maximum(tails - to_spend[:, index, None], 0.0)
    levels[:, 0] = to_spend[:, 0]  # exactly: nothing was crossed before
    return levels


def _t_of_angle(angle: _Floats | float, num_seeds: int) -> _Floats:
    return np.asarray(np.sqrt(num_seeds - 1.0) * np.tan(angle))


def _transition(num_seeds: int, angles: _Floats) -> _Floats:
    """Return the chance that |u| is beyond each angle after one more seed, from each cell's middle, [cells, angles]."""
    sine = np.sin((angles[:-1] + angles[1:]) / 2.0)[:, None]
    turn = np.arctan2(1.0, np.sqrt(num_seeds) * sine)
    longest = np.sqrt((num_seeds * sine**2 + 1.0) / (num_seeds + 1.0))
    arc = np.arccos(np.minimum(1.0, np.sin(angles) / longest))
    # The distribution of a, continued by a whole turn: both signs of u at once.
    grid = np.linspace(-np.pi / 2.0, np.pi / 2.0, 4_001)
    chance = special.stdtr(num_seeds, np.sqrt(num_seeds) * np.tan(grid))
    grid, chance = np.concatenate([grid, grid[1:] + np.pi]), np.concatenate([chance, chance[1:] + 1.0])
    return np.asarray(np.interp(turn + arc, grid, chance) - np.interp(turn - arc, grid, chance))
