"""Summary of a page: which is better, by how much, is it real; and what is undecided, and what would decide it."""

from collections import Counter
from collections.abc import Iterable, Sequence

from fashion_keras.claims import ClaimResult, ClaimVerdict
from fashion_keras.claims.definition import Unit
from fashion_keras.formatting import one_line
from fashion_keras.reporting.findings import BETTER, figure, remedy
from fashion_keras.reporting.report import Report
from fashion_keras.reporting.tables import measured_cell
from fashion_keras.reporting.units import Unit as ShownUnit
from fashion_keras.statistics import Comparison, Verdict
from fashion_keras.storage.comparison import ComparisonResults

__all__ = ["count_claims", "count_verdicts", "headline", "undecided_arms", "undecided_claims"]

_VERDICTS = (Verdict.BETTER, Verdict.WORSE, Verdict.EQUIVALENT, Verdict.UNDECIDED)


def headline(report: Report) -> dict[str, str]:
    """Return a comparison's answer: on the arm that gained the most, of those that are decided where any gained.

    Returns:
        `answer`, `figure`, `verdict`, `accuracies` and `others`; without comparisons an answer alone.
    """
    results, comparisons, unit = report.results, report.comparisons, report.unit
    baseline = one_line(results.record.baseline)
    if not comparisons:
        return {"answer": f"Nothing to set against {baseline} yet"}
    sign = 1.0 if results.record.metric.higher_is_better else -1.0
    best = max(
        [item for item in comparisons if item.verdict in BETTER] or comparisons,
        key=lambda item: (not item.only_on_this_test_set, sign * item.mean_difference),
    )
    counts = count_verdicts(item for item in comparisons if item is not best)
    others = ", ".join(f"{number} {verdict}" for verdict, number in counts.items() if number)
    return {
        "answer": _answer(one_line(best.arm), baseline, best.verdict),
        "figure": unit.amount(figure(best, unit)),
        "verdict": best.verdict_text,
        "accuracies": _means(results, best, unit),
        "others": f"others: {others}" if others else "",
    }


def _answer(name: str, baseline: str, verdict: Verdict) -> str:
    if verdict in BETTER:
        return f"{name} beats {baseline}"
    if verdict is Verdict.EQUIVALENT:
        return f"{name} is as good as {baseline}"
    return f"No arm is shown to beat {baseline}; the nearest is {name}"


def _means(results: ComparisonResults, best: Comparison, unit: ShownUnit) -> str:
    """Return the means of what is judged with their standard deviations: `88.44 ± 0.27 % against 85.96 ± 0.29 %`."""
    metric = results.record.metric
    sign = "%" if metric.is_share else metric.unit
    cells = {arm.name: measured_cell(unit, arm.finals(metric.name)) for arm in results.arms}
    return " against ".join(f"{' '.join(cells[name].lines)} {sign}".rstrip() for name in (best.arm, best.baseline))


def count_verdicts(comparisons: Iterable[Comparison]) -> dict[str, int]:
    """Return how many arms got each verdict; negligible differences count as what they are."""
    counts = Counter(str(item.verdict).partition(",")[0] for item in comparisons)
    return {str(verdict): counts[str(verdict)] for verdict in _VERDICTS}


def count_claims(claims: Sequence[ClaimResult]) -> dict[str, int]:
    """Return how many claims got each verdict."""
    counts = Counter(claim.verdict for claim in claims)
    return {str(verdict): counts[verdict] for verdict in ClaimVerdict}


def undecided_arms(report: Report, anchor: str) -> list[dict[str, str]]:
    """Return what a comparison's seeds do not tell, and what would decide it.

    Returns:
        Of each arm `anchor`, where the page has more of it, `where` and `what`, `why` it is open, the `remedy`, its
        `command` and its `cost`.
    """
    results, comparisons, unit = report.results, report.comparisons, report.unit
    open_arms = [
        (item, remedy(results, item, comparisons)) for item in comparisons if item.verdict is Verdict.UNDECIDED
    ]
    return [
        {
            "anchor": anchor,
            "where": one_line(results.record.heading),
            "what": f"{one_line(item.arm)} against {one_line(item.baseline)}: {unit.amount(figure(item, unit))}",
            "why": item.undecided_because or "",
            "remedy": found.text,
            "command": found.command,
            "cost": found.cost(),
        }
        for item, found in open_arms
    ]


def undecided_claims(claims: Sequence[ClaimResult]) -> list[dict[str, str]]:
    """Return the claims that stay open, as `undecided_arms` returns arms, and what their open parts ask for."""
    return [
        {
            "anchor": f"claim-{claim.number}",
            "where": f"Claim {claim.number}",
            "what": claim.text,
            "why": claim.because,
            "remedy": _claim_remedy(claim),
            "command": "",
        }
        for claim in claims
        if claim.verdict is ClaimVerdict.UNDECIDED
    ]


def _claim_remedy(claim: ClaimResult) -> str:
    open_parts = [part for part in claim.figures if part.verdict is ClaimVerdict.UNDECIDED]
    asked = []
    if any(part.unit is Unit.TIME for part in open_parts):
        asked.append("(more) timing runs: `python -m benchmarks.times`")
    seeds = {part.num_seeds for part in open_parts if part.unit is not Unit.TIME}
    if seeds:
        asked.append(f"more seeds; there are {min(seeds)}")
    return "; ".join(asked)
