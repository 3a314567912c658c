"""Scores of arms, read out of a result table: a value for each run, by data set, arm and seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fashion_keras.errors import ResultsError
from fashion_keras.formatting import count_noun, shorten
from fashion_keras.results.columns import Columns, find_columns
from fashion_keras.results.metrics import Metric
from fashion_keras.results.reshaping import Reshaped, reshape
from fashion_keras.results.selection import Selection
from fashion_keras.results.table import ResultTable, did_you_mean, quoted
from fashion_keras.results.usual_names import BASELINES, STATUS, UNFINISHED, find_column

__all__ = ["MAX_ARMS", "ArmScores", "Scores", "extract_scores"]

MAX_ARMS = 200
_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ArmScores:
    """Runs of one arm on one data set.

    Attributes:
        values: float64 [runs], accuracies as fractions.
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
    finished, dropped = _drop_unfinished(table)
    reshaped = reshape(finished, selection or Selection())
    columns = find_columns(reshaped.table, reshaped.selection)
    found, numbers = _judged_rows(reshaped, columns)
    rows = _last_steps(columns, found, reshaped.table)
    metric = Metric.of(columns.metric, [numbers[row] for row in rows], reshaped.selection.higher_is_better)
    scale = 0.01 if metric.was_percent else 1.0
    datasets = {
        dataset: {arm: _arm_scores(arm, runs, columns, numbers, reshaped.table, scale) for arm, runs in arms.items()}
        for dataset, arms in _group(columns, rows, reshaped.table).items()
    }
    baseline = _find_baseline(datasets, reshaped.selection, table.name)
    _check_arms(datasets, baseline, table.name, columns)
    size = ", ".join(filter(None, [count_noun(len(table.lines), "row"), reshaped.note]))
    extra = [f"the last {quoted(columns.step)} of each run counts"] * (len(rows) < len(found))
    extra += [f"{count_noun(dropped, 'run')} that did not finish left out"] * bool(dropped)
    parts = [f"{table.name}: {size}", *_describe(columns, metric, baseline, datasets), *extra]
    return Scores(metric, baseline, datasets, "; ".join(parts))


def _drop_unfinished(table: ResultTable) -> tuple[ResultTable, int]:
    column = find_column(table, STATUS)
    if column is None:
        return table, 0
    kept = [row for row, text in enumerate(table.columns[column]) if str(text).strip().lower() not in UNFINISHED]
    if not kept:
        raise ResultsError(f"{table.name}: no run has finished, by its column {quoted(column)}")
    return (table if len(kept) == len(table.lines) else table.keep(kept)), len(table.lines) - len(kept)


def _judged_rows(reshaped: Reshaped, columns: Columns) -> tuple[list[int], list[float]]:
    """Return the rows that count and the numbers of all rows; an empty field is an error where it should be a run."""
    table = reshaped.table
    found = table.numbers(columns.metric)
    rows = [row for row, number in enumerate(found) if number is not None]
    if len(rows) < len(found) and not reshaped.may_lack and columns.step is None:
        lacking = next(row for row, number in enumerate(found) if number is None)
        raise ResultsError(
            f"{table.place(lacking)} has nothing in column {quoted(columns.metric)}: give a failed run a value, or "
            "leave its line out"
        )
    if not rows:
        raise ResultsError(f"{table.name} has no number in column {quoted(columns.metric)}")
    return rows, [0.0 if number is None else number for number in found]


_Key = tuple[str | None, str | None]  # seed and example


def _group(
    columns: Columns, rows: Sequence[int], table: ResultTable
) -> dict[str, dict[str, dict[_Key, int] | list[int]]]:
    """Return the row of each run, by data set, arm, and seed and example; a list where nothing tells runs apart."""
    grouped: dict[str, dict[str, dict[_Key, int] | list[int]]] = {}
    for row in rows:
        arms = grouped.setdefault("" if columns.datasets is None else columns.datasets[row], {})
        seed = None if columns.seeds is None else columns.seeds[row]
        example = None if columns.examples is None else columns.examples[row]
        if seed is None and example is None:
            runs = arms.setdefault(columns.arms[row], [])
            assert isinstance(runs, list)
            runs.append(row)
            continue
        named = arms.setdefault(columns.arms[row], {})
        assert isinstance(named, dict)
        if (seed, example) in named:
            _refuse_twice(columns, table, named[seed, example], row)
        named[seed, example] = row
    return grouped


