"""Tables of a comparison as data: cells, a row an arm, columns, each with its definition in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fashion_keras.formatting import count_noun
from fashion_keras.reporting.units import Unit
from fashion_keras.statistics import Verdict, mean_interval

__all__ = [
    "MINUTES_KEY", "Cell", "Column", "Field", "Interval", "Row", "Table", "difference_cell", "interval_fields",
    "mean_of", "measured_cell",
]  # fmt: skip

MINUTES_KEY = "minutes"
Field = float | int | str | None
Interval = tuple[float, float]


@dataclass(frozen=True)
class Cell:
    """What one column says of one arm. A renderer knows nothing else of it.

    Attributes:
        lines: The text for people, in parts that a narrow table puts below each other.
        fields: The CSV fields by the end of their names; the same ends in every cell of a column.
        published: The report's value for people, or an empty text.
        verdict: What it says in colour, if it does.
    """

    lines: tuple[str, ...]
    fields: Mapping[str, Field] = field(default_factory=dict)
    published: str = ""
    verdict: Verdict | None = None


def interval_fields(interval: Interval | None) -> dict[str, Field]:
    """Return the CSV fields of an interval, empty ones where there is none."""
    return dict(zip(("low", "high"), interval or (None, None), strict=True))


def difference_cell(mean: float, interval: Interval | None, unit: Unit, **more: Field) -> Cell:
    """Return the cell of a difference: its mean, then its interval in brackets where there is one.

    Args:
        mean: The difference.
        interval: Where it lies.
        unit: How both are shown.
        **more: Fields for programs behind these.
    """
    brackets = (f"({unit.span(interval)})",) if interval else ()
    return Cell((unit.difference(mean), *brackets), {"mean": mean, **interval_fields(interval), **more})


def mean_of(values: NDArray[np.float64]) -> tuple[float | None, float | None, int]:
    """Return mean, standard deviation and number of the values that are finite, float64 [runs].

    Returns:
        None for the mean of no value; None for the deviation (n - 1 in the denominator) of fewer than two.
    """
    finite = values[np.isfinite(values)]
    return (
        float(finite.mean()) if len(finite) else None,
        float(finite.std(ddof=1)) if len(finite) > 1 else None,
        len(finite),
    )


def measured_cell(
    unit: Unit, values: NDArray[np.float64], published: float | None = None, *, has_interval: bool = False
) -> Cell:
    """Return the cell of a quantity over an arm's runs: its mean, then the standard deviation where there is one.

    Args:
        unit: How it is shown.
        values: Of the runs, float64 [runs]; those that are not finite are left out.
        published: The report's.
        has_interval: Give the 95 % interval of the mean, too: of accuracies.
    """
    mean, std, number = mean_of(values)
    lines = [unit.text(mean), *([] if std is None else [f"± {unit.text(std)}"])]
    fields: dict[str, Field] = {"mean": mean, "std": std, "n": number, "published": published}
    if has_interval:
        found = mean_interval(values[np.isfinite(values)]) if number else None
        interval = found and (max(0.0, found[0]), min(1.0, found[1]))  # few and scattered runs reach beyond
        lines += [f"[{'–'.join(map(unit.text, interval))}]"] if interval else []
        fields |= interval_fields(interval)
    return Cell(tuple(lines), fields, "" if published is None else unit.text(published))


@dataclass(frozen=True)
class Column:
    """One column: its key begins its CSV fields, its definition is a footnote that a student understands.

    Attributes:
        urgency: On a terminal 0 is always shown, the others as far as there is room, the lowest first.
    """

    key: str
    title: str
    definition: str
    urgency: int = 0


@dataclass(frozen=True)
class Row:
    """One arm.

    Attributes:
        arm: Its name, as the user wrote it.
        text_only: The report has no numbers of it; it stands below the line.
        num_runs: Finished runs of the requested seeds.
        num_diverged: Those of them that ended in a loss that is no finite number, or in what is judged off the scale.
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
        is_brief: A terminal says of the runs only where some are missing.
    """

    title: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    legend: str = ""
    is_brief: bool = False

    @property
    def has_published(self) -> bool:
        """Whether any cell has a published value."""
        return any(cell.published for row in self.rows for cell in row.cells)

    @property
    def parts(self) -> tuple[tuple[Row, ...], ...]:
        """The rows above and below the line; one part where there is no line to draw."""
        parts = [tuple(row for row in self.rows if row.text_only is text_only) for text_only in (False, True)]
        return tuple(part for part in parts if part)
