"""Cells of a table: what one column says of one arm, to people and to programs.

A renderer asks a cell for its texts and its CSV fields and knows nothing else of it. A column of another kind (a paired
difference, a verdict) is therefore a class with the three properties of `Cell`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fashion_keras.reporting.units import Unit
from fashion_keras.statistics import mean_interval

Field = float | int | str | None
Interval = tuple[float, float]


class Cell(Protocol):
    """What one column says of one arm."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The text for people, in parts that a narrow table puts below each other."""

    @property
    def published(self) -> str:
        """The report's value for people, or an empty text."""

    @property
    def fields(self) -> Mapping[str, Field]:
        """The CSV fields by the end of their names; the same ends in every cell of a column."""


@dataclass(frozen=True)
class TextCell:
    """A cell given by its texts for people and its fields for programs."""

    lines: tuple[str, ...]
    fields: Mapping[str, Field]
    published: str = ""


def interval_fields(interval: Interval | None) -> dict[str, Field]:
    """Return the CSV fields of an interval, empty ones where there is none."""
    return dict(zip(("low", "high"), interval or (None, None), strict=True))


def difference_cell(mean: float, interval: Interval | None, unit: Unit, **more: Field) -> TextCell:
    """Return the cell of a difference: its mean, then its interval in brackets where there is one.

    Args:
        mean: The difference.
        interval: Where it lies.
        unit: How both are shown.
        **more: Fields for programs behind these.
    """
    brackets = (f"({unit.span(interval)})",) if interval else ()
    return TextCell((unit.difference(mean), *brackets), {"mean": mean, **interval_fields(interval), **more})


@dataclass(frozen=True)
class MeasuredCell:
    """Mean and standard deviation of a quantity over an arm's runs.

    Attributes:
        unit: How its numbers are shown.
        mean: In nats, as a fraction or in minutes; None without runs.
        std: Standard deviation between the runs, n - 1 in the denominator; None with fewer than two.
        num_values: The runs that it is over.
        published_value: The report's, in the same unit, or None.
        has_interval: Whether programs get the 95 % interval of the mean, and people where there is one.
        interval: It, of an accuracy within 0 and 1; None with fewer than two runs.
    """

    unit: Unit
    mean: float | None
    std: float | None
    num_values: int
    published_value: float | None = None
    has_interval: bool = False
    interval: Interval | None = None

    @classmethod
    def of(
        cls, unit: Unit, values: NDArray[np.float64], published: float | None = None, *, has_interval: bool = False
    ) -> "MeasuredCell":
        """Summarise values, float64 [runs]; those that are not finite are left out.

        Args:
            unit: How they are shown.
            values: Of the runs.
            published: The report's.
            has_interval: Give the interval of the mean, too: of accuracies.
        """
        finite = values[np.isfinite(values)]
        mean = float(finite.mean()) if len(finite) else None
        std = float(finite.std(ddof=1)) if len(finite) > 1 else None
        interval = mean_interval(finite) if has_interval and len(finite) else None
        if interval is not None:
            interval = (max(0.0, interval[0]), min(1.0, interval[1]))  # few and scattered runs reach beyond
        return cls(unit, mean, std, len(finite), published, has_interval, interval)

    @property
    def lines(self) -> tuple[str, ...]:
        """The mean, then the standard deviation and the interval, of what there is."""
        text = self.unit.text
        deviation = () if self.std is None else (f"± {text(self.std)}",)
        interval = () if self.interval is None else (f"[{'–'.join(map(text, self.interval))}]",)
        return (text(self.mean), *deviation, *interval)

    @property
    def published(self) -> str:
        """The report's value."""
        return "" if self.published_value is None else self.unit.text(self.published_value)

    @property
    def fields(self) -> Mapping[str, Field]:
        """Mean, standard deviation, number of runs, published value, and the ends of an interval."""
        fields: dict[str, Field] = {"mean": self.mean, "std": self.std, "n": self.num_values}
        ends = interval_fields(self.interval) if self.has_interval else {}
        return {**fields, "published": self.published_value, **ends}
