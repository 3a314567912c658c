"""Curves for the page: numbers that its script draws, rounded to keep the file small, and a table of the same."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fashion_keras.formatting import one_line
from fashion_keras.reporting.curves import MEASURES, PARTS, Curve, arm_curves, find_outliers
from fashion_keras.reporting.units import ABSENT
from fashion_keras.storage.comparison import ArmResults, ComparisonResults

__all__ = ["build_curves"]

_DIGITS = {"loss": 4, "accuracy": 2}  # nats and per cent
_PART_WORDS = {"train": "Training", "val": "Validation", "test": "Test"}
_MOST_ROWS = 7  # of an arm in the table


def build_curves(results: ComparisonResults) -> dict[str, Any] | None:
    """Return a comparison's curves, or None where no arm has any.

    Returns:
        `data` for the script, and for those who do not see its drawing the means at some epochs: `heads` of the columns
        behind arm and epoch, and `rows` of arm, epoch and texts.
    """
    arms = [arm for arm in results.arms if arm.runs]
    by_metric = {measure: [arm_curves(arm, measure) for arm in arms] for measure in MEASURES}
    metrics = {
        (part, measure): f"{_PART_WORDS[part]} {measure}"
        for measure in reversed(MEASURES)
        for part in reversed(PARTS)
        if any(part in curves for curves in by_metric[measure])
    }
    if not metrics:
        return None
    drawn = [_arm_data(arm, [by_metric[measure][place] for measure in MEASURES]) for place, arm in enumerate(arms)]
    heads = [
        {"key": f"{part}_{measure}", "title": title, "digits": _DIGITS[measure]}
        for (part, measure), title in metrics.items()
    ]
    data = {"metrics": heads, "arms": [arm | {"off": off} for arm, off in zip(drawn, _far_off(by_metric), strict=True)]}
    rows = [
        (arm["name"], epoch, [_text(by_metric[measure][place].get(part), epoch, measure) for part, measure in metrics])
        for place, arm in enumerate(drawn)
        for epoch in _some_epochs(max((len(c.mean) for m in MEASURES for c in by_metric[m][place].values()), default=0))
    ]
    return {"data": data, "heads": list(metrics.values()), "rows": rows}


def _arm_data(arm: ArmResults, curves: Sequence[Mapping[str, Curve]]) -> dict[str, Any]:
    data: dict[str, Any] = {"name": one_line(arm.name), "runs": len(arm.runs)}
    for measure, parts in zip(MEASURES, curves, strict=True):
        for part, curve in parts.items():
            digits = _DIGITS[measure]
            data[f"{part}_{measure}"] = {
                name: _rounded(getattr(curve, name), digits) for name in ("mean", "low", "high")
            }
    return data


def _rounded(values: NDArray[np.float64], digits: int) -> list[float | None]:
    # Six significant digits at most: a loss of a million is about to be none.
    return [float(f"{round(value, digits):.6g}") if math.isfinite(value) else None for value in values.tolist()]


def _far_off(by_metric: Mapping[str, Sequence[Mapping[str, Curve]]]) -> list[bool]:
    """Return which arms are left out at first, as they would flatten the others in one of the two measures."""
    far = np.zeros(len(by_metric["loss"]), dtype=bool)
    for measure, arms in by_metric.items():
        worst = max if measure == "loss" else min
        levels = [worst((c.late_level(measure) for c in curves.values()), default=math.nan) for curves in arms]
        far |= find_outliers(np.array(levels), measure)
    return [bool(one) and not far.all() for one in far]


def _text(curve: Curve | None, epoch: int, measure: str) -> str:
    if curve is None or epoch > len(curve.mean) or not math.isfinite(curve.mean[epoch - 1]):
        return ABSENT
    mean, low, high = (f"{values[epoch - 1]:.{_DIGITS[measure]}f}" for values in (curve.mean, curve.low, curve.high))
    return mean if low == high else f"{mean} [{low}–{high}]"


def _some_epochs(last: int) -> list[int]:
    """Return the first and the last epoch, and some between that thin out towards the end."""
    return sorted({1, last, *(round(last * share) for share in (0.04, 0.1, 0.2, 0.4, 0.7))} - {0})[-_MOST_ROWS:]