def _last_steps(columns: Columns, rows: Sequence[int], table: ResultTable) -> Sequence[int]:
    """Return one row a run, that of its last epoch or step, where the rows are those of training."""
    if columns.step is None:
        return rows
    if columns.seeds is None:
        if columns.examples is None and len(table.distinct(columns.step)) > 1:
            raise ResultsError(
                f"{table.name} has a column {quoted(columns.step)}, but none that tells runs apart; name it with --seed"
            )
        return rows
    steps = table.numbers(columns.step)
    named = [names for names in (columns.datasets, columns.arms, columns.seeds, columns.examples) if names is not None]
    last: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple([names[row] for names in named])
        if key not in last or (steps[row] or 0.0) > (steps[last[key]] or 0.0):
            last[key] = row
    return list(last.values())


def _refuse_twice(columns: Columns, table: ResultTable, first: int, second: int) -> None:
    seed = f"seed {quoted(columns.seeds[second])}" if columns.seeds is not None else "one example"
    raise ResultsError(
        f"{table.place(first)} and {table.place(second)} are both arm {quoted(columns.arms[second])}, {seed}; one "
        "value for each was expected: name what tells them apart with --arm, --seed or --dataset-column"
    )


def _arm_scores(
    arm: str,
    runs: Mapping[_Key, int] | Sequence[int],
    columns: Columns,
    numbers: Sequence[float],
    table: ResultTable,
    scale: float,
) -> ArmScores:
    if not isinstance(runs, Mapping):
        return ArmScores(scale * np.array([numbers[row] for row in runs]))
    if columns.examples is None:
        seeds = tuple(str(seed) for seed, _ in runs)
        return ArmScores(scale * np.array([numbers[row] for row in runs.values()]), seeds)
    seeds = tuple(dict.fromkeys(str(seed) for seed, _ in runs))
    names = tuple(dict.fromkeys(str(example) for _, example in runs))
    if len(runs) < len(seeds) * len(names):
        raise ResultsError(
            f"{table.name}: the runs of arm {quoted(arm)} have different examples; every run must have every example"
        )
    places = {name: place for place, name in enumerate(names)}, {seed: place for place, seed in enumerate(seeds)}
    examples = np.empty((len(seeds), len(names)))
    for (seed, example), row in runs.items():
        examples[places[1][str(seed)], places[0][str(example)]] = scale * numbers[row]
    return ArmScores(examples.mean(axis=1), None if columns.seeds is None else seeds, examples, names)


def _find_baseline(datasets: Mapping[str, Mapping[str, ArmScores]], selection: Selection, name: str) -> str:
    arms = list(dict.fromkeys(arm for found in datasets.values() for arm in found))
    if selection.baseline is None:
        return next((arm for usual in BASELINES for arm in arms if arm.lower() == usual), arms[0])
    if selection.baseline not in arms:
        raise ResultsError(f"{name} has no arm {quoted(selection.baseline)}{did_you_mean(selection.baseline, arms)}")
    return selection.baseline


def _check_arms(datasets: Mapping[str, Mapping[str, ArmScores]], baseline: str, name: str, columns: Columns) -> None:
    for dataset, arms in datasets.items():
        on = f" on {quoted(dataset)}" if dataset else ""
        if baseline not in arms:
            raise ResultsError(f"{name} has no run of the baseline {quoted(baseline)}{on}; each data set needs some")
        if len(arms) < 2:
            raise ResultsError(
                f"{name} has one arm{on}, {quoted(baseline)}, in {quoted(columns.arm_source)}; two at least are "
                "compared: name another column with --arm"
            )
        if len(arms) > MAX_ARMS:
            raise ResultsError(
                f"{name} has {len(arms)} arms{on} in {quoted(columns.arm_source)}; at most {MAX_ARMS} are "
                "judged at once: name another column with --arm, or leave some out"
            )
        for arm, scores in arms.items():
            if scores.values.size < 2 and scores.examples is None:
                raise ResultsError(
                    f"{name} has one value of arm {quoted(arm)}{on}; one run does not tell how runs vary: add seeds"
                )


def _describe(
    columns: Columns, metric: Metric, baseline: str, datasets: Mapping[str, Mapping[str, ArmScores]]
) -> list[str]:
    """Return what was taken for what, in words."""
    arms = list(dict.fromkeys(arm for found in datasets.values() for arm in found))
    named = ", ".join(shorten(arm, 24) for arm in arms[:6]) + (", ..." if len(arms) > 6 else "")
    of_datasets = [f"{count_noun(len(datasets), 'data set')} from {quoted(columns.dataset_source)}"]
    return [
        f"arm from {quoted(columns.arm_source)} ({named})",
        f"seed from {quoted(columns.seed_source)}" if columns.seeds is not None else "no seed",
        *["results of single examples"] * (columns.examples is not None),
        f"metric {metric.described}",
        f"baseline {quoted(baseline)}",
        *of_datasets * (columns.datasets is not None),
    ]
