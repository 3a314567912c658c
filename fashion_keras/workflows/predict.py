"""Writers of predictions, for people and programs: text, JSON, CSV, batch by batch."""

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TextIO

from fashion_keras.formatting import one_line
from fashion_keras.images.reading import Picture
from fashion_keras.inference.classifier import Prediction
from fashion_keras.inference.collecting import Unreadable

__all__ = ["WRITERS", "Batches", "Predicted"]

Predicted = tuple[Picture | Unreadable, tuple[Prediction, ...]]
"""A picture and its most probable classes; or why there is none, and none."""

Batches = Iterable[Sequence[Predicted]]

_TREATMENT = ("inverted", "reason", "trimmed", "num_frames", "plain_ground", "advice")


def _write_text(batches: Batches, stream: TextIO, class_names: Sequence[str]) -> None:
    """Write a line for people per picture; a batch is aligned with those before it if its names are no longer.

    Errors are left out: they go to standard error.
    """
    class_width, name_width = max((len(one_line(name)) for name in class_names), default=0), 0
    for predicted in batches:
        rows = [(picture, predictions) for picture, predictions in predicted if isinstance(picture, Picture)]
        name_width = max([name_width, *(len(picture.label) for picture, _ in rows)])
        for picture, predictions in rows:
            classes = "  ".join(
                f"{one_line(name):{class_width}}  {probability:6.1%}" for _, name, probability in predictions
            )
            stream.write(f"{picture.label:{name_width}}  {classes}  ({picture.note})\n")


def _write_json(batches: Batches, stream: TextIO, _: Sequence[str]) -> None:
    """Write an array with an object on a line of its own per picture or error; `docs/predict.md` describes it."""
    separator = "[\n"
    for predicted in batches:
        for picture, predictions in predicted:
            # In ASCII: file names need not be valid Unicode.
            stream.write(separator + json.dumps(_as_json(picture, predictions), allow_nan=False))
            separator = ",\n"
    stream.write("[]\n" if separator == "[\n" else "\n]\n")


def _write_csv(batches: Batches, stream: TextIO, _: Sequence[str]) -> None:
    """Write a row per picture and class, the most probable class with rank 1. Errors are left out, as in text.

    Names are as they are, as in JSON, but on a terminal.
    """
    writer, is_terminal = csv.writer(stream, lineterminator="\n"), stream.isatty()
    writer.writerow(("image", "index", "rank", *Prediction._fields, *_TREATMENT))
    for predicted in batches:
        for picture, predictions in predicted:
            if isinstance(picture, Picture):
                done = _describe_treatment(picture).values()
                for rank, prediction in enumerate(predictions, 1):
                    cells = (picture.name, picture.index, rank, *prediction, *done)
                    writer.writerow(_csv_cell(cell, is_terminal) for cell in cells)


def _csv_cell(cell: Any, is_terminal: bool) -> Any:
    if isinstance(cell, bool):
        return str(cell).lower()
    return one_line(cell) if is_terminal and isinstance(cell, str) else cell


WRITERS: Mapping[str, Callable[[Batches, TextIO, Sequence[str]], None]] = {
    "text": _write_text,
    "json": _write_json,
    "csv": _write_csv,
}
"""By the name of the format: each writes batches in their order to a stream, given the names of the model's classes."""


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
