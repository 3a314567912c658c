"""Table of a comparison as data: a row an arm, the report's columns, each with its definition in words."""

from dataclasses import dataclass

from fashion_keras.formatting import count_noun
from fashion_keras.reporting.cells import Cell

__all__ = ["MINUTES_KEY", "Column", "Row", "Table"]

MINUTES_KEY = "minutes"


@dataclass(frozen=True)
class Column:
    """One column: its key begins its CSV fields, its definition is a footnote that a student understands."""

    key: str
    title: str
    definition: str


@dataclass(frozen=True)
class Row:
    """One arm.

    Attributes:
        arm: Its name, as the user wrote it.
        text_only: The report has no numbers of it; it stands below the line.
        num_runs: Finished runs of the requested seeds.
        num_diverged: Those of them that ended in a loss that is no finite number.
        num_seeds: The requested seeds.
        cells: In the order of the columns.
        unit: What the runs are counted in.
    """

    arm: str
    text_only: bool
    num_runs: int
    num_diverged: int
    num_seeds: int
    cells: tuple[Cell, ...]
    unit: str = "seed"

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the means are over: `10 seeds` or `3 of 10 seeds`, then `2 of 10 diverged` where some did."""
        planned = count_noun(self.num_seeds, self.unit)
        seeds = planned if self.num_runs == self.num_seeds else f"{self.num_runs} of {planned}"
        return (seeds, f"{self.num_diverged} of {self.num_runs} diverged") if self.num_diverged else (seeds,)


@dataclass(frozen=True)
class Table:
    """A comparison's table. It holds no date and no path, so equal results give equal bytes, minutes aside.

    Attributes:
        title: The comparison's line for people.
        caption: Data set, seeds and epochs.
        columns: The minutes last, so that what depends on the machine ends each line.
        rows: The report's rows in the experiment's order, then those of its words only.
        notes: Footnotes that are no definitions of columns.
        legend: How to read a cell, where the terminal shows it by its layout.
    """

    title: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    legend: str = ""

    @property
    def has_published(self) -> bool:
        """Whether any cell has a published value."""
        return any(cell.published for row in self.rows for cell in row.cells)

    @property
    def parts(self) -> tuple[tuple[Row, ...], ...]:
        """The rows above and below the line; one part where there is no line to draw."""
        parts = [tuple(row for row in self.rows if row.text_only is text_only) for text_only in (False, True)]
        return tuple(part for part in parts if part)
