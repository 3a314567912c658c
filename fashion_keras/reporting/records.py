"""Comparison as plain values: what `--json` prints."""

import json
from collections.abc import Mapping
from typing import Any

from fashion_keras.formatting import finite_or_none
from fashion_keras.reporting.rendering import to_records
from fashion_keras.reporting.report import Report
from fashion_keras.reporting.terminal import answer_text

__all__ = ["comparison_to_json", "print_json"]


def comparison_to_json(report: Report, requirement: str | None = None) -> dict[str, Any]:
    """Return a comparison as plain values: its arms and differences have the columns of their CSV files."""
    gate = {} if requirement is None else {"require": report.require(requirement).to_json()}
    record = report.results.record
    return {
        "name": record.name,
        "folder": record.folder,
        "title": record.heading,
        "baseline": record.baseline,
        "metric": record.metric.to_json(),
        "data": record.data["name"],
        "seeds": len(report.results.seeds),
        "arms": to_records(report.summary),
        "differences": to_records(report.differences, record.baseline) if report.differences else [],
        "answer": answer_text(report).splitlines(),
        **gate,
    }


def print_json(content: Mapping[str, Any]) -> None:
    """Print values as JSON on standard output; what is no finite number is null."""
    print(json.dumps(finite_or_none(content), indent=1, allow_nan=False, default=str))
