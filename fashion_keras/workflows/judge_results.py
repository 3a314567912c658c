"""Judgement of results made elsewhere: read, match by seed, compare, and say what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fashion_keras.config.catalogue import suggesting
from fashion_keras.errors import ResultsError
from fashion_keras.formatting import count_noun, print_plain
from fashion_keras.reporting.findings import collapse_sentence, margin_sentence
from fashion_keras.reporting.gates import Gate
from fashion_keras.reporting.judgement import DatasetJudgement, Judgement
from fashion_keras.reporting.units import Unit
from fashion_keras.results import (
    ArmScores,
    MatchedArms,
    Metric,
    Scores,
    Selection,
    extract_scores,
    match_arms,
    read_results,
)
from fashion_keras.statistics import MARGIN, Comparison, mark_diverged, pairing_gain
from fashion_keras.statistics.design import MIN_SEEDS
from fashion_keras.statistics.judged import JudgedArms, judge_arms

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["judge", "print_judgement"]

_MOST_SEEDS_LOOKED_AT = 500  # the levels of repeated looks are integrated seed by seed


@suggesting
def judge(
    results: Any,
    *,
    arm: str | Sequence[str] | None = None,
    seed: str | None = None,
    metric: str | None = None,
    baseline: str | float | None = None,
    dataset_column: str | None = None,
    higher_is_better: bool | None = None,
    margin: float | None = None,
    looked_at: int | Sequence[int] = (),
) -> Judgement:
    """Judge results of any training code: which arm is better than the baseline, by how much, and is it real?

    Runs that share seeds are compared in pairs, others unpaired (Welch). One look at all of them, unless others are
    counted; the chance of any false "better" or "worse" is 5 % for each data set.

    Args:
        results: A path (CSV, JSON lines, Parquet, a folder of TensorBoard logs), a frame, a mapping from names to
            columns, or a list of mappings. A row a run, or a column for each arm or seed.
        arm, seed, metric, dataset_column: Columns; found by their usual names where None, and `taken` says which. Arms
            may be named by several: `["optimizer", "width"]`.
        baseline: The arm that the others are compared with; where None, the one named like one, or else the first.
        higher_is_better: Direction of the metric; by its name where None.
        margin: Of equivalence, in the unit of the table; 0.2 points for shares where None, none for other metrics.
        looked_at: Numbers of seeds at which the same comparison was judged before.

    Raises:
        ResultsError: What is needed is not there; in one line that names the place and the remedy.

    >>> rows = {"arm": ["sgd"] * 5 + ["adam"] * 5, "seed": [*range(5)] * 2}
    >>> rows["accuracy"] = [0.88, 0.87, 0.88, 0.89, 0.88, 0.90, 0.89, 0.90, 0.92, 0.90]
    >>> judge(rows).verdicts["adam"].value
    'better'
    """
    arms = arm if arm is None or isinstance(arm, str) else ",".join(arm)
    selection = Selection(arms, seed, metric, baseline, dataset_column, higher_is_better)
    scores = extract_scores(read_results(results), selection)
    given = margin * 0.01 if margin is not None and scores.metric.was_percent else margin
    if given is not None and not 0.0 < given < (1.0 if scores.metric.is_share else float("inf")):
        unit = "in percent" if scores.metric.was_percent else "0.002 is 0.2 points of accuracy"
        raise ResultsError(f"the margin must be above 0, and below all of a share, got {margin:g}: {unit}")
    used = MARGIN if given is None and scores.metric.is_share else given
    looks = (looked_at,) if isinstance(looked_at, int) else looked_at
    datasets = [_judge_dataset(name, arms, scores, used, looks) for name, arms in scores.datasets.items()]
    return Judgement(scores.taken, scores.metric, tuple(datasets))


def _judge_dataset(
    name: str, arms: Mapping[str, ArmScores], scores: Scores, margin: float | None, looked_at: Sequence[int]
) -> DatasetJudgement:
    matched = match_arms(arms, scores.baseline, looked_at)
    number = (min if matched.noun == "run" else max)(row.size for row in matched.values.values())
    _check_looks(looked_at, number, matched.noun)
    values = matched.values
    if matched.noun != "example":  # single examples may well be easy
        direction, is_share = scores.metric.higher_is_better, scores.metric.is_share
        values = mark_diverged(values, scores.baseline, higher_is_better=direction, is_share=is_share)
    judged = judge_arms(
        values,
        scores.baseline,
        paired=matched.noun != "run",
        margin=margin,
        looked_at=matched.looks,
        higher_is_better=scores.metric.higher_is_better,
        are_accuracies=scores.metric.is_share and matched.noun != "example",
    )
    comparisons = tuple(_finish(item, matched, scores.metric) for item in judged.comparisons)
    judged, unit = replace(judged, comparisons=comparisons), Unit.of(scores.metric, values.values())
    written = f"--margin is in the unit of the table{_margin_in_points(scores.metric)}"
    warning = "" if margin is None else margin_sentence(margin, values, scores.metric, written)
    notes = (
        *matched.notes,
        *[warning] * bool(warning),
        *_gain_notes(judged, matched),
        *(collapse_sentence(item, unit) for item in comparisons if item.collapse is not None),
        *_look_notes(judged, matched),
    )
    return DatasetJudgement(name, judged, matched.noun, notes)


def _check_looks(looked_at: Sequence[int], number: int, noun: str) -> None:
    if not looked_at:
        return
    if noun == "example":
        raise ResultsError("--looked-at counts looks at fewer seeds, but each arm has one run here; leave it out")
    if wrong := [look for look in looked_at if not 0 < look <= number]:
        raise ResultsError(f"looked at {wrong[0]} {noun}s, but there are {number}; earlier looks are at 1 to {number}")
    if number > _MOST_SEEDS_LOOKED_AT:
        raise ResultsError(
            f"--looked-at is for up to {_MOST_SEEDS_LOOKED_AT} {noun}s, there are {number}; leave it out"
        )


def _finish(comparison: Comparison, matched: MatchedArms, metric: Metric) -> Comparison:
    """Return the comparison with its interval on new examples, and examples not called seeds."""
    because = comparison.undecided_because
    if because and matched.noun != "seed":
        comparison = replace(comparison, undecided_because=because.replace("seeds", f"{matched.noun}s"))
    if matched.noun == "example":
        return replace(comparison, seeds_to_decide=None, new_images=comparison.interval)
    if matched.examples is None or not metric.is_share:
        return comparison
    return comparison.with_correct(*(matched.examples[arm] for arm in (comparison.arm, comparison.baseline)))


def _gain_notes(judged: JudgedArms, matched: MatchedArms) -> tuple[str, ...]:
    if matched.noun != "seed" or min(row.size for row in judged.values.values()) < MIN_SEEDS:
        return ()
    baseline = judged.values[judged.comparisons[0].baseline]
    rows = [judged.values[item.arm] for item in judged.comparisons]
    saved = float(np.median([pairing_gain(row, baseline[: row.size]) for row in rows]))
    share = f"{100 * saved:.0f} % of the variance of unpaired runs" if saved >= 0.005 else "nothing here"
    return (f"Paired by seed, which saved {share}",)


def _margin_in_points(metric: Metric) -> str:
    return f", in which 0.2 points are {0.2 if metric.was_percent else MARGIN:g}" * metric.is_share


def _look_notes(judged: JudgedArms, matched: MatchedArms) -> tuple[str, ...]:
    if matched.noun == "example" or not judged.design.looks:
        return ()
    looks = judged.design.looks
    counted = ",".join(map(str, looks))
    return (
        f"{count_noun(len(looks), 'look')} counted; judging again with more {matched.noun}s is another: add "
        f"--looked-at {counted} then",
    )


def print_judgement(console: "Console", judgement: Judgement, gate: Gate | None = None) -> None:
    """Print on a `console` what a `judgement` took, its tables and answer, and last why a `gate` opens or does not."""
    from fashion_keras.reporting.terminal import to_rich

    print_plain(console, judgement.taken)
    for table in judgement.tables:
        console.print(to_rich(table, explain=False))
    judgement.print_answer(console)
    if gate is not None:
        print_plain(console, gate.why)
