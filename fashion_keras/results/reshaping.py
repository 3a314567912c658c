"""Reshaping of result tables to one row a run: arms or seeds as columns, metrics as rows, W&B's exported charts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fashion_keras.errors import ResultsError
from fashion_keras.results.metrics import find_metric, is_metric_name
from fashion_keras.results.names import USUAL, find_column, is_seed_name, split_run_name
from fashion_keras.results.table import ResultTable, Selection, did_you_mean, normalise, quoted

__all__ = ["Reshaped", "reshape"]

_VALUE = "value"
_CHART = " - "
_NO_RESULTS = ("__MIN", "__MAX", "__step", *(f"{_CHART}_{name}" for name in ("step", "runtime", "timestamp")))


@dataclass(frozen=True)
class Reshaped:
    """A table with one row a run, or a run and example or step.

    Attributes:
        table: The rows.
        selection: What the user said, with what the reshaping found.
        note: What was done, in words; empty where nothing was.
        may_lack: Whether an empty field is no run, as in a wide table whose arms have different numbers of seeds.
    """

    table: ResultTable
    selection: Selection
    note: str = ""
    may_lack: bool = False


def reshape(table: ResultTable, selection: Selection) -> Reshaped:
    """Return the table in long form; the same one where it is."""
    for attempt in (_from_chart, _from_seed_columns, _from_metric_rows, _from_arm_columns):
        reshaped = attempt(table, selection)
        if reshaped is not None:
            return reshaped
    return Reshaped(table, selection)


def _given(selection: Selection, **found: Any) -> Selection:
    """Return the selection with what was found where the user said nothing."""
    return replace(selection, **{name: value for name, value in found.items() if getattr(selection, name) is None})


def _from_chart(table: ResultTable, selection: Selection) -> Reshaped | None:
    """Read what W&B exports of a chart: a column `RUN - METRIC` for each run, with __MIN and __MAX beside it."""
    pairs = {name: name.rsplit(_CHART, 1) for name in table.columns if _CHART in name}
    pairs = {name: pair for name, pair in pairs.items() if not name.endswith(_NO_RESULTS)}
    if not pairs or selection.arm is not None or not any(f"{name}__MIN" in table.columns for name in pairs):
        return None
    metrics = list(dict.fromkeys(metric for _, metric in pairs.values()))
    metric = _choose(metrics, selection.metric, table.name)
    runs = {name: run for name, (run, of) in pairs.items() if of == metric}
    arms, seeds = zip(*map(split_run_name, runs.values()), strict=True)
    steps = find_column(table, "step") or next(iter(table.columns))
    melted = _melt(table, list(runs), metric, {"step": steps}, {"arm": arms, "seed": seeds})
    seed = None if None in seeds else "seed"
    if seed is None:
        melted = melted.without("seed")
    chosen = replace(_given(selection, arm="arm", seed=seed), metric=metric)
    return Reshaped(melted, chosen, "a chart of W&B", may_lack=True)


def _choose(metrics: Sequence[str], given: str | None, name: str) -> str:
    """Return which metric is judged, of those that a table has: the one that the user named, or the usual one.

    Raises:
        ResultsError: It has none of that name.
    """
    if given is None:
        return find_metric(metrics) or metrics[0]
    same = [metric for metric in metrics if normalise(metric) == normalise(given)]
    if not same:
        raise ResultsError(f"{name} has no metric {quoted(given)}{did_you_mean(given, metrics)}")
    return given if given in same else same[0]


def _from_seed_columns(table: ResultTable, selection: Selection) -> Reshaped | None:
    """Read a column for each seed: `model,seed_0,seed_1`."""
    seeds = [name for name in table.columns if is_seed_name(name)]
    if len(seeds) < 2 or selection.seed is not None or selection.metric in table.columns:
        return None
    arm = selection.arm or find_column(table, "arm") or next(iter(table.columns))
    if arm in seeds or not all(table.is_numeric(name) for name in seeds):
        return None
    value = selection.metric or _VALUE
    kept = {name: name for name in table.columns if name not in seeds}
    melted = _melt(table, seeds, value, kept, {"seed": seeds})
    chosen = _given(selection, arm=arm, seed="seed", metric=value)
    return Reshaped(melted, chosen, "a column for each seed", may_lack=True)


def _from_metric_rows(table: ResultTable, selection: Selection) -> Reshaped | None:
    """Read a row for each metric of a run: `model,seed,metric,value`."""
    names = {normalise(name): name for name in table.columns}
    if not {"metric", "value"} <= set(names) or table.is_numeric(names["metric"]):
        return None
    metrics = table.distinct(names["metric"])
    metric = _choose(metrics, selection.metric, table.name)
    rows = [row for row, each in enumerate(table.columns[names["metric"]]) if str(each).strip() == metric]
    kept = table.keep(rows)
    values = {metric: kept.columns[names["value"]]}
    rest = kept.without(names["metric"], names["value"])
    found = replace(rest, columns={**rest.columns, **values})
    return Reshaped(found, replace(selection, metric=metric), "a row for each metric")


def _from_arm_columns(table: ResultTable, selection: Selection) -> Reshaped | None:
    """Read a column for each arm: `seed,sgd,adam`, where nothing else looks like an arm or a metric."""
    if selection.arm is not None or selection.metric in table.columns or find_column(table, "arm"):
        return None
    seed = table.column(selection.seed) or find_column(table, "seed")
    dataset = table.column(selection.dataset_column) or find_column(table, "dataset", [seed])
    others = [
        name for name in table.columns if name not in (seed, dataset) and normalise(name) not in USUAL["tracking"]
    ]
    if any(is_metric_name(name) for name in others) or len(others) < 2:
        return None
    arms = [name for name in others if table.is_numeric(name)]
    if len(arms) < 2:
        return None
    value = selection.metric or _shared_metric(arms)
    kept = {name: name for name in (seed, dataset) if name}
    melted = _melt(table, arms, value, kept, {"arm": arms})
    chosen = _given(selection, arm="arm", metric=value)
    return Reshaped(melted, chosen, "a column for each arm", may_lack=True)


def _shared_metric(arms: list[str]) -> str:
    """Return the metric that begins or ends the names of all arms, `loss` of `sgd_loss` and `adam_loss`."""
    words = [normalise(arm).split("_") for arm in arms]
    for place in (0, -1):
        shared = {each[place] for each in words}
        if len(shared) == 1 and is_metric_name(word := shared.pop()):
            return word
    return _VALUE


def _melt(
    table: ResultTable, names: list[str], value: str, kept: Mapping[str, str], new: Mapping[str, Sequence[Any]]
) -> ResultTable:
    """Return a row for each row and each of some columns.

    Args:
        table: The wide table.
        names: Its columns that become rows.
        value: Name of the column of their values.
        kept: Columns that stay, by their new names.
        new: Columns that say which of `names` a row is from, an entry for each.
    """
    columns = {name: [*table.columns[old]] * len(names) for name, old in kept.items()}
    columns |= {name: [each for each in entries for _ in table.lines] for name, entries in new.items()}
    columns[value] = [cell for name in names for cell in table.columns[name]]
    return replace(table, columns=columns, lines=[*table.lines] * len(names))
