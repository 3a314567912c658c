"""The rule of verdicts before this one, to be measured beside it: the largest of three p-values, Holm, ten seeds."""

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

from fashion_keras.statistics import MARGIN, TEN_SEEDS, MeanInference, Verdict

Floats = NDArray[np.float64]


@cache
def sign_patterns(num_seeds: int) -> NDArray[np.floating]:
    if num_seeds > 12:
        return np.random.default_rng(0).choice(np.array([-1.0, 1.0]), (num_seeds, 20_000))
    return 1.0 - 2.0 * ((np.arange(2**num_seeds) >> np.arange(num_seeds)[:, None]) & 1)


def verdict_p(rows: Floats, below: float = 1.0) -> Floats:
    """Return the largest of Student's, the bootstrap-t's and the sign-flips' p; Student's where not under `below`."""
    num_seeds = rows.shape[1]
    t = np.abs(rows.mean(axis=1)) / np.maximum(rows.std(axis=1, ddof=1), 1e-12) * np.sqrt(num_seeds)
    p = 2.0 * special.stdtr(num_seeds - 1, -t)
    for row in np.flatnonzero(p < below):
        sums = np.abs(rows[row] @ sign_patterns(num_seeds))
        flips = float(np.mean(sums >= abs(rows[row].sum()) - 1e-9))
        p[row] = max(p[row], flips, float(MeanInference.of(rows[row][None]).p_different()[0]))
    return p


def any_false(p: Floats, num_arms: int, level: float = 0.05) -> NDArray[np.bool_]:
    """Return, per table, whether Holm calls any arm different: whether it takes its first step."""
    return p.reshape(-1, num_arms).min(axis=1) * num_arms < level


def false_verdicts(
    draw: Callable[[np.random.Generator, tuple[int, ...]], Floats],
    num_arms: int,
    num_tables: int,
    seed: list[int],
    num_seeds: int = 10,
) -> NDArray[np.bool_]:
    """Return, per simulated table without any difference, whether the rule before shows one; [num_tables]."""
    samples = draw(np.random.default_rng(seed), (num_tables, num_arms, num_seeds)).reshape(-1, num_seeds)
    return any_false(verdict_p(samples, below=0.05 / num_arms), num_arms)


def equivalent_before(rows: Floats) -> NDArray[np.bool_]:
    """Return which arms of one table, [arms, seeds], the rule before calls equivalent, bool [arms]."""
    low, high = MeanInference.of(rows).student_interval(0.9)
    p = np.ones(len(rows))
    for row in np.flatnonzero((low > -MARGIN) & (high < MARGIN)):
        inference = MeanInference.of(rows[row][None])
        p[row] = max(inference.p_above(-MARGIN)[0], inference.p_below(MARGIN)[0])
    order = np.argsort(p)
    steps = p[order] * np.arange(p.size, 0, -1) < 0.05
    result = np.zeros(p.size, dtype=bool)
    result[order] = np.logical_and.accumulate(steps)
    return result


def before(arms: Mapping[str, Floats], baseline: str) -> dict[str, Verdict]:
    """Return the verdicts of the rule before over all seeds."""
    names = [arm for arm in arms if arm != baseline]
    rows = np.stack([arms[arm] - arms[baseline] for arm in names])
    p, equivalent = verdict_p(rows), equivalent_before(rows)
    adjusted = np.maximum.accumulate(np.sort(p) * np.arange(p.size, 0, -1))[np.argsort(np.argsort(p))]
    # An interval that shows just what was found.
    ends = {(True, True): 0.001, (True, False): 0.01, (False, True): 0.0}
    found = {}
    for index, name in enumerate(names):
        end = ends.get((bool(adjusted[index] < 0.05), bool(equivalent[index])))
        signed = (end or 0.0) * float(np.sign(rows[index].mean()))
        found[name] = Verdict.UNDECIDED if end is None else Verdict.of((signed, signed), TEN_SEEDS)
    return found
