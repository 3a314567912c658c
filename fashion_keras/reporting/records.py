"""Comparison as plain values: what `--json` prints."""

import json
import math
from collections.abc import Mapping
from typing import Any

from fashion_keras.reporting.differences import Differences
from fashion_keras.reporting.rendering import to_records
from fashion_keras.reporting.summary import build_table
from fashion_keras.reporting.terminal import answer_text
from fashion_keras.storage.comparison import ComparisonResults

__all__ = ["comparison_to_json", "print_json"]


def comparison_to_json(results: ComparisonResults, differences: Differences | None) -> dict[str, Any]:
    """Return a comparison as plain values: its arms and differences have the columns of their CSV files."""
    record = results.record
    return {
        "name": record.name,
        "folder": record.folder,
        "title": record.heading,
        "baseline": record.baseline,
        "data": record.data["name"],
        "seeds": len(results.seeds),
        "arms": to_records(build_table(results)),
        "differences": to_records(differences, record.baseline) if differences is not None else [],
        "answer": answer_text(results, differences).splitlines(),
    }


def print_json(content: Mapping[str, Any]) -> None:
    """Print values as JSON on standard output; what is no finite number is null."""
    print(json.dumps(_finite(content), indent=1, allow_nan=False, default=str))


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
