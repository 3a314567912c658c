"""Pairing by seed, and what it gained: a note below the table of differences, and a page over all."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fashion_keras.reporting.rendering import escape_markdown, markdown_table
from fashion_keras.reporting.units import ABSENT, ACCURACY
from fashion_keras.statistics import MIN_SEEDS, pairing_gain, pairing_interval
from fashion_keras.storage.comparison import ComparisonResults

__all__ = ["pairing_note", "pairing_page"]

_Floats = NDArray[np.float64]

_INTRODUCTION = """# What pairing by seed gained

Written by `fashion-keras report`: do not edit. From the test accuracies of the runs in the tables beside this page.
"""

_EXPLANATION = """## How to read this

- **spread**: standard deviation over the seeds, in points: of the arm's accuracies, of the baseline's, and of the
  differences between them, seed by seed.
- **variance saved**: 1 - Var(differences) / (Var(arm) + Var(baseline)). Runs that share no seed would differ with the
  sum of both variances; this share of it goes where arm and baseline are trained on the same seeds. At 50 %, unpaired
  runs would take twice the seeds to know the difference as well; below 0, the pairs went apart, or chance had it so.
- **95 % interval**: of that share, over other draws of seeds. From ten seeds it is wide. It held
  the true share in 93 to 98 % of simulated pairs, normal, skewed and heavy-tailed.

A verdict needs none of this: it rests on the differences alone, whatever the pairing gained.
"""


def _pairs(results: ComparisonResults) -> dict[str, tuple[_Floats, _Floats]]:
    """Return the test accuracies of each arm but the baseline, and of the baseline, on the seeds that both have.

    Returns:
        float64 [seeds] each, fractions; nothing of arms with fewer than five.
    """
    values = results.values
    baseline = values.pop(results.record.baseline, np.empty(0))
    common = {name: min(row.size, baseline.size) for name, row in values.items()}
    return {
        name: (row[: common[name]], baseline[: common[name]])
        for name, row in values.items()
        if common[name] >= MIN_SEEDS
    }


def pairing_note(results: ComparisonResults, shown: Sequence[str]) -> str:
    """Return the footnote on pairing of the arms that are shown, or an empty text with too few seeds."""
    saved = {name: pairing_gain(*pair).saved for name, pair in _pairs(results).items() if name in shown}
    if not saved:
        return ""
    ordered = sorted(saved, key=saved.__getitem__)
    ends = [f"{_percent(saved[name])} % ({name})" for name in (ordered[0], ordered[-1])]
    return (
        f"Pairing by seed saved {' to '.join(dict.fromkeys(ends))} of the variance that the differences of unpaired "
        "runs would have."
    )


def pairing_page(found: Sequence[ComparisonResults]) -> str:
    """Return the page of these comparisons, Markdown; equal results give equal text."""
    titles = ["comparison", "arm", "seeds", "spread of the arm", "of the baseline", "of the differences"]
    rows, saved, intervals = [], [], []
    for results in (each for each in found if each.record.metric.is_share):
        for name, (accuracies, baseline) in _pairs(results).items():
            gain, interval = pairing_gain(accuracies, baseline), pairing_interval(accuracies, baseline)
            spreads = (gain.arm_spread, gain.baseline_spread, gain.difference_spread)
            ends = ABSENT if interval is None else " to ".join(map(_percent, interval))
            head = [results.record.folder, escape_markdown(name), str(accuracies.size)]
            rows.append([*head, *map(ACCURACY.text, spreads), f"{_percent(gain.saved)} ({ends})"])
            saved.append(gain.saved)
            intervals.append(interval)
    summary = _summarise(saved, sum(interval is not None and interval[0] > 0.0 for interval in intervals))
    table = markdown_table([*titles, "variance saved, %"], rows, 2)
    return f"{_INTRODUCTION}\n{summary}\n\n{table}\n{_EXPLANATION}"


def _summarise(saved: Sequence[float], num_above: int) -> str:
    if not saved:
        return f"No comparison has {MIN_SEEDS} seeds of all arms yet."
    return (
        f"Of {len(saved)} arms, counted in each comparison that has them, pairing saved "
        f"{_percent(float(np.median(saved)))} % of the variance in the median, from {_percent(min(saved))} to "
        f"{_percent(max(saved))} %; in {num_above} the interval lies above 0. The spreads are in points."
    )


def _percent(share: float) -> str:
    return str(round(100 * share))
