"""Paired differences of a comparison: each arm against the baseline, seed by seed, with a verdict in words."""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fashion_keras.formatting import count_noun, one_line
from fashion_keras.reporting.findings import collapse_sentence, describe_design, percent
from fashion_keras.reporting.summary import describe_results, examples_of, score_epochs
from fashion_keras.reporting.tables import Cell, Column, Row, Table, difference_cell, interval_fields
from fashion_keras.reporting.units import POINTS, Unit, unit_of
from fashion_keras.results.metrics import TEST_ACCURACY, Metric
from fashion_keras.statistics import (
    MIN_SEEDS,
    BestArms,
    Comparison,
    detectable_difference,
    find_best,
    pairing_gain,
)
from fashion_keras.storage.comparison import ArmResults, ComparisonResults
from fashion_keras.storage.reading import say_once

__all__ = ["Differences", "build_differences", "compare_with_baseline", "describe_power"]

_VERDICT_WIDTH = 16  # of its lines where a table is narrow
_BRACKETS = (
    " In brackets its interval on this test set, at the level by which the arm was judged: it is wider the more arms "
    "are compared and the earlier they are looked at, so that all verdicts of the table hold together."
)


def _make_columns(results: ComparisonResults, unit: Unit, *, has_interval: bool) -> tuple[Column, ...]:
    examples, metric, margin = examples_of(results), results.record.metric, unit.margin(results.record.design.margin)
    difference = f"mean over the seeds of the arm's {metric.text} minus the baseline's on the same seed" + (
        "."
        if results.record.trainers
        else ": same split, same order of batches, same first weights where the layers are alike."
    )
    better, worse = ("above", "below") if metric.higher_is_better else ("below", "above")
    columns = (
        Column("difference", unit.title("difference"), difference + _BRACKETS * has_interval),
        Column(
            "new_images",
            f"on new {examples}, points",
            f"interval of the same difference for another draw of seeds and of test {examples} of the same kind, at "
            f"the same level, by what each run got right. It does not cover other training {examples}, which all runs "
            f"share, nor other kinds of {examples}.",
        ),
        Column(
            "seeds_won",
            "seeds won, %",
            "on how many of the seeds the arm beats the baseline, ties counted half"
            + ("; in brackets the interval of the chance that it does on the next one." if has_interval else "."),
        ),
        Column(
            "verdict",
            "verdict",
            f"read off the interval of the difference: better {better} 0, worse {worse}, equivalent within "
            f"{margin} either way; both is a real difference, but a negligible one; undecided "
            "otherwise, with the number of seeds in all that would likely decide it. On this test set: where the "
            f"interval on new {examples} holds 0.",
        ),
    )
    return columns if metric == TEST_ACCURACY else tuple(column for column in columns if column.key != "new_images")


def compare_with_baseline(results: ComparisonResults) -> tuple[Comparison, ...]:
    """Compare every arm with the baseline by the comparison's metric or score, at the looks of its design.

    Args:
        results: All arms of the comparison, for the corrections are over all of them; runs may be missing.

    Returns:
        One per arm but the baseline; nothing where an arm has no run, or the test set was never evaluated.
    """
    record, correct = results.record, {arm.name: arm for arm in results.arms}
    comparisons = results.comparisons
    if record.score_share:
        return comparisons  # what a run got right is kept of the last epoch alone
    if record.metric != TEST_ACCURACY:  # of others neither what an image adds is known, nor when a run has collapsed
        return tuple(item if item.has_diverged else replace(item, collapse=None) for item in comparisons)
    return tuple(_add_new_images(item, correct[item.arm], correct[record.baseline]) for item in comparisons)


def _add_new_images(comparison: Comparison, arm: ArmResults, baseline: ArmResults) -> Comparison:
    """Return a comparison with its interval on new images; as it is where a run did not keep what it got right."""
    rows = [each.runs[seed].correct for each in (arm, baseline) for seed in range(comparison.num_seeds)]
    kept = [row for row in rows if row is not None]
    if len(kept) < len(rows):
        return comparison
    if len(sizes := sorted({row.size for row in kept})) > 1:
        say_once(
            f"No interval on new examples: runs of {arm.name} and {baseline.name} say of {sizes[0]} to {sizes[-1]} "
            "examples which they got right; the same ones in the same order are needed"
        )
        return comparison
    return comparison.with_correct(*np.split(np.stack(kept), 2))


@dataclass(frozen=True)
class Differences(Table):
    """The table of differences, and the comparisons in its order.

    Attributes:
        best: Which arms may be the best; None where some are not shown, and before the first look.
    """

    comparisons: tuple[Comparison, ...] = ()
    best: BestArms | None = None


def build_differences(results: ComparisonResults, shown: Sequence[str] | None = None) -> Differences | None:
    """Tabulate the paired differences of a comparison, arm by arm.

    Args:
        results: All arms of the comparison.
        shown: Show only these arms; all where None.

    Returns:
        The table, or None where there is nothing to compare yet.
    """
    arms = {arm.name: arm for arm in results.arms}
    comparisons = compare_with_baseline(results)
    chosen = [item for item in comparisons if shown is None or item.arm in shown]
    if not chosen:
        return None
    chosen.sort(key=lambda item: arms[item.arm].record.text_only)
    metric, unit = results.record.metric, unit_of(results)
    is_whole = len(chosen) == len(comparisons)
    return Differences(
        title=f"Against {results.record.baseline}",
        caption=describe_results(results),
        columns=_make_columns(results, unit, has_interval=chosen[0].interval is not None),
        rows=tuple(_build_row(item, arms[item.arm], len(results.seeds), metric, unit) for item in chosen),
        notes=_make_notes(results, chosen, len(comparisons)),
        comparisons=tuple(chosen),
        best=find_best(results.values, chosen) if is_whole else None,
    )


