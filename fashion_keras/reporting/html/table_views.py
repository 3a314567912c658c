"""Tables as the page shows them: texts of cells, and what a column is sorted by."""

from dataclasses import dataclass

from fashion_keras.formatting import one_line
from fashion_keras.reporting.cells import Cell
from fashion_keras.reporting.tables import Row, Table


@dataclass(frozen=True)
class CellView:
    """A cell: its text in parts that may stand below each other, the published value or "", and its sorting key."""

    lines: tuple[str, ...]
    published: str
    sort: float | str | None


@dataclass(frozen=True)
class RowView:
    """An arm's row: its name, what its numbers are over, its cells."""

    arm: str
    remarks: str
    cells: tuple[CellView, ...]


@dataclass(frozen=True)
class TableView:
    """A table.

    Attributes:
        title, caption, legend: For people.
        heads: Titles of the columns.
        worded: Places of the columns whose cells are words, not numbers.
        order: Places of all columns as they are shown: words, such as verdicts, first, in sight on a phone too.
        definitions: Title and meaning of each column.
        parts: The rows above and below the line, see `Table.parts`.
        notes: Footnotes.
    """

    title: str
    caption: str
    legend: str
    heads: tuple[str, ...]
    worded: tuple[int, ...]
    order: tuple[int, ...]
    definitions: tuple[tuple[str, str], ...]
    parts: tuple[tuple[RowView, ...], ...]
    notes: tuple[str, ...]


def view_table(table: Table, title: str = "") -> TableView:
    """Return what the page shows of a table, under its own title where no other is given."""
    worded = _find_worded(table)
    return TableView(
        title=one_line(title or table.title),
        caption=one_line(table.caption),
        legend=table.legend,
        heads=tuple(column.title for column in table.columns),
        worded=worded,
        order=(*worded, *(place for place in range(len(table.columns)) if place not in worded)),
        definitions=tuple((column.title, column.definition) for column in table.columns),
        parts=tuple(tuple(_view_row(row) for row in part) for part in table.parts),
        notes=table.notes,
    )


def _find_worded(table: Table) -> tuple[int, ...]:
    firsts = [
        [next(iter(row.cells[place].fields.values()), None) for row in table.rows]
        for place in range(len(table.columns))
    ]
    return tuple(place for place, values in enumerate(firsts) if any(isinstance(value, str) for value in values))


def _view_row(row: Row) -> RowView:
    return RowView(one_line(row.arm), ", ".join(row.remarks), tuple(_view_cell(cell) for cell in row.cells))


def _view_cell(cell: Cell) -> CellView:
    first = next(iter(cell.fields.values()), None)
    return CellView(cell.lines, cell.published, round(first, 8) if isinstance(first, float) else first)
