"""Cells of a table: what one column says of one arm, to people and to programs.

A renderer asks a cell for its texts and its CSV fields and knows nothing else of it. A column of another kind (a paired
difference, a verdict) is therefore a class with the three properties of `Cell`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fashion_keras.statistics import mean_interval

ABSENT = "–"
"""What a person reads where there is no number."""

Field = float | int | str | None


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
class Quantity:
    """How a number is shown to people.

    Attributes:
        digits: Decimal places.
        scale: What it is multiplied with before: accuracies are fractions everywhere but in what a person reads.
    """

    digits: int
    scale: float = 1.0

    def text(self, value: float | None) -> str:
        """Return the number as text; large ones, of a run about to diverge, with four significant digits."""
        if value is None:
            return ABSENT
        scaled = value * self.scale
        return f"{scaled:.{self.digits}f}" if abs(scaled) < 1000 else f"{scaled:.4g}"


LOSS = Quantity(digits=4)
ACCURACY = Quantity(digits=2, scale=100.0)
MINUTES = Quantity(digits=2)


@dataclass(frozen=True)
class TextCell:
    """A cell given by its texts for people and its fields for programs."""

    lines: tuple[str, ...]
    fields: Mapping[str, Field]
    published: str = ""


@dataclass(frozen=True)
class MeasuredCell:
    """Mean and standard deviation of a quantity over an arm's runs.

    Attributes:
        quantity: How its numbers are shown.
        mean: In nats, as a fraction or in minutes; None without runs.
        std: Standard deviation between the runs, n - 1 in the denominator; None with fewer than two.
        num_values: The runs that it is over.
        published_value: The report's, in the same unit, or None.
    """

    quantity: Quantity
    mean: float | None
    std: float | None
    num_values: int
    published_value: float | None = None

    @classmethod
    def of(cls, quantity: Quantity, values: NDArray[np.float64], published: float | None = None) -> "MeasuredCell":
        """Summarise values, float64 [runs]; those that are not finite are left out."""
        finite = values[np.isfinite(values)]
        mean = float(finite.mean()) if len(finite) else None
        std = float(finite.std(ddof=1)) if len(finite) > 1 else None
        return cls(quantity, mean, std, len(finite), published)

    @property
    def lines(self) -> tuple[str, ...]:
        """The mean, then the standard deviation where there is one."""
        mean = self.quantity.text(self.mean)
        return (mean,) if self.std is None else (mean, f"± {self.quantity.text(self.std)}")

    @property
    def published(self) -> str:
        """The report's value."""
        return "" if self.published_value is None else self.quantity.text(self.published_value)

    @property
    def fields(self) -> Mapping[str, Field]:
        """Mean, standard deviation, number of runs and published value."""
        return {"mean": self.mean, "std": self.std, "n": self.num_values, "published": self.published_value}


@dataclass(frozen=True)
class MeanIntervalCell(MeasuredCell):
    """Mean and standard deviation of an accuracy, and how well the mean is known.

    Attributes:
        interval: 95 % interval of the mean, within 0 and 1; None with fewer than two runs.
    """

    interval: tuple[float, float] | None = None

    @classmethod
    def of(cls, quantity: Quantity, values: NDArray[np.float64], published: float | None = None) -> "MeanIntervalCell":
        """Summarise values, float64 [runs], fractions; those that are not finite are left out."""
        cell = MeasuredCell.of(quantity, values, published)
        finite = values[np.isfinite(values)]
        interval = mean_interval(finite) if len(finite) else None
        if interval is not None:
            interval = (max(0.0, interval[0]), min(1.0, interval[1]))  # few and scattered runs reach beyond
        return cls(cell.quantity, cell.mean, cell.std, cell.num_values, cell.published_value, interval)

    @property
    def lines(self) -> tuple[str, ...]:
        """Mean and standard deviation, then the interval where there is one."""
        if self.interval is None:
            return super().lines
        low, high = (self.quantity.text(end) for end in self.interval)
        return (*super().lines, f"[{low}–{high}]")

    @property
    def fields(self) -> Mapping[str, Field]:
        """Those of the mean, and the ends of its interval."""
        low, high = self.interval or (None, None)
        return {**super().fields, "low": low, "high": high}
