"""Parts of claims out of finished comparisons: an arm is named `COMPARISON/ARM`, and arms are paired by seed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from fashion_keras.claims.definition import ClaimVerdict, Part, Unit
from fashion_keras.claims.measures import (
    Array,
    change_since,
    gap_growth,
    judge_above,
    judge_below,
    judge_within,
    lowest_epochs,
    noise,
    spread_between,
)
from fashion_keras.statistics import MARGIN
from fashion_keras.storage.comparison import ArmResults, ComparisonResults

__all__ = [
    "GAP", "GAP_GROWTH", "NOISE", "POINT", "TEST_ACCURACY", "TEST_LOSS", "VAL_ACCURACY", "Quantity", "alike",
    "arm_code", "at_least", "falls_after_minimum", "higher", "lower", "narrower_spread", "rises_after_minimum", "shown",
]  # fmt: skip

Found = Mapping[str, ComparisonResults]
"""Finished comparisons by their names."""

POINT = 0.01
"""A percentage point, as accuracies are kept."""

MIN_EPOCHS = 6
"""Fewer leave no two changes in the second half of a curve."""

_LIMITS = {Unit.POINTS: (-1.0, 1.0), Unit.PERCENT: (0.0, 1.0)}
"""Of what accuracies and their differences can be."""


@dataclass(frozen=True)
class Quantity:
    """Something measured of every run of an arm: its name, its unit, and how it is computed, float64 [runs]."""

    words: str
    unit: Unit
    of: Callable[[ArmResults], Array]


def _noise_of(arm: ArmResults) -> Array:
    losses = arm.histories("val_loss")
    if losses.shape[1] < MIN_EPOCHS:
        return np.full(len(losses), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log(noise(losses)))


def _gap_growth_of(arm: ArmResults, since_epoch: int = 30) -> Array:
    validation, training = arm.histories("val_loss"), arm.histories("train_loss")
    if validation.shape[1] <= since_epoch:
        return np.full(len(validation), np.nan)
    return gap_growth(validation, training, since_epoch)


TEST_ACCURACY = Quantity("test accuracy", Unit.POINTS, lambda arm: arm.finals("test_accuracy"))
VAL_ACCURACY = Quantity("validation accuracy", Unit.POINTS, lambda arm: arm.finals("val_accuracy"))
TEST_LOSS = Quantity("test loss", Unit.LOSS, lambda arm: arm.finals("test_loss"))
GAP = Quantity("final gap", Unit.LOSS, lambda arm: arm.finals("val_loss") - arm.finals("train_loss"))
GAP_GROWTH = Quantity("growth of the gap after epoch 30", Unit.LOSS, _gap_growth_of)
NOISE = Quantity("noise of the validation loss", Unit.RATIO, _noise_of)


def higher(found: Found, quantity: Quantity, first: str, second: str, by: float = 0.0) -> Part:
    """Judge of what was `found` "`quantity` of `first` is higher than that of `second`", by more than `by`."""
    relation = f"above {arm_code(second)}{_by(by)}"
    return _difference(found, quantity, (first, second), relation, partial(judge_above, bound=by))


def lower(found: Found, quantity: Quantity, first: str, second: str, by: float = 0.0) -> Part:
    """Judge of what was `found` "`quantity` of `first` is lower than that of `second`", by more than `by`."""
    relation = f"below {arm_code(second)}{_by(by)}"
    return _difference(found, quantity, (first, second), relation, partial(judge_below, bound=-by))


def alike(found: Found, quantity: Quantity, first: str, second: str, margin: float) -> Part:
    """Judge of what was `found` "`quantity` of `first` and `second` differs by less than `margin`"."""
    relation = f"within {100 * margin:g} points of {arm_code(second)}"
    return _difference(found, quantity, (first, second), relation, partial(judge_within, margin=margin))


def at_least(found: Found, quantity: Quantity, name: str, bound: float) -> Part:
    """Judge of what was `found` "the mean `quantity` of the arm `name` is at least `bound`", a fraction."""
    words = f"mean {quantity.words} of {arm_code(name)} at least {100 * bound:g} %"
    return _part(
        found, words, Unit.PERCENT, (name,), lambda arms, seeds: judge_above(quantity.of(arms[0]), bound, seeds)
    )


def rises_after_minimum(found: Found, name: str) -> Part:
    """Judge "validation loss rises after the epoch of its lowest mean"."""
    words = f"validation loss of {arm_code(name)} rises after its lowest mean"
    return _part(found, words, Unit.LOSS, (name,), lambda arms, seeds: judge_above(_since(arms[0], "val"), 0, seeds))


def falls_after_minimum(found: Found, name: str) -> Part:
    """Judge "training loss falls after the epoch of the lowest mean validation loss"."""
    words = f"training loss of {arm_code(name)} falls after that epoch"
    return _part(found, words, Unit.LOSS, (name,), lambda arms, seeds: judge_below(_since(arms[0], "train"), 0, seeds))


def narrower_spread(found: Found, words: str, first: Sequence[str], second: Sequence[str]) -> Part:
    """Judge of what was `found` "the test accuracies of the `first` arms spread less than those of the `second`".

    It goes seed by seed; `words` say it.
    """

    def judge(arms: Sequence[ArmResults], planned: int) -> Part:
        accuracies = np.stack([arm.finals("test_accuracy") for arm in arms])
        spreads = spread_between(accuracies[: len(first)]) - spread_between(accuracies[len(first) :])
        return judge_below(spreads, 0.0, planned)

    return _part(found, words, Unit.POINTS, (*first, *second), judge)


def shown(part: Part) -> Part:
    """Return a part that is shown, not judged."""
    return replace(part, verdict=None)


def _difference(
    found: Found, quantity: Quantity, names: tuple[str, str], relation: str, judge: Callable[..., Part]
) -> Part:
    def judge_pair(arms: Sequence[ArmResults], planned: int) -> Part:
        with np.errstate(invalid="ignore"):
            return judge(quantity.of(arms[0]) - quantity.of(arms[1]), planned_seeds=planned)

    part = _part(found, f"{quantity.words}: {arm_code(names[0])} {relation}", quantity.unit, names, judge_pair)
    is_open = part.verdict is ClaimVerdict.UNDECIDED and part.unit is Unit.POINTS and part.interval is not None
    if is_open and max(map(abs, part.interval or ())) < MARGIN:
        return replace(part, because=f"equivalent within {100 * MARGIN:g} points, neither is shown to be above")
    return part


def _part(
    found: Found, words: str, unit: Unit, names: Sequence[str], judge: Callable[[Sequence[ArmResults], int], Part]
) -> Part:
    """Find the arms, keep the seeds that all of them have, and judge."""
    arms = {name: arm for name in names if (arm := _find(found, name))}
    if missing := [name for name in names if name not in arms]:
        return Part(words, ClaimVerdict.UNDECIDED, f"not run: {', '.join(missing)}", unit)
    seeds = sorted(set.intersection(*(set(arm.runs) for arm in arms.values())))
    planned = max(len(found[name.split("/")[0]].seeds) for name in names)
    if not seeds:
        return Part(words, ClaimVerdict.UNDECIDED, "no seed that all arms have", unit)
    paired = [ArmResults(arm.record, {seed: arm.runs[seed] for seed in seeds}) for arm in arms.values()]
    part = replace(judge(paired, planned), words=words, unit=unit, num_seeds=len(seeds))
    if part.interval is None or unit not in _LIMITS:
        return part
    low, high = np.clip(part.interval, *_LIMITS[unit]).tolist()
    return replace(part, interval=(low, high))


def _find(found: Found, name: str) -> ArmResults | None:
    comparison, arm_name = name.split("/")
    arms = found[comparison].arms if comparison in found else ()
    return next((arm for arm in arms if arm.name == arm_name and arm.runs), None)


def _since(arm: ArmResults, which: str) -> Array:
    return change_since(arm.histories(f"{which}_loss"), lowest_epochs(arm.histories("val_loss")))


def arm_code(name: str) -> str:
    """Return `ARM`, in Markdown's code, of `COMPARISON/ARM`."""
    return f"`{name.split('/')[1]}`"


def _by(by: float) -> str:
    return f" by more than {100 * by:g} {'point' if by == POINT else 'points'}" if by else ""
