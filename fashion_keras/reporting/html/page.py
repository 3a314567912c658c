"""Page as a whole: what stands where, and its rendering. Text of users is escaped by the templates' autoescape."""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from fashion_keras.claims import ClaimResult
from fashion_keras.config.identity import PROTOCOL_VERSION
from fashion_keras.data import Dataset
from fashion_keras.formatting import count_noun, one_line
from fashion_keras.reporting.claims import explain_claims, part_texts
from fashion_keras.reporting.html.curve_data import build_curves
from fashion_keras.reporting.html.predictions import PredictionReader
from fashion_keras.reporting.html.summary import (
    count_claims,
    count_verdicts,
    headline,
    undecided_arms,
    undecided_claims,
)
from fashion_keras.reporting.report import Report
from fashion_keras.reporting.summary import data_notes, describe_results, examples_of
from fashion_keras.reporting.tables import Cell, Field, Table
from fashion_keras.reporting.units import ACCURACY
from fashion_keras.storage.comparison import ArmResults, ComparisonResults
from fashion_keras.storage.runs import StoredRun

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

__all__ = ["build_page", "render"]

_TEMPLATES = "templates"
_LONG_WORD = 18  # characters
_ENVIRONMENT = ("processor", "cores", "platform", "python", "numpy", "keras", "tensorflow")
_UNKNOWN = "not recorded"


def build_page(
    found: Sequence[ComparisonResults], claims: Sequence[ClaimResult] = (), datasets: Iterable[Dataset] = ()
) -> str:
    """Return the page over comparisons as HTML, one file that asks for nothing else.

    It holds no date of its own, so equal runs give equal bytes.

    Args:
        found: At least one comparison; any, whether of the report or not.
        claims: The report's, judged; none leaves their part out.
        datasets: Whose test images the runs answered, for confusion matrices and pictures of mistakes. Where the one of
            a comparison is not among them, the page says so instead.
    """
    answers = PredictionReader(datasets)
    sections = [_build_section(results, f"comparison-{n}", answers) for n, results in enumerate(found, 1)]
    content = {
        "sections": sections,
        "claims": claims,
        "claim_parts": {claim.number: [part_texts(part) for part in claim.figures] for claim in claims},
        "verdict_counts": count_verdicts(item for each in sections for item in each["comparisons"]),
        "claim_counts": count_claims(claims),
        "undecided": [*(item for each in sections for item in each["undecided"]), *undecided_claims(claims)],
        "definitions": _definitions(sections) | ({"The report’s claims": tuple(explain_claims())} if claims else {}),
        "machines": _number_machines(found),
        "environment": _ENVIRONMENT,
        "about": _about(found),
    }
    return render("page.html.j2", content)


def render(template: str, content: Mapping[str, Any]) -> str:
    """Return a template of ours, filled with its `content`."""
    return _environment().get_template(template).render(content)


def _build_section(results: ComparisonResults, anchor: str, answers: PredictionReader) -> dict[str, Any]:
    """Return a comparison's part of the page, by the names of its template; None is nothing to show."""
    report = Report(results)
    differences, comparisons = report.differences, report.comparisons
    return {
        "found": results,
        "anchor": anchor,
        "title": one_line(results.record.heading),
        "caption": describe_results(results),
        "data_notes": data_notes(results),
        "baseline": one_line(results.record.baseline),
        "comparisons": comparisons,
        "best": report.best,
        "headline": headline(report),
        "undecided": undecided_arms(report, anchor),
        "forest": report.forest if differences else None,
        "examples": examples_of(results),
        "differences": differences,
        "results": report.summary,
        "tuning": [table for name, table in report.tables.items() if name in ("tuned_untuned", "ordering")],
        "against_report": report.tables.get("against_report"),
        "curves": build_curves(results),
        "answers": answers.read(results),
        "downloads": [
            (name, f"data:text/csv;charset=utf-8;base64,{b64encode(text.encode()).decode()}")
            for name, text in report.to_csv().items()
        ],
    }


