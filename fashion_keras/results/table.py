"""Result table: columns of texts or numbers as a file or a frame has them, and where each row stands."""

import difflib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fashion_keras.errors import ResultsError
from fashion_keras.formatting import one_line, shorten

__all__ = ["ResultTable", "is_missing", "normalise", "parse_number", "quoted"]

MAX_MAGNITUDE = 1e100  # squares of larger numbers are soon infinite
_PREFIX = re.compile(r"^(params|metrics|config|summary|tags\.mlflow)[./]", re.IGNORECASE)
_WORDS: Mapping[str, float] = {
    "true": 1.0,
    "false": 0.0,
    "yes": 1.0,
    "no": 0.0,
    "right": 1.0,
    "wrong": 0.0,
    "correct": 1.0,
    "incorrect": 0.0,
}


@dataclass(frozen=True)
class ResultTable:
    """Rows of results.

    Attributes:
        name: Of the file or frame, as messages name it.
        columns: By their names; entry i of each is of row i. Values are texts, numbers or None.
        lines: Line of the file, or number of the row, for each row.
        decimal_comma: Whether a comma within a number is a decimal point, as in files separated by semicolons.
    """

    name: str
    columns: Mapping[str, Sequence[Any]]
    lines: Sequence[int]
    decimal_comma: bool = False

    def place(self, row: int) -> str:
        """Return where a row stands: `results.csv:12`."""
        return f"{self.name}:{self.lines[row]}"

    def column(self, name: str) -> str:
        """Return the column that a user named, whatever its case and prefix.

        Raises:
            ResultsError: There is none; it names the likeliest.
        """
        if name in self.columns:
            return name
        same = [each for each in self.columns if normalise(each) == normalise(name)]
        if len(same) == 1:
            return same[0]
        raise ResultsError(f"{self.name} has no column {quoted(name)}{did_you_mean(name, self.columns)}")

    def numbers(self, name: str) -> list[float | None]:
        """Return a column as finite numbers, None where it is empty.

        Raises:
            ResultsError: A value is no finite number; it names the line.
        """
        quick = _quick_numbers(self.columns[name])
        if quick is not None:
            return quick
        values: list[float | None] = []
        for row, value in enumerate(self.columns[name]):
            number = None if is_missing(value) else parse_number(value, self.decimal_comma)
            if number is None and not is_missing(value):
                raise ResultsError(
                    f"{self.place(row)} has {quoted(value)} in column {quoted(name)}; a number was expected"
                )
            if number is not None and not abs(number) <= MAX_MAGNITUDE:
                raise ResultsError(
                    f"{self.place(row)} has {quoted(value)} in column {quoted(name)}; finite numbers are needed: give "
                    "a run that diverged its accuracy, or a loss that stands for having failed"
                )
            values.append(number)
        return values

    def is_numeric(self, name: str) -> bool:
        """Whether a column has numbers, and nothing else but empty fields."""
        found = False
        for value in _unique(self.columns[name]):
            if not is_missing(value):
                if parse_number(value, self.decimal_comma) is None:
                    return False
                found = True
        return found

    def distinct(self, name: str) -> list[str]:
        """Return the different texts of a column in their order, empty fields left out."""
        return list(dict.fromkeys(text_of(value) for value in _unique(self.columns[name]) if not is_missing(value)))

    def keep(self, rows: Sequence[int]) -> "ResultTable":
        """Return the table of these rows alone."""
        columns = {name: [values[row] for row in rows] for name, values in self.columns.items()}
        return ResultTable(self.name, columns, [self.lines[row] for row in rows], self.decimal_comma)


def _unique(values: Iterable[Any]) -> Iterable[Any]:
    """Return each value once, where values can be compared so."""
    try:
        return dict.fromkeys(values)
    except TypeError:
        return values


def _quick_numbers(values: Sequence[Any]) -> list[float | None] | None:
    """Return plain finite numbers at once; None where a value needs a closer look."""
    try:
        numbers = list(map(float, values))
    except (TypeError, ValueError, OverflowError):
        return None
    return [*numbers] if all(-MAX_MAGNITUDE <= number <= MAX_MAGNITUDE for number in numbers) else None


def normalise(name: str) -> str:
    """Return a column's name as it is compared: `metrics.Test Accuracy` is `test_accuracy`."""
    return re.sub(r"[^a-z0-9]+", "_", _PREFIX.sub("", name.strip()).lower()).strip("_")


def is_missing(value: Any) -> bool:
    """Whether a field is empty. NaN is not: a run that ended so must not vanish."""
    return value is None or (isinstance(value, str) and not value.strip())


def parse_number(value: Any, decimal_comma: bool = False) -> float | None:
    """Return a field as a number, NaN and infinity among them; None where it is none.

    >>> parse_number("93,5", decimal_comma=True), parse_number("true"), parse_number("adam")
    (93.5, 1.0, None)
    """
    try:
        return float(value)
    except OverflowError:
        return math.inf
    except (TypeError, ValueError):
        text = str(value).strip().lower()
    if text in _WORDS:
        return _WORDS[text]
    try:
        return float(text.replace(",", ".", 1)) if decimal_comma else float(text.removesuffix("%"))
    except ValueError:
        return None


def text_of(value: Any) -> str:
    """Return a field as the name of an arm or a seed: `3.0`, as frames have whole numbers beside gaps, is `3`."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def quoted(value: Any) -> str:
    """Return a name or value from a user's file, short and on one line, in quotes."""
    return f"'{shorten(str(value), 60)}'"


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return `; did you mean 'accuracy'?`, or what there is."""
    known = [*map(str, names)][:1_000]
    near = difflib.get_close_matches(normalise(name), [normalise(each) for each in known], n=1, cutoff=0.5)
    if near:
        return f"; did you mean {quoted(next(each for each in known if normalise(each) == near[0]))}?"
    listed = ", ".join(shorten(one_line(each), 30) for each in known[:12]) + (", ..." if len(known) > 12 else "")
    return f"; it has {listed}" if listed else ""
