"""Scores of arms, read out of a result table: a value for each run, by data set, arm and seed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fashion_keras.errors import ResultsError
from fashion_keras.formatting import count_noun, shorten
from fashion_keras.results.columns import Columns, find_columns
from fashion_keras.results.metrics import Metric, has_direction
from fashion_keras.results.names import BASELINES, UNFINISHED, find_column
from fashion_keras.results.reshaping import reshape
from fashion_keras.results.table import ResultTable, Selection, did_you_mean, quoted, text_of

__all__ = ["ArmScores", "Scores", "extract_scores"]

MAX_ARMS = 200
_Floats = NDArray[np.float64]
_Runs = Mapping[tuple[str, str], int]  # row of each run, by its seed and example
_Grouped = Mapping[str, Mapping[str, _Runs]]  # by data set and arm


@dataclass(frozen=True)
class ArmScores:
    """Runs of one arm on one data set.

    Attributes:
        values: float64 [runs], accuracies as fractions; infinite where a run has no finite number.
        seeds: Of each run; None where nothing names them.
        examples: float64 [runs, examples] in the order of `example_names`, where results are of single examples.
        example_names: Of the columns of `examples`.
    """

    values: _Floats
    seeds: tuple[str, ...] | None = None
    examples: _Floats | None = None
    example_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scores:
    """All that is judged.

    Attributes:
        metric: What the values are.
        baseline: The arm that the others are compared with.
        datasets: By the name of the data set, empty where there is one, and the name of the arm.
        taken: What was taken for what, in one line.
    """

    metric: Metric
    baseline: str
    datasets: Mapping[str, Mapping[str, ArmScores]]
    taken: str


def extract_scores(table: ResultTable, selection: Selection | None = None) -> Scores:
    """Return the values of a table's arms.

    Args:
        table: As `read_results` gives it.
        selection: What the user said of it.

    Raises:
        ResultsError: What is needed is not there, or cannot be told; in one line that names place and remedy.
    """
    finished = _drop_unfinished(table)
    reshaped = reshape(finished, selection or Selection())
    columns = find_columns(reshaped.table, reshaped.selection)
    numbers = _judged_numbers(reshaped.table, columns, reshaped.may_lack)
    grouped = _group(columns, numbers, reshaped.table)
    rows = [row for arms in grouped.values() for runs in arms.values() for row in runs.values()]
    metric = _find_metric(reshaped.table, columns, [numbers[row] for row in rows], reshaped.selection)
    scale = 0.01 if metric.was_percent else 1.0
    values = {row: scale * numbers[row] for row in rows}
    datasets = {
        dataset: {arm: _arm_scores(arm, runs, columns, values, table.name) for arm, runs in arms.items()}
        for dataset, arms in grouped.items()
    }
    baseline = _find_baseline(grouped, reshaped.selection.baseline, table.name)
    for dataset, arms in datasets.items():
        _check_arms(arms, baseline, f" on {quoted(dataset)}" if dataset else "", table.name, columns.arms.source)
    dropped = len(table.lines) - len(finished.lines)
    taken = [
        ", ".join(filter(None, [f"{table.name}: {count_noun(len(table.lines), 'row')}", reshaped.note])),
        *_describe(columns, metric, baseline, grouped, reshaped.selection.higher_is_better),
        *_describe_steps(reshaped.table, columns.step, rows),
        *[f"{count_noun(dropped, 'run')} that did not finish left out"] * bool(dropped),
    ]
    return Scores(metric, baseline, datasets, "; ".join(taken))


def _drop_unfinished(table: ResultTable) -> ResultTable:
    column = find_column(table, "status")
    if column is None:
        return table
    kept = [row for row, text in enumerate(table.columns[column]) if str(text).strip().lower() not in UNFINISHED]
    if not kept:
        raise ResultsError(f"{table.name}: no run has finished, by its column {quoted(column)}")
    return table.keep(kept)


def _judged_numbers(table: ResultTable, columns: Columns, may_lack: bool) -> dict[int, float]:
    """Return the values by their rows; an empty field is an error where it should be a run that did not diverge."""
    numbers = table.numbers(columns.metric, finite=False)
    if status := find_column(table, "status"):
        lost = [str(text) == "diverged" for text in table.columns[status]]
        numbers = [math.inf if number is None and lost[row] else number for row, number in enumerate(numbers)]
    found = {row: number for row, number in enumerate(numbers) if number is not None}
    if len(found) < len(numbers) and not may_lack and columns.step is None:
        raise ResultsError(
            f"{table.place(numbers.index(None))} has nothing in column {quoted(columns.metric)}: give a failed run a "
            "value, or leave its line out"
        )
    if not found:
        raise ResultsError(f"{table.name} has no number in column {quoted(columns.metric)}")
    return found


def _find_metric(table: ResultTable, columns: Columns, found: Sequence[float], selection: Selection) -> Metric:
    """Return the metric of the runs' values; shares, single examples and what is judged alone must all be finite."""
    finite = list(filter(math.isfinite, found)) or [0.0]
    in_percent = any(str(value)[-1:] == "%" for value in table.distinct(columns.metric))
    metric = Metric.of(columns.metric, finite, selection.higher_is_better, in_percent=in_percent)
    if len(finite) < len(found) and (metric.is_share or columns.examples):
        table.numbers(columns.metric)  # names the line
    return metric


