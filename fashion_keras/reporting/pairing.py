"""What pairing by seed gained and how skewed the differences are: a note below their table, and a page over all."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fashion_keras.reporting.cells import ABSENT
from fashion_keras.reporting.pairs import paired_accuracies
from fashion_keras.reporting.rendering import escape_markdown
from fashion_keras.statistics import PairingGain, pairing_gain, pairing_interval
from fashion_keras.statistics.old import MIN_SEEDS, skewness
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
- **95 % interval**: of that share, over other draws of seeds. From ten seeds it is wide. See
  `docs/skew-evidence.md` for how often it holds the true one.
- **skew**: of the differences, 0 if they are symmetric, 2 for exponential ones, below 0 with a long tail of low ones
  (coefficient G1). Ten seeds know it roughly, show no more than 3.16, and too little of a strong one. The verdicts'
  p-values count on little of it: see the same page for what they do at these skews.

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

    @cached_property
    def skew(self) -> float:
        """Skewness of the paired differences."""
        return skewness(self.accuracies - self.baseline)


def measure_pairing(results: ComparisonResults) -> tuple[ArmPairing, ...]:
    """Measure each arm but the baseline over the seeds that all arms have; nothing with fewer than six."""
    values = paired_accuracies(results)
    baseline = values.get(results.record.baseline, np.empty(0))
    if baseline.size < MIN_SEEDS:
        return ()
    return tuple(ArmPairing(name, row, baseline) for name, row in values.items() if name != results.record.baseline)


def most_skewed(found: Sequence[ArmPairing]) -> ArmPairing:
    """Return the arm whose differences are the most skewed, to either side."""
    return max(found, key=lambda item: abs(item.skew))


def pairing_note(results: ComparisonResults, shown: Sequence[str]) -> str:
    """Return the footnote on pairing and skew of the arms that are shown, or an empty text with too few seeds."""
    found = [item for item in measure_pairing(results) if item.arm in shown]
    if not found:
        return ""
    ordered = sorted(found, key=lambda item: item.gain.saved)
    ends = [f"{_percent(item.gain.saved)} % ({item.arm})" for item in (ordered[0], ordered[-1])]
    saved = " to ".join(dict.fromkeys(ends))
    skewed = most_skewed(found)
    return (
        f"Pairing by seed saved {saved} of the variance that the differences of unpaired runs would have. The most "
        f"skewed differences are those of {skewed.arm}: {skewed.skew:+.2f}, where 0 is symmetric."
    )


def pairing_page(found: Sequence[ComparisonResults]) -> str:
    """Return the page of these comparisons, Markdown; equal results give equal text."""
    measured = {results.record.folder: measure_pairing(results) for results in found}
    titles = ["comparison", "arm", "seeds", *_SPREADS, "variance saved, %", "skew"]
    rows = [_row(name, item) for name, items in measured.items() for item in items]
    lines = [titles, ["---", "---", *["---:"] * (len(titles) - 2)], *rows]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f"{_INTRODUCTION}\n{_summary(measured)}\n\n{table}\n\n{_EXPLANATION}"


def _summary(measured: dict[str, tuple[ArmPairing, ...]]) -> str:
    everything = [item for items in measured.values() for item in items]
    if not everything:
        return f"No comparison has {MIN_SEEDS} seeds of all arms yet."
    saved = [item.gain.saved for item in everything]
    known = [item for item in everything if item.interval and item.interval[0] > 0.0]
    lines = [
        f"Of {len(everything)} arms, pairing saved {_percent(float(np.median(saved)))} % of the variance in the "
        f"median, from {_percent(min(saved))} to {_percent(max(saved))} %; in {len(known)} the interval lies above 0. "
        "The spreads are in points.",
        "",
        "The largest skew of each comparison's differences:",
        "",
    ]
    for name, items in measured.items():
        if items:
            item = most_skewed(items)
            lines.append(f"- {name}: **{item.skew:+.2f}** ({escape_markdown(item.arm)})")
    return "\n".join(lines)


def _row(name: str, item: ArmPairing) -> list[str]:
    gain = item.gain
    spreads = [f"{_POINTS * spread:.2f}" for spread in (gain.arm_spread, gain.baseline_spread, gain.difference_spread)]
    interval = ABSENT if item.interval is None else " to ".join(_percent(end) for end in item.interval)
    saved = f"{_percent(gain.saved)} ({interval})"
    seeds = str(item.accuracies.size)
    return [name, escape_markdown(item.arm), seeds, *spreads, saved, f"{item.skew:+.2f}"]


def _percent(share: float) -> str:
    return str(round(100 * share))
