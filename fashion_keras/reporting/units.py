"""Units of what is shown: losses, accuracies, minutes, other people's metrics, and differences of each."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fashion_keras.results.metrics import Metric
from fashion_keras.storage.comparison import ComparisonResults

__all__ = ["ABSENT", "ACCURACY", "LOSS", "MINUTES", "POINTS", "Unit", "unit_of"]

ABSENT = "–"
"""What a person reads where there is no number."""

_MOST_DIGITS = 8


@dataclass(frozen=True)
class Unit:
    """How values and their differences are shown to people.

    Attributes:
        digits: Decimal places; with more than eight, four significant digits.
        scale: What values are multiplied with before: accuracies are fractions everywhere but in what a person reads.
        name: Of differences, such as `points`; empty where there is none.
        largest: From here on, four significant digits: a loss of a thousand is about to be none.
    """

    digits: int
    scale: float = 1.0
    name: str = ""
    largest: float = 1000.0

    @classmethod
    def of(cls, metric: Metric, values: Iterable[NDArray[np.float64]]) -> "Unit":
        """Return points for shares, else as many decimal places as show two digits of the smallest standard deviation.

        Of arms that do not vary at all, of the smallest difference between them.

        Args:
            metric: What is shown.
            values: Of each arm, float64 [seeds].
        """
        if metric.is_share:
            return POINTS
        rows = [finite for row in values if (finite := row[np.isfinite(row)]).size]
        steps = np.diff(np.sort([row.mean() for row in rows]))
        varying = [spread for row in rows if (spread := row.std()) > 1e-12] or [step for step in steps if step > 0.0]
        smallest = min(varying, default=1.0)
        return cls(int(np.clip(1 - np.floor(np.log10(smallest)), 0, 9)), name=metric.unit, largest=1e7)

    def text(self, value: float | None, sign: str = "") -> str:
        """Return a value, or a dash for none; no zero is negative."""
        if value is None:
            return ABSENT
        scaled = value * self.scale
        if self.digits > _MOST_DIGITS or abs(scaled) >= self.largest:
            return f"{scaled:{sign}z.4g}"
        return f"{scaled:{sign}z.{self.digits}f}"

    def difference(self, value: float) -> str:
        """Return a difference with its sign.

        >>> POINTS.difference(0.0053), POINTS.difference(-0.00001)
        ('+0.53', '+0.00')
        """
        return self.text(value, "+")

    def span(self, interval: tuple[float, float] | None) -> str:
        """Return an interval of differences, or a dash for none: `+0.42 to +0.65`."""
        return ABSENT if interval is None else " to ".join(map(self.difference, interval))

    def title(self, text: str) -> str:
        """Return the title of a column of differences."""
        return f"{text}, {self.name}" if self.name else text

    def margin(self, margin: float) -> str:
        """Return a margin of equivalence with the unit behind it."""
        return self.amount(f"{self.scale * margin:g}")

    def of_metric(self, metric: Metric) -> str:
        """Return what an axis of differences shows: `points of test accuracy`."""
        text = f"{self.name} of {metric.text}" if metric.is_share else self.title(metric.text)
        return text if metric.higher_is_better else f"{text} ({metric.direction})"

    def amount(self, text: str) -> str:
        """Return a number with the unit behind it."""
        return f"{text} {self.name}".rstrip()


def unit_of(results: ComparisonResults) -> Unit:
    """Return how that is shown by which a comparison, of all arms, is judged."""
    return Unit.of(results.record.metric, results.values.values())


LOSS = Unit(4, name="nats")
ACCURACY = POINTS = Unit(2, 100.0, "points")
MINUTES = Unit(2)
