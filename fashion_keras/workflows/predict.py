"""Writers of answers, for people and programs: text, JSON, CSV, batch by batch."""

import csv
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from fashion_keras.formatting import one_line
from fashion_keras.images.reading import Picture
from fashion_keras.inference.classifier import Guess
from fashion_keras.inference.collecting import Unreadable

Answered = tuple[Picture | Unreadable, tuple[Guess, ...]]
"""A picture and its most probable classes; or why there is none, and none."""

_TREATMENT = ("inverted", "reason", "trimmed", "num_frames", "plain_ground", "advice")


class AnswerWriter(ABC):
    """Writes answers in the order of the pictures.

    Args:
        stream: Where to.
        class_names: The names of the model's classes.
    """

    def __init__(self, stream: TextIO, class_names: Sequence[str] = ()):
        self.stream = stream
        self.class_width = max((len(one_line(name)) for name in class_names), default=0)

    def begin(self) -> None:
        """Write what comes before the first answer."""
        return

    @abstractmethod
    def write(self, answered: Sequence[Answered]) -> None:
        """Write some answers more."""

    def end(self) -> None:
        """Write what comes after the last answer."""
        return


class TextWriter(AnswerWriter):
    """A line for people per picture: file, classes with probabilities in percent, what was done about light and dark.

    Errors are left out: they go to standard error.
    """

    name_width = 0

    def write(self, answered: Sequence[Answered]) -> None:
        """Write a batch, aligned with those before it as far as its names are no longer than theirs."""
        rows = [(picture, guesses) for picture, guesses in answered if isinstance(picture, Picture)]
        self.name_width = max([self.name_width, *(len(picture.label) for picture, _ in rows)])
        for picture, guesses in rows:
            classes = "  ".join(
                f"{one_line(guess.class_name):{self.class_width}}  {guess.probability:6.1%}" for guess in guesses
            )
            self.stream.write(f"{picture.label:{self.name_width}}  {classes}  ({picture.note})\n")


class JsonWriter(AnswerWriter):
    """An array with an object on a line of its own per picture or error; `docs/predict.md` describes it."""

    separator = "[\n"

    def write(self, answered: Sequence[Answered]) -> None:
        """Write a batch."""
        for picture, guesses in answered:
            # In ASCII: file names need not be valid Unicode.
            self.stream.write(self.separator + json.dumps(_as_json(picture, guesses), allow_nan=False))
            self.separator = ",\n"

    def end(self) -> None:
        """Close the array."""
        self.stream.write("[]\n" if self.separator == "[\n" else "\n]\n")


class CsvWriter(AnswerWriter):
    """A row per picture and class, the most probable class with rank 1. Errors are left out, as in text.

    Names are as they are, as in JSON, but on a terminal.
    """

    def begin(self) -> None:
        """Write the names of the columns."""
        self._row("image", "index", "rank", *Guess._fields, *_TREATMENT)

    def write(self, answered: Sequence[Answered]) -> None:
        """Write a batch."""
        for picture, guesses in answered:
            if isinstance(picture, Picture):
                done = _describe_treatment(picture)
                for rank, guess in enumerate(guesses, 1):
                    self._row(picture.name, picture.index, rank, *guess, *done.values())

    def _row(self, *cells: Any) -> None:
        texts = (str(cell).lower() if isinstance(cell, bool) else cell for cell in cells)
        shown = (one_line(cell) if isinstance(cell, str) else cell for cell in texts) if self.stream.isatty() else texts
        csv.writer(self.stream, lineterminator="\n").writerow(shown)


def make_writer(form: str, stream: TextIO, class_names: Sequence[str]) -> AnswerWriter:
    """Return the writer of `text`, `json` or `csv`."""
    writers: dict[str, Callable[..., AnswerWriter]] = {"text": TextWriter, "json": JsonWriter, "csv": CsvWriter}
    return writers[form](stream, class_names)


def _describe_treatment(picture: Picture) -> dict[str, Any]:
    """Return what was done to a picture, and what would be better."""
    return {name: getattr(picture, name) for name in _TREATMENT} | {"advice": picture.advice or None}


def _as_json(picture: Picture | Unreadable, guesses: Sequence[Guess]) -> dict[str, Any]:
    if isinstance(picture, Unreadable):
        return {"image": picture.name, "error": picture.reason}
    index = {} if picture.index is None else {"index": picture.index}
    answers = {"answers": [guess._asdict() for guess in guesses]}
    return {"image": picture.name} | index | answers | _describe_treatment(picture)
