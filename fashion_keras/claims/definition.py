"""Definition of a claim's judgement: its parts, their figures, and how parts make a verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["ClaimResult", "ClaimVerdict", "Part", "Unit", "judge_parts", "make_claim"]


class ClaimVerdict(StrEnum):
    """What the seeds say of a claim, or of a part of it. Each is a plain string, as the page shows it."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


class Unit(StrEnum):
    """How a part's figures are read."""

    POINTS = "points"
    PERCENT = "percent"
    LOSS = "loss"
    RATIO = "ratio"
    """Natural logarithms of ratios; shown as the ratios themselves."""
    TIME = "time"
    """The same of times, by rounds of timing runs and not by seeds."""


@dataclass(frozen=True)
class Part:
    """One statement that a claim consists of, and what the seeds say of it.

    Attributes:
        words: The statement.
        verdict: None for what is shown, not judged.
        because: Why it is undecided; "" where it is decided or not judged.
        unit: Of the figures: fractions for `POINTS` and `PERCENT`, logarithms for `RATIO` and `TIME`.
        estimate: The mean over the seeds, the median over the rounds of `TIME`; None where nothing could be measured.
        interval: 95 % interval of it, see `MeanInference.interval` and `median_interval`.
        p: The p that the verdict rests on; None where nothing was tested.
        num_seeds: Seeds that the figures are from; rounds of `TIME`.
    """

    words: str
    verdict: ClaimVerdict | None
    because: str = ""
    unit: Unit = Unit.POINTS
    estimate: float | None = None
    interval: tuple[float, float] | None = None
    p: float | None = None
    num_seeds: int = 0


@dataclass(frozen=True)
class ClaimResult:
    """A claim of the report and its verdict.

    Attributes:
        number, key, text: As the report's claims are counted, called and worded here.
        verdict: See `judge_parts`.
        because: What decides it, or why it stays undecided.
        measure: What was measured, in words.
        figures: Its parts, those that are not judged included.
    """

    number: int
    key: str
    text: str
    verdict: ClaimVerdict
    because: str
    measure: str
    figures: tuple[Part, ...]


def judge_parts(parts: Sequence[Part]) -> tuple[ClaimVerdict, str]:
    """Return the verdict on a claim of these parts, and why.

    Supported where every judged part is (an intersection-union test: since all must hold, none needs a correction for
    the others), refuted where one is, else undecided. Source: Berger 1982, Multiparameter Hypothesis Testing.

    Raises:
        ValueError: No part is judged.
    """
    judged = [part for part in parts if part.verdict is not None]
    if not judged:
        raise ValueError("a claim needs at least one part that is judged")
    for verdict in (ClaimVerdict.REFUTED, ClaimVerdict.UNDECIDED):
        if found := [part for part in judged if part.verdict is verdict]:
            return verdict, "; ".join(
                f"{part.words}: {part.because}" if part.because else f"the contrary of: {part.words}" for part in found
            )
    return ClaimVerdict.SUPPORTED, "every part holds" if len(judged) > 1 else "it holds"


def make_claim(number: int, key: str, text: str, measure: str, *parts: Part) -> ClaimResult:
    """Return a claim with the verdict that its parts make; the arguments are the attributes of `ClaimResult`."""
    verdict, because = judge_parts(parts)
    return ClaimResult(number, key, text, verdict, because, measure, parts)