def _group(columns: Columns, numbers: Mapping[int, float], table: ResultTable) -> _Grouped:
    """Return the row of each run, that of its last epoch or step where the rows are those of training.

    Raises:
        ResultsError: Two rows are of one run, and of one epoch where there are epochs.
    """
    nameless = columns.seeds is None and columns.examples is None
    if nameless and columns.step is not None and len(table.distinct(columns.step)) > 1:
        raise ResultsError(
            f"{table.name} has a column {quoted(columns.step)}, but none that tells runs apart; name it with --seed"
        )
    steps = [0.0] * len(table.lines) if columns.step is None else [at or 0.0 for at in table.numbers(columns.step)]
    grouped: dict[str, dict[str, dict[tuple[str, str], int]]] = {}
    twice: dict[int, int] = {}
    for row in numbers:
        dataset = columns.datasets.texts[row] if columns.datasets else ""
        runs = grouped.setdefault(dataset, {}).setdefault(columns.arms.texts[row], {})
        seed = columns.seeds.texts[row] if columns.seeds else str(row) if nameless else ""
        key = seed, columns.examples.texts[row] if columns.examples else ""
        last = runs.setdefault(key, row)
        if steps[row] > steps[last]:
            runs[key] = row
            twice.pop(last, None)  # an earlier epoch may be there twice, as after a run went on
        elif row != last and steps[row] == steps[last]:
            twice.setdefault(last, row)
    for first, second in twice.items():
        _refuse_twice(columns, table, first, second)
    return grouped


def _refuse_twice(columns: Columns, table: ResultTable, first: int, second: int) -> None:
    seed = f"seed {quoted(columns.seeds.texts[second])}" if columns.seeds is not None else "one example"
    raise ResultsError(
        f"{table.place(first)} and {table.place(second)} are both arm {quoted(columns.arms.texts[second])}, {seed}; "
        "one value for each was expected: name what tells them apart with --arm (of two columns A,B), --seed or "
        "--dataset-column"
    )


def _arm_scores(arm: str, runs: _Runs, columns: Columns, values: Mapping[int, float], name: str) -> ArmScores:
    seeds = tuple(dict.fromkeys(seed for seed, _ in runs))
    named = None if columns.seeds is None else seeds
    if columns.examples is None:
        return ArmScores(np.array([values[row] for row in runs.values()]), named)
    examples = tuple(dict.fromkeys(example for _, example in runs))
    if len(runs) < len(seeds) * len(examples):
        raise ResultsError(
            f"{name}: the runs of arm {quoted(arm)} have different examples; every run must have every example"
        )
    table = np.array([[values[runs[seed, example]] for example in examples] for seed in seeds])
    return ArmScores(table.mean(axis=1), named, table, examples)


def _describe_steps(table: ResultTable, step: str | None, rows: Sequence[int]) -> list[str]:
    if step is None or len(rows) == len(table.lines):
        return []
    last = sorted({at for at in map(table.numbers(step).__getitem__, rows) if at is not None})
    span = f", {last[0]:g} to {last[-1]:g}" if len(last) > 1 else ""
    return [f"the last {quoted(step)} of each run counts{span}"]


def _find_baseline(grouped: _Grouped, given: str | float | None, name: str) -> str:
    arms = _all_arms(grouped)
    if given is None:
        return next((arm for usual in BASELINES for arm in arms if arm.lower() == usual), arms[0])
    wanted = text_of(given)  # in Python, it may be a number
    if wanted not in arms:
        raise ResultsError(f"{name} has no arm {quoted(wanted)}{did_you_mean(wanted, arms)}")
    return wanted


def _all_arms(grouped: _Grouped) -> list[str]:
    return list(dict.fromkeys(arm for arms in grouped.values() for arm in arms))


def _check_arms(arms: Mapping[str, ArmScores], baseline: str, on: str, name: str, source: str) -> None:
    if baseline not in arms:
        raise ResultsError(f"{name} has no run of the baseline {quoted(baseline)}{on}; each data set needs some")
    if len(arms) < 2:
        raise ResultsError(
            f"{name} has one arm{on}, {quoted(baseline)}, in {quoted(source)}; two at least are compared: name "
            "another column with --arm"
        )
    if len(arms) > MAX_ARMS:
        raise ResultsError(
            f"{name} has {len(arms)} arms{on} in {quoted(source)}; at most {MAX_ARMS} are judged at once: name "
            "another column with --arm, or leave some out"
        )
    for arm, scores in arms.items():
        if scores.values.size < 2 and scores.examples is None:
            raise ResultsError(
                f"{name} has one value of arm {quoted(arm)}{on}; one run does not tell how runs vary: add seeds"
            )


def _describe(columns: Columns, metric: Metric, baseline: str, grouped: _Grouped, direction: bool | None) -> list[str]:
    """Return what was taken for what, in words; `direction` is what the user said of it, if anything."""
    arms, datasets = _all_arms(grouped), columns.datasets
    named = ", ".join(shorten(arm, 24) for arm in arms[:6]) + (", ..." if len(arms) > 6 else "")
    seeds = "no seed" if columns.seeds is None else f"seed from {quoted(columns.seeds.source)}"
    if "fold" in seeds.lower():
        seeds += ", whose folds share training examples, so that intervals are too narrow (Nadeau and Bengio 2003)"
    is_told = direction is not None or has_direction(metric.name)
    return [
        f"arm from {quoted(columns.arms.source)} ({named})",
        seeds,
        *["results of single examples"] * (columns.examples is not None),
        f"metric {metric.described}" + ": a guess, --lower-is-better says otherwise" * (not is_told),
        f"baseline {quoted(baseline)}",
        *([f"{count_noun(len(grouped), 'data set')} from {quoted(datasets.source)}"] if datasets else []),
    ]
