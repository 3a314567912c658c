"""Verdicts over several data sets: mean differences with an interval for others like them, and average ranks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fashion_keras.statistics.comparison import Comparison, Interval, Verdict
from fashion_keras.statistics.design import LEVEL
from fashion_keras.statistics.intervals import student_critical

__all__ = ["MIN_DATASETS", "OverDatasets", "Ranks", "compare_over_datasets", "rank_arms"]

MIN_DATASETS = 3
"""Fewer are not judged: the interval of two is 18 times as wide as their difference."""


@dataclass(frozen=True)
class OverDatasets:
    """One arm against the baseline over data sets.

    Attributes:
        arm, baseline: their names.
        differences: mean difference on each data set, by its name.
        mean: of them, each data set counted alike.
        standard_deviation: between the data sets, the seeds' noise included; NaN for one.
        interval: of the mean difference over data sets like these, by which the verdict is judged; None for fewer than
            three, and where half of the runs of one diverged.
        verdict: read off the interval.
    """

    arm: str
    baseline: str
    differences: Mapping[str, float]
    mean: float
    standard_deviation: float
    interval: Interval | None
    verdict: Verdict

    @property
    def num_datasets(self) -> int:
        """How many data sets the verdict rests on."""
        return len(self.differences)


def compare_over_datasets(comparisons: Mapping[str, Sequence[Comparison]]) -> tuple[OverDatasets, ...]:
    """Judge each arm over data sets that stand for others like them, by level, margin and direction of the first.

    On data set j an arm differs from the baseline by d_j = mean + (what is particular to j) + (noise of its seeds).
    Student's t on the d_j, all weighted alike, has both noises in its variance. It holds its level where the weights of
    a random-effects analysis, estimated from few seeds, do not (benchmarks/results/over_datasets.md): its chance of a
    false "better" or "worse" was at most 5.2 % in simulated designs of 3 to 15 data sets where Hartung and Knapp's was
    up to 12 %, DerSimonian and Laird's up to 24 %, and that of the seeds alone up to 76 %.

    The level is the chance of any false difference over all arms, shared between them (Bonferroni).

    Args:
        comparisons: for each data set, by its name, every arm with the baseline.

    Returns:
        One per arm that every data set has; none of data sets without a common one.
    """
    tables = [{item.arm: item for item in items} for items in comparisons.values()]
    arms = [arm for arm in (tables[0] if tables else {}) if all(arm in table for table in tables)]
    found = []
    for arm in arms:
        differences = {name: table[arm].mean_difference for name, table in zip(comparisons, tables, strict=True)}
        values = np.array(list(differences.values()))
        is_known = bool(np.isfinite(values).all())
        deviation = float(values.std(ddof=1)) if is_known and values.size > 1 else float("nan")
        design = tables[0][arm].design
        interval = _interval(values, design.level / len(arms)) if is_known and values.size >= MIN_DATASETS else None
        verdict = Verdict.of(interval, design) if interval else Verdict.UNDECIDED
        found.append(
            OverDatasets(arm, tables[0][arm].baseline, differences, float(values.mean()), deviation, interval, verdict)
        )
    return tuple(found)


def _interval(values: NDArray[np.float64], level: float) -> Interval:
    half_width = student_critical(values.size, 1.0 - level) * values.std(ddof=1) / np.sqrt(values.size)
    return float(values.mean() - half_width), float(values.mean() + half_width)


@dataclass(frozen=True)
class Ranks:
    """Ranks of arms, averaged over data sets.

    Attributes:
        average: of each arm, by its name; 1 is best, ties share.
        p: of Friedman's test that all arms are alike.
        critical_difference: average ranks that differ by less are not told apart.
        groups: arms that are not told apart, the largest such sets, best first.
    """

    average: Mapping[str, float]
    p: float
    critical_difference: float
    groups: tuple[tuple[str, ...], ...]


def rank_arms(means: Mapping[str, ArrayLike], level: float = LEVEL, *, higher_is_better: bool = True) -> Ranks:
    """Rank three or more arms over data sets, with Nemenyi's critical difference.

    Source: Demsar 2006, Statistical Comparisons of Classifiers over Multiple Data Sets: q / sqrt(2) of the studentized
    range, times sqrt(k (k + 1) / (6 N)) for k arms on N data sets.

    Args:
        means: of each arm, float [data sets], in the same order of data sets; at least three arms and data sets.
        level: of the critical difference.
        higher_is_better: False for a loss.

    Raises:
        ValueError: for fewer arms or data sets.
    """
    from scipy import stats  # takes half a second to load

    table = np.array([np.asarray(row, dtype=np.float64) for row in means.values()])
    if table.ndim != 2 or min(table.shape) < MIN_DATASETS:
        raise ValueError(f"ranks need at least 3 arms on 3 data sets, got an array of shape {table.shape}")
    k, n = table.shape
    ranks = stats.rankdata(-table if higher_is_better else table, axis=0).mean(axis=1)
    average = dict(sorted(zip(means, map(float, ranks), strict=True), key=lambda item: item[1]))
    p = float(stats.friedmanchisquare(*table).pvalue) if np.ptp(table, axis=0).any() else 1.0
    difference = float(stats.studentized_range.ppf(1 - level, k, np.inf) / np.sqrt(2) * np.sqrt(k * (k + 1) / (6 * n)))
    return Ranks(average, p, difference, _groups(average, difference))


def _groups(average: Mapping[str, float], difference: float) -> tuple[tuple[str, ...], ...]:
    """Return the runs of neighbours within the critical difference that no longer one contains."""
    arms = list(average)
    runs = [
        (i, j)
        for i, j in combinations(range(len(arms) + 1), 2)
        if average[arms[j - 1]] - average[arms[i]] <= difference
    ]
    largest = [run for run in runs if not any(a <= run[0] and run[1] <= b and (a, b) != run for a, b in runs)]
    return tuple(tuple(arms[i:j]) for i, j in largest)
