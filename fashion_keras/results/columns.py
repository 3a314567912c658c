"""Columns of a result table with one row a run: which of them means what, as a user said or by their usual names."""

from collections.abc import Sequence
from dataclasses import dataclass

from fashion_keras.errors import ResultsError
from fashion_keras.results.metrics import find_metric, is_metric_name
from fashion_keras.results.names import USUAL, find_column, split_run_name
from fashion_keras.results.table import ResultTable, Selection, is_missing, listed, normalise, quoted, text_of

__all__ = ["Columns", "Names", "find_columns"]

_SETTING = ("params.", "config.")


@dataclass(frozen=True)
class Names:
    """What each row is of: entry i of `texts`, from the columns that `source` names."""

    source: str
    texts: Sequence[str]


@dataclass(frozen=True)
class Columns:
    """What the columns mean.

    Attributes:
        metric: Name of the column that is judged.
        arms: Of each row.
        seeds: Of each row; None where nothing names them.
        datasets: Of each row; None where there is one.
        examples: What was classified, for results of single examples; None otherwise.
        step: Name of the column of epochs or steps, of which the last counts.
    """

    metric: str
    arms: Names
    seeds: Names | None
    datasets: Names | None
    examples: Names | None
    step: str | None


def find_columns(table: ResultTable, selection: Selection) -> Columns:
    """Return which columns mean what.

    Raises:
        ResultsError: A column that was named is not there, or nothing tells the arms or the metric.
    """
    seed, metric, dataset = map(table.column, (selection.seed, selection.metric, selection.dataset_column))
    is_one = selection.arm is None or selection.arm in table.columns
    arm = [table.column(name) for name in ([selection.arm] if is_one else str(selection.arm).split(","))]
    given = [*arm, seed, metric, dataset]
    example = find_column(table, "example", given)
    metric = metric or _find_metric(table, [*given, example], example is not None)
    step = find_column(table, "step", [*given, metric])
    dataset = dataset or _find_dataset(table, [*given, metric])
    seed = seed or find_column(table, "seed", [*given, metric, dataset, example])
    arms, seeds = _find_arms(table, [*filter(None, arm)], seed, [*given, metric, step, dataset, example])
    examples = None if example == seed else _names(table, example)
    return Columns(metric, arms, seeds, _names(table, dataset), examples, step)


def _find_metric(table: ResultTable, taken: Sequence[str | None], has_examples: bool) -> str:
    free = [name for name in table.columns if name not in taken]
    correct = find_column(table, "correct", taken) if has_examples else None
    usual = correct or find_metric(name for name in free if table.is_numeric(name))
    if usual:
        return usual
    reserved = {name for meaning in ("seed", "dataset", "arm", "example", "tracking") for name in USUAL[meaning]}
    numeric = [name for name in free if normalise(name) not in reserved and table.is_numeric(name)]
    if len(numeric) == 1:
        return numeric[0]
    broken = find_metric(free)
    if broken:  # one text in it, and it is no column of numbers: say which
        table.numbers(broken)
    known = listed(numeric or free, 8) or "; it has no other column"
    raise ResultsError(f"{table.name}: which column is judged? Say --metric COLUMN{known}")


def _find_dataset(table: ResultTable, taken: Sequence[str | None]) -> str | None:
    column = find_column(table, "dataset", taken)
    return column if column and 1 < len(table.distinct(column)) < len(table.lines) else None


def _find_arms(
    table: ResultTable, given: Sequence[str], seed: str | None, used: Sequence[str | None]
) -> tuple[Names, Names | None]:
    """Return the arm and the seed of each row, as columns, settings or the names of runs hold them."""
    known = {normalise(name): name for name in reversed(list(table.columns)) if name not in (*used, seed)}
    usual = [known[name] for name in USUAL["arm"] if name in known]
    telling = [name for name in usual if 1 < len(table.distinct(name)) < max(len(table.lines), 3)]
    if chosen := given or telling[:1]:
        return _combine(table, chosen), _names(table, seed)
    settings = _find_settings(table, [*used, seed])
    is_tracked = any(name.lower().startswith(_SETTING) for name in settings)
    split = None if is_tracked else _split_run_names(table, used, seed)
    if split is not None:
        return split
    if settings:
        return _combine(table, settings), _names(table, seed)
    if usual:  # of one arm, or of another one in each run: that is said of it
        return _combine(table, usual[:1]), _names(table, seed)
    raise ResultsError(
        f"{table.name}: which column names the arms that are compared? Say --arm COLUMN{listed(table.columns, 8)}"
    )


def _split_run_names(
    table: ResultTable, used: Sequence[str | None], seed: str | None
) -> tuple[Names, Names | None] | None:
    """Return arms and seeds as the names of runs hold them; None where they hold no arms of several runs."""
    run = find_column(table, "run", used)
    if run is None or table.is_numeric(run) or any(map(is_missing, table.columns[run])):
        return None
    split = [split_run_name(text) for text in _names_of(table, run).texts]
    arms, numbers = [arm for arm, _ in split], [number for _, number in split if number is not None]
    if not 1 < len(set(arms)) <= max(2, len(set(split)) // 2):
        return None
    if seed not in (None, run):
        return Names(run, arms), _names(table, seed)
    return Names(run, arms), Names(run, numbers) if len(numbers) == len(arms) else None


def _find_settings(table: ResultTable, taken: Sequence[str | None]) -> list[str]:
    """Return the columns of settings that vary between runs, but not from each run to the next."""
    free = [name for name in table.columns if name not in taken and normalise(name) not in USUAL["tracking"]]
    free = [name for name in free if not name.startswith(("metrics.", "tags.")) and not is_metric_name(name)]
    params = [name for name in free if name.lower().startswith(_SETTING)] or free
    params = [name for name in params if normalise(name) not in (*USUAL["run"], *USUAL["seed"])]
    return [name for name in params[:1_000] if 1 < len(table.distinct(name)) <= max(2, len(table.lines) // 2)]


def _combine(table: ResultTable, names: Sequence[str]) -> Names:
    """Return several settings as the name of an arm: `optimizer=adam, width=64`; the value alone of a single one."""
    columns = [_names_of(table, name).texts for name in names]
    if len(names) == 1:
        return Names(names[0], columns[0])
    short = [name.removeprefix("params.") for name in names]
    rows = zip(*columns, strict=True)
    texts = [", ".join(f"{name}={value}" for name, value in zip(short, row, strict=True)) for row in rows]
    return Names(", ".join(names), texts)


def _names(table: ResultTable, column: str | None) -> Names | None:
    return None if column is None else _names_of(table, column)


def _names_of(table: ResultTable, column: str) -> Names:
    """Return a column as names.

    Raises:
        ResultsError: A field is empty.
    """
    values = table.columns[column]
    if all(type(value) is str for value in values) and all(texts := [value.strip() for value in values]):
        return Names(column, texts)
    for row, value in enumerate(values):
        if is_missing(value) or value != value:
            raise ResultsError(f"{table.place(row)} has nothing in column {quoted(column)}; every run needs one")
    return Names(column, [text_of(value) for value in values])