def _make_notes(results: ComparisonResults, chosen: Sequence[Comparison], num_judged: int) -> tuple[str, ...]:
    unit = unit_of(results)
    return (
        f"The verdicts are about {count_noun(num_judged, 'arm')} against one baseline at once, about this "
        f"test set, and about these settings: {_tuning_words(results)}.",
        describe_design(results.record.design, chosen, unit),
        *_score_notes(results),
        *(collapse_sentence(item, unit) for item in chosen if item.collapse),
        *_pairing_notes(results, [item.arm for item in chosen]),
    )


def _score_notes(results: ComparisonResults) -> list[str]:
    if not results.record.score_share:
        return []
    return [
        f"Judged by the mean test accuracy of {score_epochs(results)}, as the experiment declares. There is no interval"
        " on new images: which images a run got right is kept of its last epoch alone."
    ]


def _pairing_notes(results: ComparisonResults, shown: Sequence[str]) -> list[str]:
    values = results.values
    baseline = values.pop(results.record.baseline, np.empty(0))
    common = {name: min(values[name].size, baseline.size) for name in shown if name in values}
    saved = {
        name: pairing_gain(values[name][:number], baseline[:number])
        for name, number in common.items()
        if number >= MIN_SEEDS
    }
    if not saved:
        return []
    ordered = sorted(saved, key=saved.__getitem__)
    ends = dict.fromkeys(f"{round(100 * saved[name])} % ({name})" for name in (ordered[0], ordered[-1]))
    return [
        f"Pairing by seed saved {' to '.join(ends)} of the variance that the differences of unpaired runs would have."
    ]


def _tuning_words(results: ComparisonResults) -> str:
    if results.record.tuning is None:
        return "none was tuned for each arm alike"
    setting = results.record.tuning.setting
    return (
        f"{setting} was tuned for each arm alike, and the verdicts hold for the values picked; nothing else was tuned"
    )


def _build_row(comparison: Comparison, arm: ArmResults, num_seeds: int, metric: Metric, unit: Unit) -> Row:
    cells = [
        difference_cell(comparison.mean_difference, comparison.interval, unit, level=comparison.level),
        Cell((POINTS.span(comparison.new_images),), interval_fields(comparison.new_images)),
        _seeds_won(comparison),
        _verdict(comparison),
    ]
    return Row(
        arm=comparison.arm,
        text_only=arm.record.text_only,
        num_runs=comparison.num_seeds,
        num_diverged=0,
        num_seeds=num_seeds,
        cells=tuple(cells if metric == TEST_ACCURACY else [cells[0], *cells[2:]]),
    )


def _seeds_won(comparison: Comparison) -> Cell:
    interval, share = comparison.seeds_won_interval, comparison.seeds_won
    brackets = (f"({' to '.join(map(percent, interval))})",) if interval else ()
    return Cell((percent(share), *brackets), {"share": share, **interval_fields(interval)})


def _verdict(comparison: Comparison) -> Cell:
    reason = comparison.undecided_because
    lines = [comparison.verdict_text]
    if reason:
        lines.append(f"({reason})")
    if comparison.seeds_to_decide_text:
        lines.append(f"{comparison.seeds_to_decide_text} seeds would likely decide")
    fields = {"text": comparison.verdict_text, "because": reason, "seeds_to_decide": comparison.seeds_to_decide}
    return Cell(tuple(part for line in lines for part in textwrap.wrap(line, _VERDICT_WIDTH)), fields)


def describe_power(results: ComparisonResults) -> list[str]:
    """Return a line for each arm but the baseline: which true difference the planned seeds would likely show.

    Likely is a chance of 80 % at the hardest step of the correction for several arms, see `detectable_difference`. A
    spread known from few seeds is rough, and so is the answer.

    Args:
        results: All arms of the comparison over the planned seeds; runs may be missing.

    Returns:
        Lines for people; none with fewer than two seeds that all arms have, for one shows no spread.
    """
    design = results.record.design
    planned = design.num_seeds
    comparisons = [item for item in compare_with_baseline(results) if np.isfinite(item.standard_deviation)]
    unit = unit_of(results)
    lines = []
    for item in comparisons:
        found = detectable_difference(item.standard_deviation, design, len(comparisons))
        seen = f"spread of {unit.amount(unit.text(item.standard_deviation))} over {item.num_seeds} seeds"
        lines.append(f"{one_line(item.arm)}: {_detectable(found, planned, unit)} ({seen})")
    return lines


def _detectable(difference: float, planned: int, unit: Unit) -> str:
    if math.isinf(difference):
        return f"{count_noun(planned, 'seed')} can show no difference, whatever its size: too few for the arms"
    shown = unit.amount(unit.text(difference))
    return f"{count_noun(planned, 'seed')} would likely show a difference of {shown} or more"
