"""Comparisons on a terminal: the answer last, one table above it, and all of them with footnotes where asked for."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from rich import box
from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderResult
from rich.measure import Measurement
from rich.table import Table as RichTable
from rich.text import Text

from fashion_keras.errors import StoreError
from fashion_keras.formatting import break_name, one_line
from fashion_keras.reporting.effects import effect_sentences
from fashion_keras.reporting.findings import Remedy, collapse_sentence, margin_sentence, remedy, sentence
from fashion_keras.reporting.overview import build_overview
from fashion_keras.reporting.report import Report
from fashion_keras.reporting.tables import Cell, Row, Table
from fashion_keras.reporting.units import POINTS, Unit
from fashion_keras.statistics import Comparison, Verdict

__all__ = [
    "answer_text",
    "answered_anyway",
    "natural_width",
    "plain_console",
    "print_answer",
    "print_sentence",
    "print_tables",
    "to_rich",
]


VERDICT_STYLES: Mapping[Verdict | None, str] = {
    Verdict.BETTER: "bold green",
    Verdict.BETTER_NEGLIGIBLY: "green",
    Verdict.WORSE: "bold red",
    Verdict.WORSE_NEGLIGIBLY: "red",
    Verdict.EQUIVALENT: "cyan",
    Verdict.UNDECIDED: "yellow",
}
_UNBOUNDED = 10_000
_NARROWEST_NAME = 12


def to_rich(table: Table, *, explain: bool = True) -> ConsoleRenderable:
    """Return what `rich.console.Console.print` shows of a table, fit to the console's width, from 80 columns on.

    Args:
        table: Rows of any columns.
        explain: Show what its columns mean, and its notes.
    """
    return _View(table, explain)


def print_tables(console: Console, report: Report, *, explain: bool = False) -> None:
    """Print a comparison as one table.

    Args:
        console: Where to print.
        report: The comparison's.
        explain: Print all tables with their footnotes before, as they stand in `table.md`.
    """
    for table in report.tables.values() if explain else ():
        console.print(to_rich(table))
        console.print()
    console.print(to_rich(build_overview(report), explain=False))


def print_answer(console: Console, report: Report, *, workers: int = 1) -> None:
    """Print a sentence for each arm, with what would decide an undecided one, and one on the best.

    Args:
        console: Where to print; what is no terminal gets each sentence on one line, without colour.
        report: The comparison's; without differences there is no answer yet.
        workers: Runs at a time, for what more seeds would cost.
    """
    results, comparisons = report.results, report.comparisons
    remedies = [
        _remedy_text(remedy(results, item, comparisons), workers) if item.verdict is Verdict.UNDECIDED else ""
        for item in comparisons
    ]
    for comparison, text, following in zip(comparisons, remedies, [*remedies, ""][1:], strict=True):
        print_sentence(console, comparison, report.unit)
        if comparison.collapse:
            _print(console, Text(f"  {collapse_sentence(comparison, report.unit)}"))
        if text != following and text:  # once for arms that the same command would decide
            _print(console, Text(f"  to decide{text}"))
    for line in effect_sentences(results):
        _print(console, Text(line))
    if results.record.metric.is_share and any(item.look for item in comparisons):
        written = "an Experiment's margin is a fraction, 0.002 for 0.2 points, and --margin is in points"
        margin, values = results.record.design.margin, report.all_results.values
        if warning := margin_sentence(margin, values, results.record.metric, written):
            _print(console, Text(warning))
    if report.best:
        _print(console, Text(report.best, style="bold"))


@contextmanager
def answered_anyway(console: Console, report: Report) -> Iterator[None]:
    """Print the answer where files cannot be written meanwhile, such as on a full disk, before that is said."""
    try:
        yield
    except StoreError:
        print_answer(console, report)
        raise


def answer_text(report: Report, *, workers: int = 1) -> str:
    """Return what `print_answer` prints, without colour, a sentence on each line; the arguments are its own."""
    file = io.StringIO()
    print_answer(plain_console(file), report, workers=workers)
    return file.getvalue().rstrip("\n")


def plain_console(file: io.StringIO) -> Console:
    """Return a console that writes plain text of a hundred columns, wherever it is."""
    return Console(file=file, width=100, force_terminal=False, force_jupyter=False)


def print_sentence(
    console: Console, comparison: Comparison, unit: Unit = POINTS, before: str = "", after: str = ""
) -> None:
    """Print what was found of an arm, its verdict in colour.

    Args:
        console: Where to print.
        comparison: Of the arm with its baseline.
        unit: Of the values.
        before, after: What stands around it on the line.
    """
    finding, mark, verdict = sentence(comparison, unit).rpartition(": ")
    _print(console, Text.assemble(before, finding, mark, (verdict, VERDICT_STYLES[Verdict(comparison.verdict)]), after))


def _remedy_text(found: Remedy, workers: int) -> str:
    cost = found.cost(workers)
    return (f" ({cost})" if cost else "") + f": {found.command or found.text}"


def _print(console: Console, text: Text) -> None:
    console.print(text, soft_wrap=not console.is_terminal)


def natural_width(console: Console, grid: RichTable) -> int:
    """Return how many columns a grid takes where nothing is broken."""
    return Measurement.get(console, console.options.update_width(_UNBOUNDED), grid).maximum


@dataclass(frozen=True)
class _View:
    """Shows a table; the layout is chosen when it is printed: only then is the width known.

    Attributes:
        is_stacked: The parts of a cell stand below each other, and so do an arm and its runs.
        more: Places of the columns for which there is room.
    """

    table: Table
    explain: bool
    is_stacked: bool = False
    more: frozenset[int] = frozenset()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(one_line(self.table.title), style="bold")
        yield Text(one_line(self.table.caption), style="dim")
        grid = self._fit(console, options.max_width)
        yield grid
        if natural_width(console, grid) > options.max_width and not self.table.is_brief:
            yield Text("This terminal is too narrow for the whole table.", style="yellow")
        for column in self.table.columns if self.explain else ():
            yield Text.assemble((column.title, "bold dim"), (f": {one_line(column.definition)}", "dim"))
        for note in self.table.notes if self.explain else ():
            yield Text(one_line(note), style="dim")

    def _fit(self, console: Console, width: int) -> RichTable:
        view = self
        optional = {column.urgency: place for place, column in enumerate(self.table.columns) if column.urgency}
        for _, place in sorted(optional.items()):
            wider = replace(view, more=view.more | {place})
            view = wider if natural_width(console, wider._grid()) <= width else view
        if not self.table.is_brief and natural_width(console, view._grid()) > width:
            view = replace(view, is_stacked=True)
        # What the numbers leave is for the names.
        spare = width - natural_width(console, view._grid(_NARROWEST_NAME))
        return view._grid(_NARROWEST_NAME + max(spare, 0))

    def _grid(self, name_width: int = _UNBOUNDED) -> RichTable:
        table, stacked = self.table, self.is_stacked
        space = 0 if stacked else 1 + table.is_brief
        grid = RichTable(box=box.HORIZONTALS, show_edge=False, pad_edge=False, padding=(0, space, 0, 0))
        grid.add_column("arm", min_width=_NARROWEST_NAME)
        if not (stacked or table.is_brief):
            grid.add_column("runs", no_wrap=True)
        places = [place for place, column in enumerate(table.columns) if not column.urgency or place in self.more]
        for title in (table.columns[place].title for place in places):
            words = title.split(" ", -1 if stacked else 1 - table.is_brief)
            grid.add_column("\n".join(words), no_wrap=title != "verdict")
        texts = [_align([row.cells[place] for row in table.rows], "\n" if stacked else " ") for place in places]
        by_row = iter(zip(*texts, strict=True))
        for part in table.parts:
            for row in part:
                self._add_row(grid, row, next(by_row, ()), name_width)
            grid.add_section()
        return grid

    def _add_row(self, grid: RichTable, row: Row, texts: Sequence[tuple[Text, str]], name_width: int) -> None:
        is_whole = row.num_runs == row.num_seeds and not row.num_diverged
        remarks = [] if self.table.is_brief and is_whole else row.remarks
        name, blanks = break_name(row.arm, name_width), []
        if self.is_stacked or self.table.is_brief:
            head = [Text.assemble(name, *((f"\n  {remark}", "dim") for remark in remarks))]
        else:
            head, blanks = [Text(name), Text(", ".join(remarks))], [Text("")]
        grid.add_row(*head, *(measured for measured, _ in texts))
        if any(cell.published for cell in row.cells):
            grid.add_row(Text("  published"), *blanks, *(Text(published) for _, published in texts), style="dim")


def _align(cells: Sequence[Cell], between: str) -> list[tuple[Text, str]]:
    """Return measured and published texts of one column, decimal points below each other."""
    firsts = [cell.lines[0] for cell in cells]
    is_words = any(first[:1].isalpha() for first in firsts)
    width = 0 if is_words else max(map(len, (*firsts, *(cell.published for cell in cells))), default=0)
    return [
        (
            Text(between.join([cell.lines[0].rjust(width), *cell.lines[1:]]), VERDICT_STYLES.get(cell.verdict, "")),
            cell.published.rjust(width),
        )
        for cell in cells
    ]
