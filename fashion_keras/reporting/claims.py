"""Page of claims, Markdown: verdicts first, then what each rests on."""

import re
from collections.abc import Sequence
from math import exp

from fashion_keras.claims.definition import ClaimResult, Part, Unit
from fashion_keras.formatting import count_noun
from fashion_keras.reporting.rendering import markdown_row
from fashion_keras.reporting.units import POINTS

__all__ = ["claims_page", "explain_claims", "part_texts"]

_INTRODUCTION = """# Does the report's every sentence hold?

Written by `fashion-keras report`: do not edit. Sixteen claims of the report, judged from the runs of the tables beside
this page.
"""

_EXPLANATION = """## How to read this

- **figure**: the mean over the seeds of the first arm minus the second, both trained on the same seed. Accuracies are
  in points (percentage points), losses in nats. "x 2" says that the first is twice as large as the second (geometric
  mean over the seeds). "%" is one arm's own mean.
- **95 % interval**: where the mean would lie with ever more seeds; computed so that it holds the true mean in about 95
  of 100 such experiments, by Student's t and the bootstrap-t, whichever reaches farther; the verdict is read off it.
- **p**: how often chance alone would give a difference at least as large, two-sided, by the same two. For
  "within ... points" it is the larger p of two one-sided tests.
- **computation time**: the first arm's time divided by the second's, both taken in the same round of timing runs made
  for this; the median over the rounds. Interval and p are those of the sign test, which asks nothing of how times
  scatter: of six to eight rounds all must agree for a verdict.
- **supported**: every part was shown, each with p below 0.05. Since all must hold, no part is corrected for the others.
- **refuted**: at least one part was shown to be the other way round, with p below 0.05; of many parts one may do so by
  accident, so look at its p.
- **undecided**: neither. That is no evidence against the claim: the seeds do not tell, or something was not measured.
  Arms that are equivalent, as tables of pairs say, leave it undecided which of them is above.
- **not judged**: shown for comparison only, as are the sizes in brackets.

The sixteen verdicts are not corrected for each other, nor for looking again after adding seeds.

## What it does not cover

One data set, its one test set, these seeds and these training images. The report leaves some settings open; where our
reading differs from what it did, a claim may be judged on something else than its author ran. The names and thresholds
of the measures are ours: the report says "noisier" or "markedly" without a number. They were written down after the
arms' means, spreads, noise and gaps had been seen, though no threshold was changed after a verdict, so that this page
explores more than it confirms: fresh seeds would settle it. How times are judged was written down before any timing
run, but after the minutes of the tables. Times are those of this program on one machine and one thread; the report's
were PyTorch's, on a machine that it does not name.
"""

_SUFFIXES = {Unit.POINTS: " points", Unit.PERCENT: " %"}


def claims_page(results: Sequence[ClaimResult]) -> str:
    """Return the page of these claims, Markdown."""
    rows = [markdown_row((str(claim.number), claim.key, claim.text, f"**{claim.verdict}**")) for claim in results]
    summary = "\n".join(["| | name | claim | verdict |", "|---:|---|---|---|", *rows])
    details = "\n".join(_section(claim) for claim in results)
    return f"{_INTRODUCTION}\n{summary}\n\n{_EXPLANATION}\n## Claim by claim\n\n{details}"


def _section(claim: ClaimResult) -> str:
    rows = [markdown_row(part_texts(part)) for part in claim.figures]
    table = "\n".join(
        ["| part | figure | 95 % interval | p | seeds | verdict |", "|---|---:|---:|---:|---:|---|", *rows]
    )
    return (
        f"### {claim.number}. {claim.key}: {claim.verdict}\n\n{claim.text}\n\nMeasure: {claim.measure}\n\n{table}\n\n"
        f"Why {claim.verdict}: {claim.because}.\n"
    )


def explain_claims() -> list[tuple[str, str]]:
    """Return how the page is read, term by term, and last what it does not cover."""
    reading, _, uncovered = _EXPLANATION.partition("## What it does not cover")
    terms = re.findall(r"^- \*\*(.+?)\*\*: (.+?)(?=\n- |\n\n)", reading, re.DOTALL | re.MULTILINE)
    return [*((term, " ".join(text.split())) for term, text in terms), ("not covered", " ".join(uncovered.split()))]


def part_texts(part: Part) -> tuple[str, str, str, str, str, str]:
    """Return a part for people: words, figure, interval, p, seeds and verdict; "" where there is none."""
    verdict = "not judged" if part.verdict is None else str(part.verdict)
    if part.verdict is not None and part.because:
        verdict = f"{verdict}: {part.because}"
    return (part.words, _estimate(part), _interval(part), _p(part.p), _seeds(part), verdict)


def _seeds(part: Part) -> str:
    if not part.num_seeds:
        return ""
    return count_noun(part.num_seeds, "round") if part.unit is Unit.TIME else str(part.num_seeds)


def _estimate(part: Part) -> str:
    if part.estimate is None:
        return ""
    return f"{_number(part.estimate, part.unit)}{_SUFFIXES.get(part.unit, '')}"


def _interval(part: Part) -> str:
    if part.interval is None:
        return ""
    low, high = part.interval
    return f"{_number(low, part.unit)} to {_number(high, part.unit)}"


def _number(value: float, unit: Unit) -> str:
    if unit is Unit.TIME:
        return f"x {exp(value):.3f}"
    if unit is Unit.RATIO:
        return f"x {exp(value):.3g}"
    if unit is Unit.PERCENT:
        return f"{100 * value:.2f}"
    return POINTS.difference(value) if unit is Unit.POINTS else f"{value:+.4f}"


def _p(p: float | None) -> str:
    if p is None:
        return ""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
