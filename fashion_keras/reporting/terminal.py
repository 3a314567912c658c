"""Comparisons on a terminal: the answer last, one table above it, and all of them with footnotes where asked for."""

import io
from collections.abc import Sequence

from rich import box
from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderResult
from rich.table import Table as RichTable
from rich.text import Text

from fashion_keras.formatting import break_name, one_line
from fashion_keras.reporting.effects import effect_sentences
from fashion_keras.reporting.findings import Remedy, collapse_sentence, remedy, sentence, unjudged
from fashion_keras.reporting.overview import NARROWEST_NAME, UNBOUNDED, VERDICT_STYLES, build_overview, natural_width
from fashion_keras.reporting.report import Report
from fashion_keras.reporting.tables import Cell, Row, Table
from fashion_keras.reporting.units import POINTS, Unit
from fashion_keras.statistics import Comparison, Verdict

__all__ = ["answer_text", "plain_console", "print_answer", "print_sentence", "print_tables", "to_rich"]


def to_rich(table: Table, *, explain: bool = True) -> ConsoleRenderable:
    """Return what `rich.console.Console.print` shows of a table, fit to the console's width, from 80 columns on.

    Args:
        table: Rows of any columns.
        explain: Show what its columns mean, and its notes.
    """
    return _TableView(table, explain)


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
    console.print(build_overview(report))


def print_answer(console: Console, report: Report, *, workers: int = 1) -> None:
    """Print a sentence for each arm, with what would decide an undecided one, and one on the best.

    Args:
        console: Where to print; what is no terminal gets each sentence on one line, without colour.
        report: The comparison's; without differences there is no answer yet.
        workers: Runs at a time, for what more seeds would cost.
    """
    results, comparisons = report.results, report.comparisons
    for line in unjudged(results):
        _print(console, Text(line))
    remedies = [
        _remedy_text(remedy(results, item, comparisons), workers) if item.verdict is Verdict.UNDECIDED else ""
        for item in comparisons
    ]
    for comparison, text, following in zip(comparisons, remedies, [*remedies, ""][1:], strict=True):
        print_sentence(console, comparison, report.unit)
        if comparison.collapse:
            _print(console, Text(f"  {collapse_sentence(comparison)}"))
        if text != following and text:  # once for arms that the same command would decide
            _print(console, Text(f"  to decide{text}"))
    for line in effect_sentences(results):
        _print(console, Text(line))
    if report.best:
        _print(console, Text(report.best, style="bold"))


def answer_text(report: Report, *, workers: int = 1) -> str:
    """Return what `print_answer` prints, without colour, a sentence on each line; the arguments are its own."""
    file = io.StringIO()
    print_answer(plain_console(file), report, workers=workers)
    return file.getvalue().rstrip("\n")


def plain_console(file: io.StringIO, width: int = 100) -> Console:
    """Return a console that writes plain text of that many columns, wherever it is."""
    return Console(file=file, width=width, force_terminal=False, force_jupyter=False)


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


class _TableView:
    """Chooses the layout when it is printed: only then is the width known."""

    def __init__(self, table: Table, explain: bool):
        self.table = table
        self.explain = explain

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(one_line(self.table.title), style="bold")
        yield Text(one_line(self.table.caption))
        grid = self._fit(console, options)
        yield grid
        if natural_width(console, grid) > options.max_width:
            yield Text("This terminal is too narrow for the whole table.", style="yellow")
        for column in self.table.columns if self.explain else ():
            yield Text.assemble((column.title, "bold dim"), (f": {one_line(column.definition)}", "dim"))
        for note in self.table.notes if self.explain else ():
            yield Text(one_line(note), style="dim")

    def _fit(self, console: Console, options: ConsoleOptions) -> RichTable:
        wide = _build_grid(self.table, is_wide=True)
        if natural_width(console, wide) <= options.max_width:
            return wide
        narrowest = _build_grid(self.table, is_wide=False, name_width=NARROWEST_NAME)
        # What the numbers leave is for the names.
        spare = options.max_width - natural_width(console, narrowest)
        return _build_grid(self.table, is_wide=False, name_width=NARROWEST_NAME + max(spare, 0))


def _build_grid(table: Table, *, is_wide: bool, name_width: int = UNBOUNDED) -> RichTable:
    grid = RichTable(box=box.HORIZONTALS, show_edge=False, pad_edge=False, padding=(0, 1 if is_wide else 0, 0, 0))
    grid.add_column("arm", min_width=NARROWEST_NAME)
    if is_wide:
        grid.add_column("runs", no_wrap=True)
    for column in table.columns:
        words = column.title.split(" ", 1 if is_wide else -1)
        grid.add_column("\n".join(words), no_wrap=True)
    by_column = [_align([row.cells[place] for row in table.rows], is_wide) for place in range(len(table.columns))]
    texts = iter(zip(*by_column, strict=True))
    for part in table.parts:
        for row in part:
            _add_row(grid, row, next(texts), is_wide, name_width)
        grid.add_section()
    return grid


def _add_row(grid: RichTable, row: Row, texts: Sequence[tuple[str, str]], is_wide: bool, name_width: int) -> None:
    name = break_name(row.arm, name_width)
    if is_wide:
        head = [Text(name), Text(", ".join(row.remarks))]
    else:
        head = [Text.assemble(name, *((f"\n  {remark}", "dim") for remark in row.remarks))]
    grid.add_row(*head, *(Text(measured) for measured, _ in texts))
    if any(cell.published for cell in row.cells):
        blanks = [Text("")] * (len(head) - 1)
        grid.add_row(Text("  published"), *blanks, *(Text(published) for _, published in texts), style="dim")


def _align(cells: Sequence[Cell], is_wide: bool) -> list[tuple[str, str]]:
    """Return measured and published texts of one column, so padded that the decimal points stand below each other."""
    width = max((len(text) for cell in cells for text in (cell.lines[0], cell.published)), default=0)
    between = " " if is_wide else "\n"
    return [
        (between.join([cell.lines[0].rjust(width), *cell.lines[1:]]), cell.published.rjust(width)) for cell in cells
    ]
