"""Findings of a comparison in sentences: each arm, the best ones, and what would decide an undecided one.

All that people read of a `Comparison` outside its table is worded here, for terminal, page and figures alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fashion_keras.experiments.definition import DEFAULT_SEEDS
from fashion_keras.experiments.names import ALL_NAMES, command_of
from fashion_keras.formatting import format_duration, one_line
from fashion_keras.reporting.units import POINTS, Unit
from fashion_keras.statistics import clip_difference
from fashion_keras.statistics.comparison import Comparison as LookedAt
from fashion_keras.statistics.old import MIN_SEEDS, Comparison, Verdict
from fashion_keras.storage.comparison import ComparisonResults

BETTER = (Verdict.BETTER, Verdict.BETTER_NEGLIGIBLY)
WORSE = (Verdict.WORSE, Verdict.WORSE_NEGLIGIBLY)

_OPTIONS = {"quick": "--quick", "mixed_bfloat16": "--precision mixed_bfloat16"}


def figure(comparison: Comparison | LookedAt, unit: Unit = POINTS) -> str:
    """Return the difference with its interval, if there is one: `+0.93 (+0.78 to +1.07)`."""
    interval = clip_difference(comparison.interval) if unit == POINTS else comparison.interval
    return unit.difference(comparison.mean_difference) + (f" ({unit.span(interval)})" if interval else "")


def sentence(comparison: Comparison | LookedAt, unit: Unit = POINTS) -> str:
    """Return what was found of an arm, its verdict last, behind the last colon."""
    arm, baseline = one_line(comparison.arm), one_line(comparison.baseline)
    mean, _, interval = figure(comparison, unit).partition(" ")
    verdict = str(comparison.verdict)
    if verdict in (*BETTER, *WORSE):
        amount = f"{unit.amount(unit.value(abs(comparison.mean_difference)))} {interval}".rstrip()
        return f"{arm} {'beats' if verdict in BETTER else 'loses to'} {baseline} by {amount}: {verdict}"
    amount = f"{unit.amount(mean)} {interval}".rstrip()
    if verdict == Verdict.EQUIVALENT:
        return f"{arm} is as good as {baseline}, {amount}: {verdict}"
    return f"{arm} against {baseline}, {amount}: {verdict}, {comparison.undecided_because}"


def best_sentence(results: ComparisonResults, comparisons: Sequence[Comparison]) -> str:
    """Return which arms may be the best, the highest mean first, and which are shown to be worse than another.

    Args:
        results: All arms of the comparison.
        comparisons: Of every arm with the baseline; at least one.
    """
    worse = {item.arm for item in comparisons if item.verdict in WORSE}
    if any(item.verdict in BETTER for item in comparisons):
        worse.add(results.record.baseline)
    gains = {results.record.baseline: 0.0} | {item.arm: item.mean_difference for item in comparisons}
    ordered = sorted(gains, key=lambda arm: -gains[arm])
    best, behind = ([one_line(arm) for arm in ordered if (arm in worse) is lost] for lost in (False, True))
    apart = ", not told apart" if len(best) > 1 else ""
    rest = f"; {_listed(behind, 'and')} {'is' if len(behind) == 1 else 'are'} worse" if behind else ""
    return f"Best: {_listed(best, 'or')}{apart}{rest}"


def _listed(names: Sequence[str], word: str) -> str:
    return f" {word} ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


@dataclass(frozen=True)
class Remedy:
    """What would decide an undecided arm.

    Attributes:
        text: In words.
        command: What to type, or how to change what was typed; empty where no number of seeds is known to do.
        seconds: Of single-threaded work that the command costs; None where it is not known.
    """

    text: str
    command: str = ""
    seconds: float | None = None

    def cost(self, workers: int = 1) -> str:
        """Return how long that takes with so many workers, such as `about 14 min`; empty where it is not known."""
        if not self.seconds:
            return ""
        minutes = max(1, round(self.seconds / workers / 60))
        return f"about {format_duration(60 * minutes) if minutes >= 60 else f'{minutes} min'}"


def remedy(results: ComparisonResults, comparison: Comparison, command: str = "") -> Remedy:
    """Return what would decide an undecided arm.

    Args:
        results: All arms of the comparison.
        comparison: The arm and its baseline.
        command: What made the comparison, without `--seeds`; where it is not given, the project's own have theirs.
    """
    planned, there = len(results.seeds), comparison.num_seeds
    if there < planned:
        wanted, text = planned, f"{planned} seeds were planned; there are {there}"
    elif there < MIN_SEEDS:
        wanted, text = DEFAULT_SEEDS, f"at least {MIN_SEEDS} seeds; there are {there}"
    elif comparison.seeds_to_decide_text.startswith(">"):
        return Remedy(f"more than {comparison.seeds_to_decide_text[1:]} seeds: the arms are too close to tell apart")
    elif comparison.seeds_to_decide is None:
        return Remedy("more seeds")
    else:
        wanted = comparison.seeds_to_decide
        text = f"{wanted} seeds would likely decide it; there are {there}"
    typed = command or _command_of(results)
    return Remedy(text, f"{typed or 'the same command with'} --seeds {wanted}", _work(results, wanted))


def _command_of(results: ComparisonResults) -> str:
    """Return the command that made a comparison of the project's; empty where the record does not tell."""
    record = results.record
    changes = record.modification.split("-") if record.modification else []
    options = [_OPTIONS.get(each) or _epochs_option(each) for each in changes]
    if record.name not in ALL_NAMES or not all(options):
        return ""
    return " ".join([command_of(record.name), *options])


def _epochs_option(change: str) -> str:
    name, _, number = change.partition("=")
    return f"--epochs {number}" if name == "epochs" else ""


def _work(results: ComparisonResults, num_seeds: int) -> float | None:
    """Return the seconds of the runs that are missing of so many seeds, by those that are there; None without any."""
    seconds = [[run.seconds["total"] + run.seconds["startup"] for run in arm.runs.values()] for arm in results.arms]
    means = [float(np.mean(each)) for each in seconds if each]
    if not means:
        return None
    usual = float(np.mean(means))
    return sum((num_seeds - len(each)) * (float(np.mean(each)) if each else usual) for each in seconds)
