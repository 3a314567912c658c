"""Pairing by seed, and what it gained: a note below the table of differences, and a page over all."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fashion_keras.reporting.rendering import escape_markdown, markdown_table
from fashion_keras.reporting.units import ABSENT
from fashion_keras.statistics import MIN_SEEDS, PairingGain, pairing_gain, pairing_interval
from fashion_keras.storage.comparison import ComparisonResults

_POINTS = 100
_SPREADS = ("spread of the arm", "of the baseline", "of the differences")

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


@dataclass(frozen=True, eq=False)
class ArmPairing:
    """One arm beside its baseline.

    Attributes:
        arm: Its name.
        accuracies: Its final test accuracies, float64 [seeds], fractions.
        baseline: Those of the baseline on the same seeds.
    """

    arm: str
    accuracies: NDArray[np.float64]
    baseline: NDArray[np.float64]

    @cached_property
    def gain(self) -> PairingGain:
        """Spreads, and the variance that pairing saved."""
        return pairing_gain(self.accuracies, self.baseline)

    @cached_property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval of the variance saved, or None."""
        return pairing_interval(self.accuracies, self.baseline)


def measure_pairing(results: ComparisonResults) -> tuple[ArmPairing, ...]:
    """Measure each arm but the baseline over the seeds that both have; none with fewer than five."""
    values = results.accuracies
    baseline = values.pop(results.record.baseline, np.empty(0))
    common = {name: min(row.size, baseline.size) for name, row in values.items()}
    return tuple(
        ArmPairing(name, row[: common[name]], baseline[: common[name]])
        for name, row in values.items()
        if common[name] >= MIN_SEEDS
    )


def pairing_note(results: ComparisonResults, shown: Sequence[str]) -> str:
    """Return the footnote on pairing of the arms that are shown, or an empty text with too few seeds."""
    found = [item for item in measure_pairing(results) if item.arm in shown]
    if not found:
        return ""
    ordered = sorted(found, key=lambda item: item.gain.saved)
    ends = [f"{_percent(item.gain.saved)} % ({item.arm})" for item in (ordered[0], ordered[-1])]
    saved = " to ".join(dict.fromkeys(ends))
    return f"Pairing by seed saved {saved} of the variance that the differences of unpaired runs would have."


def pairing_page(found: Sequence[ComparisonResults]) -> str:
    """Return the page of these comparisons, Markdown; equal results give equal text."""
    measured = {results.record.folder: measure_pairing(results) for results in found}
    titles = ["comparison", "arm", "seeds", *_SPREADS, "variance saved, %"]
    rows = [_row(name, item) for name, items in measured.items() for item in items]
    return f"{_INTRODUCTION}\n{_summary(measured)}\n\n{markdown_table(titles, rows, 2)}\n{_EXPLANATION}"


def _summary(measured: dict[str, tuple[ArmPairing, ...]]) -> str:
    everything = [item for items in measured.values() for item in items]
    if not everything:
        return f"No comparison has {MIN_SEEDS} seeds of all arms yet."
    saved = [item.gain.saved for item in everything]
    known = [item for item in everything if item.interval and item.interval[0] > 0.0]
    return (
        f"Of {len(everything)} arms, pairing saved {_percent(float(np.median(saved)))} % of the variance in the "
        f"median, from {_percent(min(saved))} to {_percent(max(saved))} %; in {len(known)} the interval lies above 0. "
        "The spreads are in points."
    )


def _row(name: str, item: ArmPairing) -> list[str]:
    gain = item.gain
    spreads = [f"{_POINTS * spread:.2f}" for spread in (gain.arm_spread, gain.baseline_spread, gain.difference_spread)]
    interval = ABSENT if item.interval is None else " to ".join(_percent(end) for end in item.interval)
    saved = f"{_percent(gain.saved)} ({interval})"
    seeds = str(item.accuracies.size)
    return [name, escape_markdown(item.arm), seeds, *spreads, saved]


def _percent(share: float) -> str:
    return str(round(100 * share))
