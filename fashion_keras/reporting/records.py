"""Comparison as plain values: what `--json` prints."""

import json
import math
from collections.abc import Mapping
from typing import Any

from fashion_keras.reporting.differences import Differences
from fashion_keras.reporting.gates import Gate
from fashion_keras.reporting.rendering import to_records
from fashion_keras.reporting.summary import build_table
from fashion_keras.reporting.terminal import answer_text
from fashion_keras.storage.comparison import ComparisonResults

__all__ = ["comparison_to_json", "print_json", "require"]


def comparison_to_json(
    results: ComparisonResults, differences: Differences | None, requirement: str | None = None
) -> dict[str, Any]:
    """Return a comparison as plain values: its arms and differences have the columns of their CSV files.

    Args:
        results, differences: Of the comparison.
        requirement: What every arm must be, see `require`; None leaves it out.
    """
    gate = {} if requirement is None else {"require": require(differences, requirement).to_json()}
    record = results.record
    return {
        "name": record.name,
        "folder": record.folder,
        "title": record.heading,
        "baseline": record.baseline,
        "metric": record.metric.to_json(),
        "data": record.data["name"],
        "seeds": len(results.seeds),
        "arms": to_records(build_table(results)),
        "differences": to_records(differences, record.baseline) if differences is not None else [],
        "answer": answer_text(results, differences).splitlines(),
        **gate,
    }


def require(differences: Differences | None, requirement: str) -> Gate:
    """Return whether every arm of a comparison is shown to be `better`, `not-worse` or `equivalent`."""
    return (differences or Differences("", "", (), (), ())).require(requirement)


def print_json(content: Mapping[str, Any]) -> None:
    """Print values as JSON on standard output; what is no finite number is null."""
    print(json.dumps(_finite(content), indent=1, allow_nan=False, default=str))


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
