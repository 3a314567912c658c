"""Units of what is shown: losses, accuracies, minutes, other people's metrics, and differences of each."""

from dataclasses import dataclass

__all__ = ["ABSENT", "ACCURACY", "LOSS", "MINUTES", "POINTS", "Unit"]

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

    def amount(self, text: str) -> str:
        """Return a number with the unit behind it."""
        return f"{text} {self.name}".rstrip()


LOSS = Unit(4, name="nats")
ACCURACY = POINTS = Unit(2, 100.0, "points")
MINUTES = Unit(2)
