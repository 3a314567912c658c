"""Overview of a comparison on a terminal: one table that fits 80 columns and uses more where there are more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderResult
from rich.measure import Measurement
from rich.table import Table as RichTable
from rich.text import Text

from fashion_keras.formatting import break_name, one_line
from fashion_keras.reporting.findings import figure
from fashion_keras.reporting.report import Report
from fashion_keras.reporting.summary import build_table, examples_of
from fashion_keras.reporting.sweep import tuning_of
from fashion_keras.reporting.tables import Row, Table
from fashion_keras.reporting.units import ABSENT, POINTS, Unit
from fashion_keras.statistics import Comparison, Verdict
from fashion_keras.storage.comparison import ComparisonResults

__all__ = ["VERDICT_STYLES", "build_overview", "natural_width"]

VERDICT_STYLES: Mapping[Verdict, str] = {
    Verdict.BETTER: "bold green",
    Verdict.BETTER_NEGLIGIBLY: "green",
    Verdict.WORSE: "bold red",
    Verdict.WORSE_NEGLIGIBLY: "red",
    Verdict.EQUIVALENT: "cyan",
    Verdict.UNDECIDED: "yellow",
}
UNBOUNDED = 10_000
NARROWEST_NAME = 12
_FIRST = ("minutes", "val_accuracy", "test_loss")  # of what a wider terminal shows, the first to come


def natural_width(console: Console, grid: RichTable) -> int:
    """Return how many columns a grid takes where nothing is broken."""
    return Measurement.get(console, console.options.update_width(UNBOUNDED), grid).maximum


def build_overview(report: Report) -> ConsoleRenderable:
    """Return what a console shows of a comparison: accuracy, difference and verdict of each arm, on its own width."""
    return _Overview(report.results, {item.arm: item for item in report.comparisons})


@dataclass(frozen=True)
class _Column:
    """Texts of one column, an arm each, and how urgent it is: 0 is always shown."""

    title: str
    texts: Sequence[Text]
    urgency: int = 0


class _Overview:
    """Chooses the columns when it is printed: only then is the width known."""

    def __init__(self, results: ComparisonResults, comparisons: Mapping[str, Comparison]):
        table = build_table(results)
        self._title, self._caption = one_line(results.record.heading), one_line(table.caption)
        self._rows = table.rows
        self._columns = [column for column in _columns(results, table, comparisons) if any(column.texts)]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(self._title, style="bold")
        yield Text(self._caption, style="dim")
        yield self._fit(console, options)

    def _fit(self, console: Console, options: ConsoleOptions) -> RichTable:
        def width(columns: Sequence[_Column], name_width: int) -> int:
            return natural_width(console, _build_grid(self._rows, columns, name_width))

        shown = [column for column in self._columns if not column.urgency]
        for extra in sorted((column for column in self._columns if column.urgency), key=lambda each: each.urgency):
            wider = [column for column in self._columns if column in shown or column is extra]
            if width(wider, UNBOUNDED) <= options.max_width:
                shown = wider
        spare = options.max_width - width(shown, NARROWEST_NAME)  # what the numbers leave is for the names
        return _build_grid(self._rows, shown, NARROWEST_NAME + max(spare, 0))


def _columns(results: ComparisonResults, table: Table, comparisons: Mapping[str, Comparison]) -> list[_Column]:
    judged = results.record.metric.name
    unit = Unit.of(results.record.metric, results.values.values())
    arms = [comparisons.get(row.arm) for row in table.rows]
    cells = {column.key: [row.cells[n] for row in table.rows] for n, column in enumerate(table.columns)}
    titles = {column.key: column.title for column in table.columns}
    ranks = {key: rank for rank, key in enumerate(dict.fromkeys((*_FIRST, *cells)), start=3)}
    measured = [
        _Column(titles[key], _aligned([" ".join(cell.lines) for cell in cells[key]]), ranks[key])
        for key in cells
        if key != judged
    ]
    verdicts = [
        _verdict(item, is_baseline=row.arm == results.record.baseline)
        for row, item in zip(table.rows, arms, strict=True)
    ]
    return [
        _Column(titles[judged], _aligned([" ".join(cell.lines[:2]) for cell in cells[judged]])),
        _Column("report", _aligned([cell.published for cell in cells[judged]])),
        *_selected(results, table.rows),
        _Column(unit.title("difference"), [Text(figure(item, unit) if item else "") for item in arms]),
        _Column(f"on new {examples_of(results)}", [Text(_on_new(item)) for item in arms], 2),
        _Column("verdict", verdicts),
        *measured,
    ]


def _selected(results: ComparisonResults, rows: Sequence[Row]) -> list[_Column]:
    """Return the column of the values that were selected for each arm, where a setting was tuned."""
    tuning = tuning_of(results)
    if tuning is None:
        return []
    values = {arm.name: f"{arm.selected_value:g}" for arm in tuning.arms}
    return [_Column(tuning.setting, [Text(values.get(row.arm, ABSENT)) for row in rows], 1)]


def _on_new(comparison: Comparison | None) -> str:
    return POINTS.span(comparison.new_images) if comparison and comparison.new_images else ""


def _verdict(comparison: Comparison | None, *, is_baseline: bool) -> Text:
    if comparison is None:
        return Text("baseline" if is_baseline else ABSENT, style="dim")
    return Text(comparison.verdict_text, style=VERDICT_STYLES[comparison.verdict])


def _aligned(texts: Sequence[str]) -> list[Text]:
    """Return texts so padded that their first words end below each other."""
    width = max((len(text.partition(" ")[0]) for text in texts), default=0)
    return [Text(" " * (width - len(text.partition(" ")[0])) * bool(text) + text) for text in texts]


def _build_grid(rows: Sequence[Row], columns: Sequence[_Column], name_width: int) -> RichTable:
    grid = RichTable(box=box.HORIZONTALS, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column("arm", min_width=NARROWEST_NAME)
    for column in columns:
        grid.add_column(column.title, no_wrap=column.title != "verdict")
    for place, row in enumerate(rows):
        remarks = [] if row.num_runs == row.num_seeds and not row.num_diverged else list(row.remarks)
        name = Text.assemble(break_name(row.arm, name_width), *((f"\n  {remark}", "dim") for remark in remarks))
        grid.add_row(name, *(column.texts[place] for column in columns))
    return grid
