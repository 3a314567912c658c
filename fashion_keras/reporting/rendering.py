"""Tables as Markdown and CSV."""

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

from fashion_keras.config.run_config import canonical_json
from fashion_keras.formatting import one_line
from fashion_keras.reporting.cells import Cell
from fashion_keras.reporting.tables import Table
from fashion_keras.storage.comparison import ComparisonResults
from fashion_keras.storage.results import METRICS

# An underscore within a word, as in batch_norm, is no markup and stays readable.
_MARKUP = re.compile(r"[\\`*\[\]<>|#~&$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def to_markdown(table: Table, *, level: int = 1) -> str:
    """Return the table in GitHub's Markdown under a heading of a level, footnotes below it."""
    lines = [
        f"{'#' * level} {escape_markdown(table.title)}",
        "",
        f"{escape_markdown(table.caption)}. {table.legend}".rstrip(),
        "",
        *markdown_rows(table),
        "",
        *(f"- **{column.title}**: {escape_markdown(column.definition)}" for column in table.columns),
        *(f"- {escape_markdown(note)}" for note in table.notes),
    ]
    return "\n".join(lines) + "\n"


def markdown_rows(table: Table) -> list[str]:
    """Return the lines of the table alone, its head included."""
    titles = ["arm", "runs", *(column.title for column in table.columns)]
    body = []
    for number, part in enumerate(table.parts):
        if number:
            body.append(["*described in words only*", *[""] * (len(titles) - 1)])  # Markdown has no line within a table
        body += [
            [escape_markdown(row.arm), ", ".join(row.remarks), *(_markdown_cell(cell) for cell in row.cells)]
            for row in part
        ]
    separators = ["---", "---", *["---:"] * len(table.columns)]
    return [_markdown_row(texts) for texts in (titles, separators, *body)]


def _markdown_cell(cell: Cell) -> str:
    text = escape_markdown(" ".join(cell.lines))
    return f"{text}<br>({escape_markdown(cell.published)})" if cell.published else text


def _markdown_row(texts: Iterable[str]) -> str:
    return "| " + " | ".join(texts) + " |"


def escape_markdown(text: str) -> str:
    """Return any text as one line that Markdown shows as it stands, also within a table's cell."""
    return _MARKUP.sub(r"\\\g<0>", one_line(text))


def to_csv(table: Table) -> str:
    """Return the table as CSV, one row an arm, numbers for programs: accuracies are fractions.

    The columns are `arm`, `described` (0 or 1), `seeds` (requested), `runs` (finished), `diverged`, and for each of the
    table's columns its key with the end of each field: `test_accuracy_mean`, `..._std`, `..._n`, `..._published`. A
    missing number is an empty field.
    """
    heads = [f"{column.key}_{end}" for place, column in enumerate(table.columns) for end in _field_ends(table, place)]
    rows = [
        [
            row.arm,
            int(row.described),
            row.num_seeds,
            row.num_runs,
            row.num_diverged,
            *(value for cell in row.cells for value in cell.fields.values()),
        ]
        for row in table.rows
    ]
    return csv_text(["arm", "described", "seeds", "runs", "diverged", *heads], rows)


def _field_ends(table: Table, place: int) -> list[str]:
    return list(table.rows[0].cells[place].fields) if table.rows else []


def runs_csv(results: ComparisonResults, *, with_times: bool = True) -> str:
    """Return every run as a row of one CSV.

    The columns are `arm`, `seed`, `folder` (in the store), `run_id`, `status`, the last epoch's values under
    `results.METRICS` (losses in nats, accuracies as fractions, empty where not finite or not evaluated), `config`
    (JSON, what differs from the defaults), and last `train_seconds`, `total_seconds`, `startup_seconds` and
    `finished_at` (UTC).

    Args:
        results: The runs.
        with_times: The last four columns too; no two invocations share them.
    """
    times = [f"{name}_seconds" for name in _SECONDS] + ["finished_at"] if with_times else []
    heads = ["arm", "seed", "folder", "run_id", "status", *METRICS, "config", *times]
    rows = []
    for arm in results.arms:
        for seed, run in arm.runs.items():
            row = [arm.name, seed, run.path.name, run.run_id, run.status, *(run.final[name] for name in METRICS)]
            row.append(canonical_json(run.result["config"]))
            if with_times:
                row += [*(run.seconds[name] for name in _SECONDS), run.result["finished_at"]]
            rows.append(row)
    return csv_text(heads, rows)


_SECONDS = ("train", "total", "startup")


def csv_text(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return rows under their heads as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows([_csv_value(value) for value in row] for row in rows)
    return text.getvalue()


def _csv_value(value: Any) -> Any:
    # Eight digits are what float32 holds; more would show how a mean was added up.
    return f"{value:.8g}" if isinstance(value, float) and math.isfinite(value) else value
