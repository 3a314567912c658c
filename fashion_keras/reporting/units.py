"""Units of what is compared: how values of a metric and their differences are shown."""

from dataclasses import dataclass

__all__ = ["POINTS", "Unit"]

_MOST_DIGITS = 8
_LARGEST = 1e7


@dataclass(frozen=True)
class Unit:
    """How the values of a metric are shown.

    Attributes:
        digits: Decimal places; with more than eight, four significant digits.
        scale: What values are multiplied with before.
        name: Of differences, such as `points`; empty where the metric has none.
    """

    digits: int
    scale: float = 1.0
    name: str = ""

    def value(self, value: float, sign: str = "") -> str:
        """Return a value; a very large one with four significant digits."""
        scaled = value * self.scale
        if self.digits > _MOST_DIGITS or abs(scaled) >= _LARGEST:
            return f"{scaled:{sign}z.4g}"
        return f"{scaled:{sign}z.{self.digits}f}"

    def difference(self, value: float) -> str:
        """Return a difference with its sign."""
        return self.value(value, "+")

    def span(self, interval: tuple[float, float]) -> str:
        """Return an interval of differences: `+0.42 to +0.65`."""
        return " to ".join(map(self.difference, interval))

    def amount(self, text: str) -> str:
        """Return a number with the unit behind it."""
        return f"{text} {self.name}".rstrip()


POINTS = Unit(2, 100.0, "points")
"""Of accuracies, which are fractions."""