def _definitions(sections: Sequence[Mapping[str, Any]]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return what the columns mean, each kind of table once."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for section in sections:
        for kind, table in (
            ("Each arm against the baseline", section["differences"]),
            ("Every arm", section["results"]),
            ("Against the report", section["against_report"]),
            *((table.title, table) for table in section["tuning"]),
        ):
            if table is not None:
                found.setdefault(kind, tuple((column.title, column.definition) for column in table.columns))
    return found


def _about(found: Sequence[ComparisonResults]) -> dict[str, str]:
    shown = [*found, *(results.untuned for results in found if results.untuned)]
    ids = {run.run_id for results in shown for arm in results.arms for run in arm.runs.values()}
    return {
        "runs": count_noun(len(ids), "different run"),
        "comparisons": count_noun(len(found), "comparison"),
        "besides": " (untuned ones beside tuned among them, trials not)" if shown[len(found) :] else "",
        "version": _version(),
        "protocol": str(PROTOCOL_VERSION),
    }


def _version() -> str:
    try:
        return version("fashion-keras")
    except PackageNotFoundError:  # run from its source, never installed
        return ""


def _number_machines(found: Sequence[ComparisonResults]) -> dict[tuple[str, ...], int]:
    """Number the machines and versions of all runs from 1 on, in the order in which they are met."""
    runs = (run for results in found for arm in results.arms for run in arm.runs.values())
    return {machine: number for number, machine in enumerate(dict.fromkeys(map(_machine_of, runs)), start=1)}


def _machine_of(run: StoredRun) -> tuple[str, ...]:
    recorded = run.result.get("environment", {})
    return tuple(one_line(str(recorded.get(name, _UNKNOWN))) for name in _ENVIRONMENT)


def _outcome_of(run: StoredRun) -> str:
    accuracy = run.final["test_accuracy"]
    return run.status if accuracy is None else f"{run.status}, {ACCURACY.text(accuracy)} %"


def _settings_of(arm: ArmResults) -> str:
    """Return what differs from the default configuration, as JSON."""
    return one_line(json.dumps(dict(arm.record.config), sort_keys=True, ensure_ascii=False))


def _words_first(table: Table) -> list[tuple[int, bool]]:
    """Return the places of a table's columns, those of words, such as verdicts, first: in sight on a phone, too."""
    keys = [[_sort_key(row.cells[place]) for row in table.rows] for place in range(len(table.columns))]
    worded = [any(isinstance(key, str) for key in column) for column in keys]
    return sorted(enumerate(worded), key=lambda each: not each[1])


def _sort_key(cell: Cell) -> Field:
    """Return what a column is sorted by, the first of a cell's fields; None where there is none."""
    first = next(iter(cell.fields.values()), None)
    return round(first, 8) if isinstance(first, float) else first


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FunctionLoader(_read), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    ours: dict[str, Any] = {"style": Markup(_read("page.css")), "script": Markup(_read("page.js"))}
    environment.globals.update(ours)  # our own files, no text of a user
    environment.filters.update(ticked=_mark_code, breakable=_let_break, one_line=one_line, sort_key=_sort_key)
    environment.filters.update(words_first=_words_first, settings=_settings_of, outcome=_outcome_of)
    environment.filters.update(machine=_machine_of)
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "ensure_ascii": False}
    return environment


def _mark_code(text: str) -> "Markup":
    """Return a text of ours with what stands between backticks as code, all of it escaped."""
    from markupsafe import Markup, escape

    parts = [
        Markup("<code>{}</code>").format(part) if n % 2 else escape(part) for n, part in enumerate(text.split("`"))
    ]
    return Markup("").join(parts)


def _let_break(name: str) -> "Markup":
    """Return a text, escaped, whose long words, names of arms, may be broken behind underscores and hyphens."""
    from markupsafe import Markup, escape

    words = (
        Markup("<wbr>").join(map(escape, re.split(r"(?<=[_-])(?=[^_-])", word) if len(word) > _LONG_WORD else [word]))
        for word in name.split(" ")
    )
    return Markup(" ").join(words)


def _read(name: str) -> str:
    return (files("fashion_keras.reporting.html") / _TEMPLATES / name).read_text(encoding="utf-8")
