"""Cells of a table: what one column says of one arm, to people and to programs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fashion_keras.reporting.units import Unit
from fashion_keras.statistics import mean_interval

__all__ = ["Cell", "Field", "difference_cell", "interval_fields", "mean_of", "measured_cell"]

Field = float | int | str | None
Interval = tuple[float, float]


@dataclass(frozen=True)
class Cell:
    """What one column says of one arm. A renderer knows nothing else of it.

    Attributes:
        lines: The text for people, in parts that a narrow table puts below each other.
        fields: The CSV fields by the end of their names; the same ends in every cell of a column.
        published: The report's value for people, or an empty text.
    """

    lines: tuple[str, ...]
    fields: Mapping[str, Field]
    published: str = ""


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
