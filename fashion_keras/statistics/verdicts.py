"""Verdicts: which arms of an experiment differ from its baseline, and which still need seeds to tell."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fashion_keras.statistics.comparison import Comparison, Verdict
from fashion_keras.statistics.design import TEN_SEEDS, Design
from fashion_keras.statistics.replay import Replay

__all__ = ["arms_to_train", "compare_arms", "looks_taken"]


def compare_arms(
    values: Mapping[str, ArrayLike], baseline: str, design: Design = TEN_SEEDS, *, waits: bool = True
) -> tuple[Comparison, ...]:
    """Compare every arm of an experiment with its baseline, seed by seed, at the looks of a design.

    The looks are replayed: at each that all undecided arms have reached, these are judged on as many seeds, at the
    nominal level of `Design.nominal_levels`. Each difference found frees its share of the level for the arms left, at
    the same look too (Holm 1979). One interval per arm decides: "better" above 0, "worse" below, "equivalent" within
    +-margin, with "negligibly" where both, else "undecided". So interval and verdict cannot contradict each other.

    A decided arm keeps the interval, level and seeds by which it was decided, and any later seeds of it are not looked
    at: its level is spent, and whoever looked again could wait for another answer. Nor is anything shown between looks
    but the state of the last one.

    What "5 %" means: the chance of any false "better" or "worse" in the table, at all looks together, for normal
    differences; docs/statistics-evidence.md has it for others, and together with false "equivalent".

    Args:
        values: for every arm of the experiment, whichever of them a table will show, float [seeds of that arm]: entry i
            of each from the same seed, up to the first that is missing. Arms that were decided may have fewer.
        baseline: the name of the arm that the others are compared with.
        design: its looks, level and margin, the direction of the metric and the range of its values.
        waits: whether no arm is judged at a look before all undecided ones have its seeds, as while runs go on.

    Returns:
        One per arm but the baseline, in the order of `values`; none where an arm has no seed yet.

    Raises:
        ValueError: for an unknown baseline, and for values that are NaN or out of range. A diverged run still has
            an accuracy, about that of guessing: pass it, and of a loss infinity, see `mark_diverged`.

    >>> arms = {"sgd": [0.88, 0.87, 0.88, 0.89, 0.88], "adam": [0.90, 0.89, 0.90, 0.92, 0.90]}
    >>> compare_arms(arms, "sgd", Design.fixed(5))[0].verdict.value
    'better'
    """
    return Replay(_check(values, baseline, design), baseline, design, waits).comparisons()


def arms_to_train(
    values: Mapping[str, ArrayLike], baseline: str, design: Design = TEN_SEEDS
) -> tuple[tuple[str, ...], int]:
    """Return which arms still need seeds, and how many seeds in all each of them needs for the next look.

    What `compare_arms` decides gets no more seeds, and the baseline goes on as long as one arm does; none does where
    the last look would hardly decide one.

    Args:
        values, baseline, design: as for `compare_arms`; arms may have no values yet.

    Returns:
        (names in the order of `values`, number of seeds); no names where nothing is left to train.
    """
    rows = _check(values, baseline, design)
    states = Replay(rows, baseline, design).states()
    undecided = {arm: state for arm, state in states.items() if state.verdict is Verdict.UNDECIDED}
    look = next(iter(undecided.values())).next_look(design) if undecided else None  # they all wait for one
    names = tuple(arm for arm, row in rows.items() if look and arm in {*undecided, baseline} and row.size < look)
    return names, look or design.num_seeds


def looks_taken(values: Mapping[str, ArrayLike], baseline: str, design: Design = TEN_SEEDS) -> dict[str, int]:
    """Return for each arm how many of its seeds evidence may be shown of: those of the look by which it stands.

    Args:
        values, baseline, design: as for `compare_arms`; arms may have no values yet.

    Returns:
        The baseline has the seeds of the latest look; nothing before the first look.
    """
    states = Replay(_check(values, baseline, design), baseline, design).states()
    looks = {arm: state.look for arm, state in states.items() if state.look is not None}
    return looks | {baseline: max(looks.values())} if len(looks) == len(states) > 0 else {}


def _check(values: Mapping[str, ArrayLike], baseline: str, design: Design) -> dict[str, NDArray[np.float64]]:
    if baseline not in values:
        raise ValueError(f"baseline {baseline!r} is not among the arms: {', '.join(values)}")
    rows = {arm: np.asarray(row, dtype=np.float64) for arm, row in values.items()}
    low, high = design.value_range or (-np.inf, np.inf)
    for arm, row in rows.items():
        if row.ndim != 1:
            raise ValueError(f"every arm needs one value per seed; {arm!r} has shape {row.shape}")
        if np.isnan(row).any():
            where = int(np.flatnonzero(np.isnan(row))[0])
            raise ValueError(f"arm {arm!r} has nan at position {where}; a diverged run still has an accuracy")
        if ((row < low) | (row > high))[np.isfinite(row)].any():
            raise ValueError(
                f"arm {arm!r} has values outside {low:g} to {high:g}; for others than accuracies set value_range"
            )
    return rows
