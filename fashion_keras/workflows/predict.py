"""Writers of predictions, for people and programs: text, JSON, CSV, batch by batch."""

import csv
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from fashion_keras.formatting import one_line
from fashion_keras.images.reading import Picture
from fashion_keras.inference.classifier import Prediction
from fashion_keras.inference.collecting import Unreadable

__all__ = ["WRITERS", "CsvWriter", "JsonWriter", "Predicted", "PredictionWriter", "TextWriter"]

Predicted = tuple[Picture | Unreadable, tuple[Prediction, ...]]
"""A picture and its most probable classes; or why there is none, and none."""

_TREATMENT = ("inverted", "reason", "trimmed", "num_frames", "plain_ground", "advice")


class PredictionWriter(ABC):
    """Writes predictions in the order of the pictures.

    Args:
        stream: Where to.
        class_names: The names of the model's classes.
    """

    def __init__(self, stream: TextIO, class_names: Sequence[str] = ()):
        self.stream = stream
        self.class_width = max((len(one_line(name)) for name in class_names), default=0)

    def begin(self) -> None:
        """Write what comes before the first prediction."""
        return

    @abstractmethod
    def write(self, predicted: Sequence[Predicted]) -> None:
        """Write some predictions more."""

    def end(self) -> None:
        """Write what comes after the last prediction."""
        return


class TextWriter(PredictionWriter):
    """A line for people per picture: file, classes with probabilities in percent, what was done about light and dark.

    Errors are left out: they go to standard error.
    """

    name_width = 0

    def write(self, predicted: Sequence[Predicted]) -> None:
        """Write a batch, aligned with those before it as far as its names are no longer than theirs."""
        rows = [(picture, predictions) for picture, predictions in predicted if isinstance(picture, Picture)]
        self.name_width = max([self.name_width, *(len(picture.label) for picture, _ in rows)])
        for picture, predictions in rows:
            classes = "  ".join(
                f"{one_line(name):{self.class_width}}  {probability:6.1%}" for _, name, probability in predictions
            )
            self.stream.write(f"{picture.label:{self.name_width}}  {classes}  ({picture.note})\n")


class JsonWriter(PredictionWriter):
    """An array with an object on a line of its own per picture or error; `docs/predict.md` describes it."""

    separator = "[\n"

    def write(self, predicted: Sequence[Predicted]) -> None:
        """Write a batch."""
        for picture, predictions in predicted:
            # In ASCII: file names need not be valid Unicode.
            self.stream.write(self.separator + json.dumps(_as_json(picture, predictions), allow_nan=False))
            self.separator = ",\n"

    def end(self) -> None:
        """Close the array."""
        self.stream.write("[]\n" if self.separator == "[\n" else "\n]\n")


class CsvWriter(PredictionWriter):
    """A row per picture and class, the most probable class with rank 1. Errors are left out, as in text.

    Names are as they are, as in JSON, but on a terminal.
    """

    def begin(self) -> None:
        """Write the names of the columns."""
        self._row("image", "index", "rank", *Prediction._fields, *_TREATMENT)

    def write(self, predicted: Sequence[Predicted]) -> None:
        """Write a batch."""
        for picture, predictions in predicted:
            if isinstance(picture, Picture):
                done = _describe_treatment(picture)
                for rank, prediction in enumerate(predictions, 1):
                    self._row(picture.name, picture.index, rank, *prediction, *done.values())

    def _row(self, *cells: Any) -> None:
        texts = (str(cell).lower() if isinstance(cell, bool) else cell for cell in cells)
        shown = (one_line(cell) if isinstance(cell, str) else cell for cell in texts) if self.stream.isatty() else texts
        csv.writer(self.stream, lineterminator="\n").writerow(shown)


WRITERS: Mapping[str, type[PredictionWriter]] = {"text": TextWriter, "json": JsonWriter, "csv": CsvWriter}
"""By the name of the format."""


def _describe_treatment(picture: Picture) -> dict[str, Any]:
    """Return what was done to a picture, and what would be better."""
    return {name: getattr(picture, name) for name in _TREATMENT} | {"advice": picture.advice or None}


def _as_json(picture: Picture | Unreadable, predictions: Sequence[Prediction]) -> dict[str, Any]:
    if isinstance(picture, Unreadable):
        return {"image": picture.name, "error": picture.reason}
    index = {} if picture.index is None else {"index": picture.index}
    best = {"class_name": predictions[0].class_name}
    classes = {"predictions": [prediction._asdict() for prediction in predictions]}
    return {"image": picture.name} | index | best | classes | _describe_treatment(picture)
