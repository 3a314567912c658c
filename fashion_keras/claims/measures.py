"""Measures of claims: pure functions of arrays, one row per run, one column per epoch."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fashion_keras.claims.definition import ClaimVerdict, Part
from fashion_keras.statistics import LEVEL, MeanInference, median_interval, sign_test_p

__all__ = [
    "MIN_SEEDS", "Array", "change_since", "gap_growth", "judge_above", "judge_below", "judge_median_above",
    "judge_median_below", "judge_within", "lowest_epochs", "noise", "spread_between",
]  # fmt: skip

Array = NDArray[np.float64]

MIN_SEEDS = 6
"""Of which a claim is judged, and rounds of timing runs: so few of a sign test can reach the level, and no fewer."""


_REMEDY = ": `fashion-keras run all --fixed` with another --out trains all, whatever is decided early"


def noise(losses: Array) -> Array:
    """Return how much each curve zig-zags, float64 [runs]: the spread of its changes from epoch to epoch.

    The standard deviation of the changes within the second half of the epochs, where a steady slope adds nothing.

    Args:
        losses: float64 [runs, epochs], at least six epochs.
    """
    changes = np.diff(losses[:, losses.shape[1] // 2 :], axis=1)
    return np.asarray(changes.std(axis=1, ddof=1))


def gap_growth(validation: Array, training: Array, since_epoch: int) -> Array:
    """Return by how much `validation` minus `training` loss, [runs, epochs], grows since `since_epoch` (from 1)."""
    gap = validation - training
    return np.asarray(gap[:, -1] - gap[:, since_epoch - 1])


def lowest_epochs(losses: Array) -> NDArray[np.int_]:
    """Return for each run the column where the mean of the OTHER runs is lowest, int [runs].

    Were a run itself asked where it is lowest, it would rise afterwards by chance alone.
    """
    others = losses.sum(axis=0) - losses
    return np.asarray(np.argmin(others, axis=1))


def change_since(curves: Array, columns: NDArray[np.int_]) -> Array:
    """Return each curve's last value minus that in its column, float64 [runs]."""
    return np.asarray(curves[:, -1] - curves[np.arange(len(curves)), columns])


def spread_between(arms: Array) -> Array:
    """Return per seed the standard deviation between the arms, float64 [runs], of float64 [arms, runs]."""
    return np.asarray(arms.std(axis=0, ddof=1))


def judge_above(samples: Array, bound: float = 0.0, planned_seeds: int = MIN_SEEDS) -> Part:
    """Judge "the mean is above `bound`" of `samples`, one per seed, of which `planned_seeds` must be there.

    Supported where the whole interval lies above it, refuted where it lies below; p is below 0.05 exactly then.
    """
    if early := _unmeasurable(samples, planned_seeds):
        return early
    inference = MeanInference.of(samples[None])
    p = float(inference.p_different(bound)[0])
    return _judge(inference, p if inference.mean[0] > bound else 1.0, p if inference.mean[0] <= bound else 1.0, p)


def judge_below(samples: Array, bound: float = 0.0, planned_seeds: int = MIN_SEEDS) -> Part:
    """Judge "the mean is below `bound`"; the arguments are those of `judge_above`."""
    return _mirror(judge_above(-samples, -bound, planned_seeds))


def judge_within(samples: Array, margin: float, planned_seeds: int = MIN_SEEDS) -> Part:
    """Judge "the mean of `samples` is less than `margin` from 0", as `judge_above` does, with `planned_seeds`.

    By two one-sided tests; refuted where it is shown to be farther.
    """
    if early := _unmeasurable(samples, planned_seeds):
        return early
    inference = MeanInference.of(samples[None])
    within = float(max(inference.p_above(-margin)[0], inference.p_below(margin)[0]))
    beyond = float(min(1.0, 2.0 * min(inference.p_above(margin)[0], inference.p_below(-margin)[0])))
    return _judge(inference, within, beyond, within)


def judge_median_above(samples: Array) -> Part:
    """Judge "the median is above 0" of a row of numbers, one per round of timing runs; none is undecided.

    p and interval are the sign test's, see `statistics.medians`: of six to eight rounds all must agree.
    """
    median = float(np.median(samples)) if samples.size else None
    if median is None or samples.size < MIN_SEEDS:
        return Part("", ClaimVerdict.UNDECIDED, f"fewer than {MIN_SEEDS} rounds", estimate=median)
    p = sign_test_p(samples)
    verdict, because = ClaimVerdict.UNDECIDED, "not enough evidence"
    if p < LEVEL:
        verdict, because = (ClaimVerdict.SUPPORTED if median > 0 else ClaimVerdict.REFUTED), ""
    return Part("", verdict, because, estimate=median, interval=median_interval(samples), p=p)


def judge_median_below(samples: Array) -> Part:
    """Judge "the median is below 0", as `judge_median_above` does."""
    return _mirror(judge_median_above(-samples))


def _mirror(part: Part) -> Part:
    """Return what is said of the numbers when this was said of them with the other sign."""
    estimate = None if part.estimate is None else -part.estimate
    interval = None if part.interval is None else (-part.interval[1], -part.interval[0])
    return replace(part, estimate=estimate, interval=interval)


def _judge(inference: MeanInference, p_holds: float, p_contrary: float, shown: float) -> Part:
    low, high = inference.interval()
    verdict, because = ClaimVerdict.UNDECIDED, "not enough evidence"
    if p_holds < LEVEL:
        verdict, because = ClaimVerdict.SUPPORTED, ""
    elif p_contrary < LEVEL:
        verdict, because, shown = ClaimVerdict.REFUTED, "", p_contrary
    interval = float(low[0]), float(high[0])
    return Part("", verdict, because, estimate=float(inference.mean[0]), interval=interval, p=shown)


def _unmeasurable(samples: Array, planned_seeds: int) -> Part | None:
    if samples.size < MIN_SEEDS:
        return Part("", ClaimVerdict.UNDECIDED, f"fewer than {MIN_SEEDS} seeds{_REMEDY}")
    if samples.size < planned_seeds:
        return Part("", ClaimVerdict.UNDECIDED, f"planned seeds not done{_REMEDY}")
    if not np.isfinite(samples).all():
        count = int((~np.isfinite(samples)).sum())
        return Part("", ClaimVerdict.UNDECIDED, f"cannot be measured in {count} of {samples.size} seeds (diverged?)")
    return None
