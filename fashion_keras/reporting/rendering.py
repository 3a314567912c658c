"""Tables as Markdown and CSV."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from fashion_keras.config.components import SOURCE, Component, stored_values
from fashion_keras.config.identity import canonical_json
from fashion_keras.errors import ConfigError
from fashion_keras.formatting import csv_text, one_line
from fashion_keras.reporting.tables import Cell, Table
from fashion_keras.storage.comparison import ComparisonResults
from fashion_keras.storage.results import METRICS
from fashion_keras.storage.runs import StoredRun

__all__ = [
    "escape_markdown", "markdown_row", "markdown_table", "runs_csv", "settings_of", "to_csv", "to_markdown",
    "to_records",
]  # fmt: skip

# An underscore within a word, as in batch_norm, is no markup and stays readable.
_MARKUP = re.compile(r"[\\`*\[\]<>|#~&$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def to_markdown(table: Table, *, level: int = 1, answer: str = "") -> str:
    """Return the table in GitHub's Markdown.

    Args:
        table: Any.
        level: Of its heading.
        answer: Stands between that and the rows; empty where there is none. Footnotes are below them.
    """
    lines = [
        f"{'#' * level} {escape_markdown(table.title)}",
        "",
        f"{escape_markdown(table.caption)}. {table.legend}".rstrip(),
        "",
        *([f"**{escape_markdown(answer)}**", ""] if answer else []),
        _grid(table),
        *(f"- **{column.title}**: {escape_markdown(column.definition)}" for column in table.columns),
        *(f"- {escape_markdown(note)}" for note in table.notes),
    ]
    return "\n".join(lines) + "\n"


def _grid(table: Table) -> str:
    blanks = [""] * (len(table.columns) + 1)
    rows: list[Sequence[str]] = []
    for number, part in enumerate(table.parts):
        if number:
            rows.append(["*described in words only*", *blanks])  # Markdown has no line within a table
        rows += [
            [escape_markdown(row.arm), ", ".join(row.remarks), *(_markdown_cell(cell) for cell in row.cells)]
            for row in part
        ]
    return markdown_table(["arm", "runs", *(column.title for column in table.columns)], rows, num_words=2)


def markdown_table(titles: Sequence[str], rows: Iterable[Sequence[str]], num_words: int) -> str:
    """Return a table of GitHub's Markdown.

    Args:
        titles: Heads of the columns.
        rows: As many texts each, escaped where they are not ours.
        num_words: So many columns from the left are words; the others are numbers and stand to the right.
    """
    rule = ["---"] * num_words + ["---:"] * (len(titles) - num_words)
    return "".join(f"{markdown_row(texts)}\n" for texts in (titles, rule, *rows))


def markdown_row(texts: Iterable[str]) -> str:
    """Return one row of a table of Markdown."""
    return f"| {' | '.join(texts)} |"


def _markdown_cell(cell: Cell) -> str:
    text = escape_markdown(" ".join(cell.lines))
    return f"{text}<br>({escape_markdown(cell.published)})" if cell.published else text


def escape_markdown(text: str) -> str:
    """Return any text as one line that Markdown shows as it stands, also within a table's cell."""
    return _MARKUP.sub(r"\\\g<0>", one_line(text))


def to_csv(table: Table, baseline: str | None = None) -> str:
    """Return the table as CSV, one row an arm, numbers for programs: accuracies are fractions.

    The columns are `arm`, `described` (0 or 1), `seeds` (requested), `runs` (finished), `diverged`, and for each of the
    table's columns its key with the end of each field: `test_accuracy_mean`, `..._std`, `..._n`, `..._published`. A
    missing number is an empty field.

    Args:
        table: Any.
        baseline: What its arms are compared with, named in a column behind `arm`; None where that is left out.
    """
    records = to_records(table, baseline)
    return csv_text(list(records[0]) if records else ["arm"], [list(record.values()) for record in records])


def to_records(table: Table, baseline: str | None = None) -> list[dict[str, Any]]:
    """Return the rows of `to_csv`, each as its values by the names of their columns."""
    return [
        {
            "arm": row.arm,
            **({} if baseline is None else {"baseline": baseline}),
            "described": int(row.text_only),
            "seeds": row.num_seeds,
            "runs": row.num_runs,
            "diverged": row.num_diverged,
            **{
                f"{column.key}_{end}": value
                for column, cell in zip(table.columns, row.cells, strict=True)
                for end, value in cell.fields.items()
            },
        }
        for row in table.rows
    ]


def runs_csv(results: ComparisonResults, *, with_settings: bool = True) -> str:
    """Return every run as a row of one CSV.

    Args:
        results: The runs.
        with_settings: Give each setting a column of its own too.

    The columns are `arm`, `seed`, `folder` (in the store), `run_id`, `status`, the last epoch's values under
    `results.METRICS` (losses in nats, accuracies as fractions, empty where not finite or not evaluated), `config`
    (JSON, what differs from the defaults), the settings (`epochs`, `optimizer`, `optimizer.learning_rate`, ..., with
    the defaults; empty where a run has none of that name), and last what no two invocations share: `train_seconds`,
    `total_seconds`, `startup_seconds` and `finished_at` (UTC).
    """
    record, rows = results.record, []
    metrics = dict.fromkeys((*METRICS, *(metric.name for metric in (*record.metrics, record.metric))))
    for arm in results.arms:
        # The runs of an arm differ in their seeds alone.
        settings = settings_of(next(iter(arm.runs.values()))) if with_settings and arm.runs else {}
        for seed, run in arm.runs.items():
            known = {"arm": arm.name, "seed": seed, "folder": run.path.name, "run_id": run.run_id, "status": run.status}
            known |= {name: run.value(name) for name in metrics} | {"config": canonical_json(run.result["config"])}
            times = {f"{name}_seconds": run.seconds[name] for name in ("train", "total", "startup")}
            rows.append((known, settings, times | {"finished_at": run.result["finished_at"]}))
    heads = [list(dict.fromkeys(name for row in rows for name in row[part])) for part in range(3)]
    names = [name for part in heads for name in part]
    values = [{**settings, **known, **times} for known, settings, times in rows]
    return csv_text(names, [[row.get(name) for name in names] for row in values])


def settings_of(run: StoredRun) -> dict[str, Any]:
    """Return the settings of a run but its seed, defaults included, by names such as `optimizer.learning_rate`.

    Of a custom trainer those are its own, of a network whose file is elsewhere those that it was given.
    """
    config = run.config
    names = [each.name for each in fields(config) if each.name != "seed"] if config.trainer is None else ["trainer"]
    found: dict[str, Any] = {}
    for name in names:
        value = getattr(config, name)
        found[name] = value.name if isinstance(value, Component) else value
        if isinstance(value, Component):
            options = _known_options(name, value).items()
            found |= {f"{name}.{option}": given for option, given in options if option != SOURCE}
    return {name: _plain(value) for name, value in found.items()}


def _known_options(kind: str, component: Component) -> Mapping[str, Any]:
    try:
        return stored_values(kind, component)
    except ConfigError:
        return component.as_dict()


def _plain(value: Any) -> Any:
    if isinstance(value, Component):
        value = value.to_json()
    return canonical_json(value) if isinstance(value, tuple | list | dict) else value
