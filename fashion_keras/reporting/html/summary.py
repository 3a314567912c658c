"""The first screen: which is better, by how much, is it real; and what is undecided, and what would decide it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fashion_keras.claims import ClaimResult, ClaimVerdict
from fashion_keras.claims.definition import Unit
from fashion_keras.formatting import count_noun, one_line
from fashion_keras.reporting.differences import compare_with_baseline
from fashion_keras.statistics import clip_difference
from fashion_keras.statistics.old import MIN_SEEDS, Comparison, Verdict
from fashion_keras.storage.comparison import ComparisonResults

_VERDICTS = (Verdict.BETTER, Verdict.WORSE, Verdict.EQUIVALENT, Verdict.UNDECIDED)


@dataclass(frozen=True)
class Headline:
    """What a comparison found, in a line: which arm, by how much, and whether that is real."""

    anchor: str
    title: str
    answer: str
    figure: str
    verdict: str
    others: str


@dataclass(frozen=True)
class Undecided:
    """Something that the seeds do not tell: where it stands, what it is, why, and what would decide it."""

    anchor: str
    where: str
    what: str
    why: str
    remedy: str


def headline(results: ComparisonResults, comparisons: Sequence[Comparison], anchor: str) -> Headline:
    """Return a comparison's line: the arm that gained the most, of those that are decided where any gained."""
    title, baseline = one_line(results.record.heading), one_line(results.record.baseline)
    if not comparisons:
        return Headline(anchor, title, f"Nothing to set against {baseline} yet", "", "", "")
    better = [item for item in comparisons if item.verdict in (Verdict.BETTER, Verdict.BETTER_NEGLIGIBLY)]
    best = max(better or comparisons, key=lambda item: item.mean_difference)
    answer = _answer(one_line(best.arm), baseline, best.verdict)
    counts = _count_verdicts(item for item in comparisons if item is not best)
    others = ", ".join(f"{number} {verdict}" for verdict, number in counts.items() if number)
    return Headline(anchor, title, answer, _figure(best), str(best.verdict), f"others: {others}" if others else "")


def _answer(name: str, baseline: str, verdict: Verdict) -> str:
    if verdict in (Verdict.BETTER, Verdict.BETTER_NEGLIGIBLY):
        return f"{name} beats {baseline}"
    if verdict is Verdict.EQUIVALENT:
        return f"{name} is as good as {baseline}"
    return f"No arm is shown to beat {baseline}; the nearest is {name}"


def _figure(comparison: Comparison) -> str:
    ends = clip_difference(comparison.interval)
    interval = f" ({_points(ends[0])} to {_points(ends[1])})" if ends else ""
    return f"{_points(comparison.mean_difference)}{interval} points"


def _points(difference: float) -> str:
    return f"{100 * difference:+.2f}"


def count_verdicts(found: Sequence[ComparisonResults]) -> dict[str, int]:
    """Return how many arms of all comparisons got each verdict; negligible differences count as what they are."""
    return _count_verdicts(item for results in found for item in compare_with_baseline(results))


def _count_verdicts(comparisons: Iterable[Comparison]) -> dict[str, int]:
    counts = Counter(str(item.verdict).partition(",")[0] for item in comparisons)
    return {str(verdict): counts[str(verdict)] for verdict in _VERDICTS}


def count_claims(claims: Sequence[ClaimResult]) -> dict[str, int]:
    """Return how many claims got each verdict."""
    counts = Counter(claim.verdict for claim in claims)
    return {str(verdict): counts[verdict] for verdict in ClaimVerdict}


def undecided_arms(results: ComparisonResults, comparisons: Sequence[Comparison], anchor: str) -> list[Undecided]:
    """Return what a comparison's seeds do not tell."""
    return [
        Undecided(
            anchor,
            one_line(results.record.heading),
            f"{one_line(item.arm)} against {one_line(item.baseline)}: {_figure(item)}",
            item.undecided_because or "",
            _remedy(item),
        )
        for item in comparisons
        if item.verdict is Verdict.UNDECIDED
    ]


def _remedy(comparison: Comparison) -> str:
    if comparison.num_seeds < MIN_SEEDS:
        return f"at least {count_noun(MIN_SEEDS, 'seed')}; there are {comparison.num_seeds}"
    if not comparison.seeds_to_decide_text:
        return "more seeds"
    return f"{comparison.seeds_to_decide_text} seeds would likely decide it; there are {comparison.num_seeds}"


def undecided_claims(claims: Sequence[ClaimResult]) -> list[Undecided]:
    """Return the claims that stay open, and what their open parts ask for."""
    return [
        Undecided(f"claim-{claim.number}", f"Claim {claim.number}", claim.text, claim.because, _claim_remedy(claim))
        for claim in claims
        if claim.verdict is ClaimVerdict.UNDECIDED
    ]


def _claim_remedy(claim: ClaimResult) -> str:
    open_parts = [part for part in claim.figures if part.verdict is ClaimVerdict.UNDECIDED]
    asked = []
    if any(part.unit is Unit.TIME for part in open_parts):
        asked.append("(more) timing runs: `fashion-keras times`")
    seeds = {part.num_seeds for part in open_parts if part.unit is not Unit.TIME}
    if seeds:
        asked.append(f"more seeds; there are {min(seeds)}")
    return "; ".join(asked)
