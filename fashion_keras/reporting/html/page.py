"""Page as a whole: what stands where, and its rendering. Text of users is escaped by the templates' autoescape."""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from fashion_keras.claims import ClaimResult
from fashion_keras.config.identity import PROTOCOL_VERSION
from fashion_keras.data import Dataset
from fashion_keras.formatting import count_noun, one_line
from fashion_keras.reporting.against_report import build_against_report
from fashion_keras.reporting.claims import explain_claims, part_texts
from fashion_keras.reporting.differences import build_differences
from fashion_keras.reporting.findings import best_sentence
from fashion_keras.reporting.forest import Forest, build_forest
from fashion_keras.reporting.html.curve_data import Curves, build_curves
from fashion_keras.reporting.html.predictions import PredictionReader, PredictionViews
from fashion_keras.reporting.html.provenance import ArmProvenance, Machines, trace
from fashion_keras.reporting.html.summary import (
    Headline,
    Undecided,
    count_claims,
    count_verdicts,
    headline,
    undecided_arms,
    undecided_claims,
)
from fashion_keras.reporting.html.table_views import TableView, sort_key, view_table
from fashion_keras.reporting.rendering import runs_csv, to_csv
from fashion_keras.reporting.summary import build_table, data_notes, describe_results
from fashion_keras.reporting.sweep import build_tuning_tables
from fashion_keras.reporting.tables import Table
from fashion_keras.statistics import Comparison
from fashion_keras.storage.comparison import ComparisonResults

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_TEMPLATES = "templates"
_LONG_WORD = 18  # characters


@dataclass(frozen=True)
class Section:
    """A comparison's part of the page; None where there is nothing to show."""

    anchor: str
    title: str
    caption: str
    data_notes: list[str]
    baseline: str
    comparisons: tuple[Comparison, ...]
    best: str
    headline: Headline
    undecided: list[Undecided]
    forest: Forest | None
    differences: TableView | None
    results: TableView
    tuning: list[TableView]
    against_report: TableView | None
    curves: Curves | None
    answers: PredictionViews
    provenance: tuple[ArmProvenance, ...]
    downloads: tuple[tuple[str, str], ...]


def build_page(
    found: Sequence[ComparisonResults], claims: Sequence[ClaimResult] = (), dataset: Dataset | None = None
) -> str:
    """Return the page over comparisons as HTML, one file that asks for nothing else.

    It holds no date of its own, so equal runs give equal bytes.

    Args:
        found: At least one comparison; any, whether of the report or not.
        claims: The report's, judged; none leaves their part out.
        dataset: Whose test images the runs answered, for confusion matrices and pictures of mistakes. Where it is None
            or another than a comparison's, the page says so instead.
    """
    machines, answers = Machines(), PredictionReader(dataset)
    sections = [_build_section(results, f"comparison-{n}", answers, machines) for n, results in enumerate(found, 1)]
    content = {
        "sections": sections,
        "claims": claims,
        "claim_parts": {claim.number: [part_texts(part) for part in claim.figures] for claim in claims},
        "verdict_counts": count_verdicts(item for each in sections for item in each.comparisons),
        "claim_counts": count_claims(claims),
        "undecided": [*(item for each in sections for item in each.undecided), *undecided_claims(claims)],
        "definitions": _definitions(sections) | ({"The report’s claims": tuple(explain_claims())} if claims else {}),
        "machines": machines,
        "about": _about(found),
    }
    return _environment().get_template("page.html.j2").render(content)


def _build_section(results: ComparisonResults, anchor: str, answers: PredictionReader, machines: Machines) -> Section:
    table, differences, against = build_table(results), build_differences(results), build_against_report(results)
    comparisons = differences.comparisons if differences else ()
    return Section(
        anchor=anchor,
        title=one_line(results.record.heading),
        caption=describe_results(results),
        data_notes=data_notes(results),
        baseline=one_line(results.record.baseline),
        comparisons=comparisons,
        best=best_sentence(results, comparisons) if comparisons else "",
        headline=headline(results, comparisons, anchor),
        undecided=undecided_arms(results, comparisons, anchor),
        forest=build_forest(comparisons, results.record.design.margin) if comparisons else None,
        differences=view_table(differences) if differences else None,
        results=view_table(table, title="Every arm"),
        tuning=[view_table(table) for table in build_tuning_tables(results)],
        against_report=view_table(against) if against else None,
        curves=build_curves(results),
        answers=answers.read(results),
        provenance=trace(results, machines),
        downloads=_downloads(results, table, differences, against),
    )


def _downloads(results: ComparisonResults, *tables: Table | None) -> tuple[tuple[str, str], ...]:
    """Return the CSV files of a comparison as data addresses, under their names in its folder."""
    names = ("table", "differences", "against_report")
    files = {f"{name}.csv": to_csv(table) for name, table in zip(names, tables, strict=True) if table is not None}
    files["runs.csv"] = runs_csv(results)
    start = "data:text/csv;charset=utf-8;base64,"
    return tuple((name, start + b64encode(text.encode()).decode()) for name, text in files.items())


def _definitions(sections: Sequence[Section]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return what the columns mean, each kind of table once."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for section in sections:
        against = section.against_report
        for kind, table in (
            ("Each arm against the baseline", section.differences),
            ("Every arm", section.results),
            ("Against the report", against),
            *((table.title, table) for table in section.tuning),
        ):
            if table is not None:
                columns = table.table.columns
                found.setdefault(kind, tuple((column.title, column.definition) for column in columns))
    return found


def _about(found: Sequence[ComparisonResults]) -> dict[str, str]:
    ids = {run.run_id for results in found for arm in results.arms for run in arm.runs.values()}
    return {
        "runs": count_noun(len(ids), "run"),
        "comparisons": count_noun(len(found), "comparison"),
        "version": _version(),
        "protocol": str(PROTOCOL_VERSION),
    }


def _version() -> str:
    try:
        return version("fashion-keras")
    except PackageNotFoundError:  # run from its source, never installed
        return ""


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FunctionLoader(_read), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    ours: dict[str, Any] = {"style": Markup(_read("page.css")), "script": Markup(_read("page.js"))}
    environment.globals.update(ours)  # our own files, no text of a user
    environment.filters.update(ticked=_mark_code, breakable=_let_break, one_line=one_line, sort_key=sort_key)
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
