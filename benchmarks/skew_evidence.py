"""Measures what the verdicts do at the skews of the published differences, and how good the interval of pairing is.

Run:   python -m benchmarks.skew_evidence
Cost:  about a minute. Seeded: a second run on the same published runs writes the same files.

Continues docs/statistics-evidence.md, which needs no runs: the skews here are those of experiments/. Writes
docs/skew-evidence.md, and what the footnote of the differences' table says of it into the package.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rule_before import false_verdicts
from benchmarks.statistics_evidence import (
    DISTRIBUTIONS,
    Floats,
    gamma,
    markdown,
    percent,
    share,
)
from fashion_keras.reporting import measure_pairing, most_skewed
from fashion_keras.statistics import pairing_interval
from fashion_keras.statistics.old import FalseVerdicts, skewness
from fashion_keras.workflows.report import load_published

ROOT = Path(__file__).parents[1]
OUTPUT = ROOT / "docs" / "skew-evidence.md"
MEASURED = ROOT / "fashion_keras" / "statistics" / "old" / "measured.json"
NUM_SEEDS, NUM_TABLES = 10, 2_000
MOST_ARMS = 5
"""Of a published comparison, beside its baseline: the footnote speaks of such a table."""


def published_skews(folder: Path = ROOT / "experiments") -> dict[str, tuple[str, int, float]]:
    """Return for each published comparison the arm whose differences are most skewed, the number of arms, the skew."""
    skews = {}
    for results in load_published(folder):
        measured = measure_pairing(results)
        largest = most_skewed(measured)
        skews[results.record.name] = (largest.arm, len(measured), largest.skew)
    return skews


def sample_skews(skew: float, num_samples: int = 4_000) -> Floats:
    """Return the skewness that ten numbers of a gamma distribution of some skew show, float64 [num_samples]."""
    samples = gamma(skew)(np.random.default_rng(20), (num_samples, NUM_SEEDS))
    return np.array([skewness(row) for row in samples])


def likely_skew(shown: float) -> float:
    """Return the skew of a gamma distribution of which ten numbers show `shown` in the median, to a tenth."""
    candidates = np.arange(0.1, 20.05, 0.1)
    low, high = 0, len(candidates) - 1
    while low < high:
        middle = (low + high) // 2
        if np.median(sample_skews(candidates[middle])) < shown:
            low = middle + 1
        else:
            high = middle
    return round(float(candidates[low]), 1)


@cache
def false_at(skew: float, num_arms: int) -> Any:
    """Return, per simulated table without any difference, whether it shows one; bool [NUM_TABLES]."""
    return false_verdicts(gamma(abs(skew)), num_arms, NUM_TABLES, [21, num_arms, round(1_000 * abs(skew))])


def measure(skews: Mapping[str, tuple[str, int, float]]) -> FalseVerdicts:
    """Return what the footnote of the differences' table says."""
    comparison = max(skews, key=lambda name: abs(skews[name][2]))
    arm, _, skew = skews[comparison]
    likely = likely_skew(abs(skew))
    normal = false_verdicts(DISTRIBUTIONS["normal"], MOST_ARMS, 4_000, [5, MOST_ARMS, 0])  # as there
    return FalseVerdicts(
        num_arms=MOST_ARMS,
        num_seeds=NUM_SEEDS,
        normal=float(normal.mean()),
        largest_skew=round(skew, 4),
        arm=arm,
        comparison=comparison,
        at_largest_skew=float(false_at(skew, MOST_ARMS).mean()),
        likely_skew=likely,
        at_likely_skew=float(false_at(likely, MOST_ARMS).mean()),
    )


def skews_table(skews: Mapping[str, tuple[str, int, float]]) -> str:
    rows = [
        [name, arm, f"{skew:+.2f}", num_arms, share(false_at(skew, num_arms))]
        for name, (arm, num_arms, skew) in skews.items()
    ]
    return markdown(["comparison", "most skewed arm", "skew", "arms", "false verdicts, %"], rows)


