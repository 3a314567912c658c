"""Overview of a comparison: one table of what is judged, that fits 80 columns and has more where there are more."""

from dataclasses import replace

from fashion_keras.reporting.findings import figure
from fashion_keras.reporting.report import Report
from fashion_keras.reporting.summary import examples_of
from fashion_keras.reporting.tables import Cell, Column, Table
from fashion_keras.reporting.units import ABSENT, POINTS
from fashion_keras.statistics import Comparison

__all__ = ["build_overview"]

_FIRST = ("minutes", "val_accuracy", "test_loss")  # of what a wider terminal shows, the first to come


def build_overview(report: Report) -> Table:
    """Tabulate what is judged, difference and verdict of each arm, and what a wider terminal has room for."""
    results, table = report.results, report.summary
    record, compared = results.record, {item.arm: item for item in report.comparisons}
    items = [compared.get(row.arm) for row in table.rows]
    cells = {column.key: [row.cells[place] for row in table.rows] for place, column in enumerate(table.columns)}
    judged = cells.pop(record.metric.name)
    ranks = {key: rank for rank, key in enumerate(dict.fromkeys((*_FIRST, *cells)), start=3)}
    found = {column.key: replace(column, urgency=ranks.get(column.key, 0)) for column in table.columns}
    tuning = record.tuning
    selected = {name: f"{value:g}" for name, value in tuning.selected.items()} if tuning else {}
    columns = [
        (found[record.metric.name], [Cell(cell.lines[:2]) for cell in judged]),
        (Column("report", "report", ""), [_cell(cell.published) for cell in judged]),
        (
            Column("selected", tuning.setting if tuning else "", "", urgency=1),
            [_cell(selected.get(row.arm, ABSENT) if tuning else "") for row in table.rows],
        ),
        (
            Column("difference", report.unit.title("difference"), ""),
            [_cell(figure(item, report.unit) if item else "") for item in items],
        ),
        (
            Column("new", f"on new {examples_of(results)}", "", urgency=2),
            [_cell(POINTS.span(item.new_images) if item and item.new_images else "") for item in items],
        ),
        (
            Column("verdict", "verdict", ""),
            [_verdict(item, row.arm == record.baseline) for item, row in zip(items, table.rows, strict=True)],
        ),
        *((found[key], each) for key, each in cells.items()),
    ]
    shown = [(column, each) for column, each in columns if any(any(cell.lines) for cell in each)]
    rows = [
        replace(row, text_only=False, cells=tuple(replace(each[place], published="") for _, each in shown))
        for place, row in enumerate(table.rows)
    ]
    return Table(record.heading, table.caption, tuple(column for column, _ in shown), tuple(rows), (), is_brief=True)


def _cell(text: str) -> Cell:
    return Cell(tuple(text.split(" ", 1)))


def _verdict(comparison: Comparison | None, is_baseline: bool) -> Cell:
    if comparison is None:
        return _cell("baseline" if is_baseline else ABSENT)
    return Cell((comparison.verdict_text,), verdict=comparison.verdict)
