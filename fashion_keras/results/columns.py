"""Columns of a result table with one row a run: which of them means what, as a user said or by their usual names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fashion_keras.errors import ResultsError
from fashion_keras.formatting import one_line, shorten
from fashion_keras.results.metrics import find_metric, is_metric_name
from fashion_keras.results.run_names import split_run_name
from fashion_keras.results.selection import Selection
from fashion_keras.results.table import ResultTable, is_missing, normalise, quoted, text_of
from fashion_keras.results.usual_names import (
    ARM,
    CORRECT,
    DATASET,
    EXAMPLE,
    NO_RESULTS,
    RUN_NAME,
    SEED,
    STEP,
    find_column,
)

__all__ = ["Columns", "find_columns"]

_SETTING = ("params.", "config.")
_Arms = tuple[Sequence[str], str, Sequence[str] | None, str]


@dataclass(frozen=True)
class Columns:
    """What each row is of.

    Attributes:
        metric: Name of the column that is judged.
        arms: Name of the arm, a row each.
        arm_source: Which columns these are from, in words.
        seeds: Of each row; None where nothing names them.
        seed_source: The same of the seeds.
        datasets: The data set of each row; None where there is one.
        dataset_source: Its column.
        examples: What was classified, for results of single examples; None otherwise.
        step: Name of the column of epochs or steps, of which the last counts.
    """

    metric: str
    arms: Sequence[str]
    arm_source: str
    seeds: Sequence[str] | None
    seed_source: str
    datasets: Sequence[str] | None
    dataset_source: str
    examples: Sequence[str] | None
    step: str | None


def find_columns(table: ResultTable, selection: Selection) -> Columns:
    """Return which columns mean what.

    Raises:
        ResultsError: A column that was named is not there, or nothing tells the arms or the metric.
    """
    given = {
        role: None if name is None else table.column(name)
        for role, name in (
            ("arm", selection.arm),
            ("seed", selection.seed),
            ("metric", selection.metric),
            ("dataset", selection.dataset_column),
        )
    }
    taken = [name for name in given.values() if name]
    example = find_column(table, EXAMPLE, taken)
    metric = given["metric"] or _find_metric(table, [*taken, example], example is not None)
    step = find_column(table, STEP, [*taken, metric])
    dataset = given["dataset"] or _find_dataset(table, [*taken, metric])
    seed = given["seed"] or find_column(table, SEED, [*taken, metric, dataset, example])
    used = [name for name in (*taken, metric, step, dataset, example) if name]
    arms, arm_source, seeds, seed_source = _find_arms(table, given["arm"], seed, used)
    return Columns(
        metric,
        arms,
        arm_source,
        seeds,
        seed_source,
        None if dataset is None else _texts(table, dataset),
        dataset or "",
        None if example is None or example == seed else _texts(table, example),
        step,
    )


def _find_metric(table: ResultTable, taken: Sequence[str | None], has_examples: bool) -> str:
    free = [name for name in table.columns if name not in taken]
    correct = find_column(table, CORRECT, taken) if has_examples else None
    usual = correct or find_metric(name for name in free if table.is_numeric(name))
    if usual:
        return usual
    reserved = {*SEED, *STEP, *DATASET, *ARM, *EXAMPLE, *NO_RESULTS}
    numeric = [name for name in free if normalise(name) not in reserved and table.is_numeric(name)]
    if len(numeric) == 1:
        return numeric[0]
    broken = find_metric(free)
    if broken:  # one text in it, and it is no column of numbers: say which
        table.numbers(broken)
    listed = ", ".join(shorten(one_line(name), 30) for name in (numeric or free)[:8])
    raise ResultsError(
        f"{table.name}: which column is judged? Say --metric COLUMN; it has {listed or 'no other column'}"
    )


def _find_dataset(table: ResultTable, taken: Sequence[str | None]) -> str | None:
    column = find_column(table, DATASET, taken)
    return column if column and 1 < len(table.distinct(column)) < len(table.lines) else None


def _find_arms(table: ResultTable, given: str | None, seed: str | None, used: Sequence[str]) -> _Arms:
    """Return the arm of each row and where it is from, then the seeds and where these are from."""
    taken = [*used, seed]
    seeds = None if seed is None else _texts(table, seed)
    for name in [given] if given else _usual_arms(table, taken):
        if given or 1 < len(table.distinct(name)) < max(len(table.lines), 3):
            return _texts(table, name), name, seeds, seed or ""
    settings = _find_settings(table, taken)
    is_tracked = any(name.lower().startswith(_SETTING) for name in settings)
    named = None if is_tracked else _split_run_names(table, used, seed, seeds)
    if named is not None:
        return named
    if settings:
        return _combine(table, settings), ", ".join(settings), seeds, seed or ""
    raise ResultsError(f"{table.name}: which column names the arms that are compared? Say --arm COLUMN{_listed(table)}")


def _split_run_names(
    table: ResultTable, used: Sequence[str], seed: str | None, seeds: Sequence[str] | None
) -> _Arms | None:
    """Return arms and seeds as the names of runs hold them; None where they hold no arms of several runs."""
    run = find_column(table, RUN_NAME, used)
    if run is None or table.is_numeric(run) or any(map(is_missing, table.columns[run])):
        return None
    split = [split_run_name(text) for text in _texts(table, run)]
    arms, numbers = [arm for arm, _ in split], [number for _, number in split]
    if not 1 < len(set(arms)) <= max(2, len(set(split)) // 2):
        return None
    if seed not in (None, run):
        return arms, run, seeds, seed or ""
    return (arms, run, None, "") if None in numbers else (arms, run, [str(number) for number in numbers], run)


def _usual_arms(table: ResultTable, taken: Sequence[str | None]) -> list[str]:
    found = (find_column(table, [usual], taken) for usual in ARM)
    return [name for name in found if name]


def _find_settings(table: ResultTable, taken: Sequence[str | None]) -> list[str]:
    """Return the columns of settings that vary between runs, but not from each run to the next."""
    free = [name for name in table.columns if name not in taken and normalise(name) not in NO_RESULTS]
    free = [name for name in free if not name.startswith(("metrics.", "tags.")) and not is_metric_name(name)]
    params = [name for name in free if name.lower().startswith(_SETTING)] or free
    params = [name for name in params if normalise(name) not in (*RUN_NAME, *SEED)]
    return [name for name in params[:1_000] if 1 < len(table.distinct(name)) <= max(2, len(table.lines) // 2)]


def _combine(table: ResultTable, names: Sequence[str]) -> list[str]:
    if len(names) == 1:
        return _texts(table, names[0])
    short = [name.split(".", 1)[-1] if name.startswith("params.") else name for name in names]
    columns = [_texts(table, name) for name in names]
    return [
        ", ".join(f"{name}={value}" for name, value in zip(short, row, strict=True))
        for row in zip(*columns, strict=True)
    ]


def _texts(table: ResultTable, name: str) -> list[str]:
    """Return a column as names.

    Raises:
        ResultsError: A field is empty.
    """
    values: Sequence[Any] = table.columns[name]
    if all(type(value) is str for value in values) and all(texts := [value.strip() for value in values]):
        return texts
    for row, value in enumerate(values):
        if is_missing(value) or value != value:
            raise ResultsError(f"{table.place(row)} has nothing in column {quoted(name)}; every run needs one")
    return [text_of(value) for value in values]


def _listed(table: ResultTable) -> str:
    return "; it has " + ", ".join(shorten(one_line(name), 30) for name in list(table.columns)[:8])