def largest_table(known: FalseVerdicts) -> str:
    rows = []
    for skew in (abs(known.largest_skew), known.likely_skew):
        shown = np.quantile(sample_skews(skew), [0.05, 0.5, 0.95])
        seen = f"{shown[1]:.2f} ({shown[0]:.2f} to {shown[2]:.2f})"
        rows.append([f"gamma, skew {skew:.2f}", seen, *(share(false_at(skew, arms)) for arms in (1, 3, 5))])
    return markdown(["differences", "skew that ten of them show", "1 arm", "3 arms", "5 arms"], rows)


# Two arms over ten seeds with a part in common. Mean 0, spread 1 and a true share saved of `common` at equal spreads.


def draw_pairs(name: str, common: float, ratio: float, size: tuple[int, int], seed: list[int]) -> tuple[Floats, Floats]:
    """Draw arm and baseline, float64 [samples, seeds] each, the arm's spread `ratio` times the baseline's."""
    rng, draw = np.random.default_rng(seed), DISTRIBUTIONS[name]
    shared = np.sqrt(common) * draw(rng, size)
    arm, baseline = (shared + np.sqrt(1.0 - common) * draw(rng, size) for _ in range(2))
    return ratio * arm, baseline


def pairing_coverage(name: str, common: float, ratio: float, num_samples: int = 1_000) -> Any:
    """Return whether the interval of the variance saved holds the true share, bool [num_samples]."""
    truth = 2.0 * ratio * common / (1.0 + ratio**2)
    arms, baselines = draw_pairs(name, common, ratio, (num_samples, NUM_SEEDS), [22, round(100 * common), round(ratio)])
    held = []
    for arm, baseline in zip(arms, baselines, strict=True):
        low, high = pairing_interval(arm, baseline) or (-1.0, 1.0)
        held.append(low <= truth <= high)
    return np.array(held)


def pairing_table() -> str:
    settings = ((0.0, 1.0), (0.5, 1.0), (0.9, 1.0), (0.5, 3.0))
    names = ("normal", "gamma, skew 1", "exponential, skew 2", "t, 3 degrees", "1 in 10 off by 4 spreads, skew 1.2")
    rows = [[name, *(percent(pairing_coverage(name, *setting)) for setting in settings)] for name in names]
    heads = [
        f"{common:.0%} in common" + (f", spreads 1 to {ratio:g}" if ratio > 1.0 else "") for common, ratio in settings
    ]
    return markdown(["parts", *heads], rows)


def document(skews: Mapping[str, tuple[str, int, float]], known: FalseVerdicts) -> str:
    return f"""# What skew does to the verdicts, and how well the gain of pairing is known

Written by `python -m benchmarks.skew_evidence`: do not edit. Continues [statistics-evidence.md](statistics-evidence.md)
with the skews of the published differences ([pairing.md](../experiments/pairing.md)). Simulated data of known truth,
fixed seeds; brackets hold 95 % binomial intervals.

## False verdicts at the skews of the published differences

The most skewed differences of each published comparison (coefficient G1 of ten), and the share of {NUM_TABLES:,}
simulated tables of as many arms without any difference in which at least one arm was called better or worse, all
differences being gamma of that skew. It should be 5 at most.

{skews_table(skews)}
The largest, {known.largest_skew:+.2f}, is that of {known.arm} in {known.comparison}. Ten numbers show too little of a
strong skew, and never more than {np.sqrt(NUM_SEEDS):.2f}: the second line is the skew of which ten numbers show this in
the median. In the second column the median, and in brackets what 90 of 100 samples show.

{largest_table(known)}
Of a table's arms, only the skewed ones err so often; the skew of one arm with a few failed runs is not its neighbours'.
Nor is a gamma distribution what such an arm has: runs that train or do not make two heaps.

## The interval of the variance saved by pairing

Coverage, which should be 95, of 1,000 simulated pairs of arms over ten seeds. Arm and baseline are sums of a part in
common and one of their own, both of the kind in the first column; with equal spreads, pairing truly saves the share in
common.

{pairing_table()}"""


def main() -> None:
    skews = published_skews()
    known = measure(skews)
    OUTPUT.write_text(document(skews, known), encoding="utf-8")
    MEASURED.write_text(json.dumps(vars(known), indent=1) + "\n", encoding="utf-8")
    print(f"wrote {OUTPUT} and {MEASURED}")


if __name__ == "__main__":
    main()
