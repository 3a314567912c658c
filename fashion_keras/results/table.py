"""Result table: columns of texts or numbers as a file or a frame has them, and what a user said of them."""

import contextlib
import difflib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fashion_keras.errors import ResultsError
from fashion_keras.formatting import one_line, shorten

__all__ = [
    "ResultTable", "Selection", "did_you_mean", "is_missing", "listed", "normalise", "parse_number", "quoted",
    "text_of", "words",
]  # fmt: skip

MAX_MAGNITUDE = 1e100  # squares of larger numbers are soon infinite
_PREFIX = re.compile(r"^(params|metrics|config|summary|tags\.mlflow)[./]", re.IGNORECASE)
_WORDS = {
    "true": 1.0,
    "yes": 1.0,
    "right": 1.0,
    "correct": 1.0,
    "false": 0.0,
    "no": 0.0,
    "wrong": 0.0,
    "incorrect": 0.0,
}


@dataclass(frozen=True)
class Selection:
    """What a user said of a table; what is None is found by its usual name.

    Attributes:
        arm: Column that names what is compared, or several with commas between them.
        seed: Column of the seed, which pairs the runs of different arms.
        metric: Column that is judged.
        baseline: Arm that the others are compared with.
        dataset_column: Column of the data set; each is judged by itself.
        higher_is_better: Direction of the metric.
    """

    arm: str | None = None
    seed: str | None = None
    metric: str | None = None
    baseline: str | float | None = None
    dataset_column: str | None = None
    higher_is_better: bool | None = None


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

    def column(self, name: str | None) -> str | None:
        """Return the column that a user named, if any, whatever its case and prefix.

        Raises:
            ResultsError: There is none; it names the likeliest.
        """
        if name is None or name in self.columns:
            return name
        same = [each for each in self.columns if normalise(each) == normalise(name)]
        if len(same) == 1:
            return same[0]
        raise ResultsError(f"{self.name} has no column {quoted(name)}{did_you_mean(name, self.columns)}")

    def numbers(self, name: str, *, finite: bool = True) -> list[float | None]:
        """Return a column as numbers, None where it is empty.

        Args:
            name: Of the column.
            finite: Whether all must be; else infinity is what is not, or has squares that would not be.

        Raises:
            ResultsError: A value is no finite number; it names the line.
        """
        values = self.columns[name]
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            plain: list[float | None] = list(map(float, values))
            if all(abs(number) <= MAX_MAGNITUDE for number in plain if number is not None):
                return plain
        return [None if is_missing(value) else self._number(row, name, finite) for row, value in enumerate(values)]

    def _number(self, row: int, name: str, finite: bool) -> float:
        value = self.columns[name][row]
        number = parse_number(value, self.decimal_comma)
        found = f"{self.place(row)} has {quoted(value)} in column {quoted(name)}"
        if number is None:
            raise ResultsError(f"{found}; a number was expected")
        if abs(number) <= MAX_MAGNITUDE:
            return number
        if finite:
            raise ResultsError(f"{found}; finite numbers are needed: a run that diverged has an accuracy, of guessing")
        return math.inf

    def is_numeric(self, name: str) -> bool:
        """Whether a column has numbers, and nothing else but empty fields."""
        found = [value for value in _unique(self.columns[name]) if not is_missing(value)]
        return bool(found) and all(parse_number(value, self.decimal_comma) is not None for value in found)

    def distinct(self, name: str) -> list[str]:
        """Return the different texts of a column in their order, empty fields left out."""
        return list(dict.fromkeys(text_of(value) for value in _unique(self.columns[name]) if not is_missing(value)))

    def keep(self, rows: Sequence[int]) -> "ResultTable":
        """Return the table of these rows alone."""
        columns = {name: [values[row] for row in rows] for name, values in self.columns.items()}
        return replace(self, columns=columns, lines=[self.lines[row] for row in rows])

    def without(self, *names: str) -> "ResultTable":
        """Return the table without some columns."""
        return replace(self, columns={name: values for name, values in self.columns.items() if name not in names})


def _unique(values: Iterable[Any]) -> Iterable[Any]:
    """Return each value once, where values can be compared so."""
    try:
        return dict.fromkeys(values)
    except TypeError:
        return values


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text, as long lists of names are written."""
    return tuple(text.split())


def normalise(name: str) -> str:
    """Return a column's name as it is compared: `metrics.Test Accuracy` is `test_accuracy`."""
    return re.sub(r"[^a-z0-9]+", "_", _PREFIX.sub("", name.strip()).lower()).strip("_")


def is_missing(value: Any) -> bool:
    """Whether a field is empty. NaN is not: a run that ended so must not vanish."""
    return value is None or (isinstance(value, str) and not value.strip())


def parse_number(value: Any, decimal_comma: bool = False) -> float | None:
    """Return a field as a number, NaN and infinity among them; None where it is none."""
    try:
        return float(value)
    except OverflowError:
        return math.inf
    except (TypeError, ValueError):
        text = str(value).strip().lower().removesuffix("%")
    if text in _WORDS:
        return _WORDS[text]
    with contextlib.suppress(ValueError):
        return float(text.replace(",", ".", 1) if decimal_comma else text)
    return None


def text_of(value: Any) -> str:
    """Return a field as the name of an arm or a seed: `3.0`, as frames have whole numbers beside gaps, is `3`."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def quoted(value: Any) -> str:
    """Return a name or value from a user's file, short and on one line, in quotes."""
    return f"'{shorten(str(value), 60)}'"


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return `; did you mean 'accuracy'?`, or what there is."""
    known = {normalise(each): each for each in [*names][:1_000]}
    near = difflib.get_close_matches(normalise(name), known, n=1, cutoff=0.5)
    return f"; did you mean {quoted(known[near[0]])}?" if near else listed(known.values(), 12)


def listed(names: Iterable[str], most: int) -> str:
    """Return `; it has arm, seed, ...`: names from a user's file, `most` of them; nothing where there are none."""
    known = list(names)
    shown = ", ".join(shorten(one_line(each), 30) for each in known[:most]) + (", ..." if len(known) > most else "")
    return f"; it has {shown}" if known else ""
