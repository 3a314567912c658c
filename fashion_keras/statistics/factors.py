"""Effects of factors: what each setting of a grid does on average, and whether it depends on the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fashion_keras.statistics.comparison import Comparison
from fashion_keras.statistics.design import Design
from fashion_keras.statistics.replay import Replay

__all__ = ["Effect", "find_effects"]


@dataclass(frozen=True)
class Effect:
    """A level of a factor against the factor's first, or how that difference depends on another factor.

    Attributes:
        levels: from factor to level: one of a main effect, two of an interaction.
        against: from the same factors to their first levels.
        comparison: the effect as a mean difference with interval and verdict. Of an interaction: by how much the
            difference of the one factor is larger at the other's level than at its first; no verdict says "better".
    """

    levels: Mapping[str, str]
    against: Mapping[str, str]
    comparison: Comparison

    @property
    def is_interaction(self) -> bool:
        """Whether it is of two factors together."""
        return len(self.levels) == 2


def find_effects(
    values: Mapping[str, ArrayLike], factors: Mapping[str, Sequence[str]], design: Design
) -> tuple[Effect, ...]:
    """Estimate main effects and interactions of two factors, paired by seed.

    Each is a contrast of the arms: one number a seed, judged as an arm's difference from a baseline is. The level is
    shared by all of them. With levels a, b of two factors and y the mean over the other factors' levels, the main
    effect of a is the mean over b of y(a, b) - y(first, b), and the interaction of a and b is
    y(a, b) - y(first, b) - y(a, first) + y(first, first).

    Source: Montgomery, Design and Analysis of Experiments, on factorial designs, with seeds as blocks.

    Args:
        values: for every arm float [seeds]; entry i of each from the same seed. Arms in the order of the product of the
            factors' levels, the last factor changing fastest.
        factors: from the name of each to its levels, the first being the one that others are compared with.
        design: the looks; evidence is shown at them alone.

    Returns:
        Main effects by factor, then interactions; none before there is a seed of every arm.

    Raises:
        ValueError: for a number of arms that is not the product of the numbers of levels.

    >>> arms = {"a1": [1.0, 2.0], "a2": [1.5, 2.5], "b1": [3.0, 4.0], "b2": [3.5, 4.5]}
    >>> effects = find_effects(arms, {"x": ("a", "b"), "y": ("1", "2")}, Design.fixed(2))
    >>> [float(effect.comparison.mean_difference) for effect in effects]
    [2.0, 0.5, 0.0]
    """
    shape = [len(levels) for levels in factors.values()]
    if len(values) != np.prod(shape):
        raise ValueError(f"a grid of {' x '.join(map(str, shape))} has {np.prod(shape)} arms, got {len(values)}")
    number = min(np.size(row) for row in values.values())
    table = np.array([np.asarray(row, dtype=np.float64)[:number] for row in values.values()]).reshape(*shape, number)
    with np.errstate(invalid="ignore"):  # where two arms diverged, NaN
        contrasts = {chosen: _contrast(table, factors, dict(chosen)) for chosen in _chosen_levels(factors)}
    names = {str(index): chosen for index, chosen in enumerate(contrasts)}
    rows = {"first": np.zeros(number), **dict(zip(names, contrasts.values(), strict=True))}
    limits = None if design.value_range is None else (-np.inf, np.inf)  # effects of shares may leave 0 to 1
    found = Replay(rows, "first", replace(design, value_range=limits)).comparisons()
    return tuple(_effect(dict(names[item.arm]), factors, item) for item in found)


def _chosen_levels(factors: Mapping[str, Sequence[str]]) -> list[tuple[tuple[str, str], ...]]:
    """Return the levels of each effect: (factor, level), once or twice."""
    later = {name: [(name, level) for level in levels[1:]] for name, levels in factors.items()}
    mains = [(level,) for levels in later.values() for level in levels]
    pairs = [pair for first, second in combinations(later.values(), 2) for pair in product(first, second)]
    return [*mains, *pairs]


def _contrast(
    table: NDArray[np.float64], factors: Mapping[str, Sequence[str]], levels: Mapping[str, str]
) -> NDArray[np.float64]:
    """Return one number a seed, float64 [seeds]: differences along the chosen factors, means along the others."""
    for name, known in factors.items():  # the first axis each time
        table = table[known.index(levels[name])] - table[0] if name in levels else np.asarray(table.mean(axis=0))
    return table


def _effect(levels: Mapping[str, str], factors: Mapping[str, Sequence[str]], comparison: Comparison) -> Effect:
    return Effect(levels, {name: factors[name][0] for name in levels}, comparison)
