"""Views of tables on the page: columns of words, such as verdicts, beside the names, and what a column is sorted by."""

from dataclasses import dataclass
from functools import cached_property

from fashion_keras.reporting.cells import Cell, Field
from fashion_keras.reporting.tables import Table


@dataclass(frozen=True)
class TableView:
    """A table under a title."""

    table: Table
    title: str

    @cached_property
    def worded(self) -> tuple[int, ...]:
        """Places of the columns whose cells are words, not numbers."""
        places = range(len(self.table.columns))
        return tuple(n for n in places if any(isinstance(sort_key(row.cells[n]), str) for row in self.table.rows))

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Places of all columns as they are shown: words first, in sight on a phone too."""
        return (*self.worded, *(n for n in range(len(self.table.columns)) if n not in self.worded))


def view_table(table: Table, title: str = "") -> TableView:
    """Return what the page shows of a table, under its own title where no other is given."""
    return TableView(table, title or table.title)


def sort_key(cell: Cell) -> Field:
    """Return what a column is sorted by, the first of a cell's fields; None where there is none."""
    first = next(iter(cell.fields.values()), None)
    return round(first, 8) if isinstance(first, float) else first
