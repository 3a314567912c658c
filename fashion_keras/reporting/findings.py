"""Findings of a comparison in sentences: each arm, the best ones, and what would decide an undecided one.

All that people read of a `Comparison` outside its table is worded here, for terminal, page and figures alike.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fashion_keras.config.run_config import PRECISIONS
from fashion_keras.experiments.definition import DEFAULT_SEEDS
from fashion_keras.experiments.names import ALL_NAMES, command_of, is_tuned_name
from fashion_keras.formatting import format_duration, one_line
from fashion_keras.reporting.units import POINTS, Unit
from fashion_keras.results.metrics import Metric
from fashion_keras.statistics import FAR, MARGIN, MIN_SEEDS, BestArms, Comparison, Design, Share, Verdict
from fashion_keras.storage.archive import ArchivedRun
from fashion_keras.storage.comparison import ArmResults, ComparisonRecord, ComparisonResults

__all__ = [
    "BETTER", "WORSE", "Remedy", "best_sentence", "collapse_sentence", "describe_design", "figure", "margin_sentence",
    "percent", "remedy", "sentence",
]  # fmt: skip

BETTER = (Verdict.BETTER, Verdict.BETTER_NEGLIGIBLY)
WORSE = (Verdict.WORSE, Verdict.WORSE_NEGLIGIBLY)
_COLLAPSED = (
    ("Runs collapsed, over 10 points below their arm's median", "The interval of the mean promises too much there."),
    (
        f"Runs diverged, to no finite number or over {FAR:,.0f} times the usual one",
        "Each counts as lost; the difference is of medians.",
    ),
)


def figure(comparison: Comparison, unit: Unit = POINTS) -> str:
    """Return the difference with its interval, if there is one: `+0.93 (+0.78 to +1.07)`."""
    interval = comparison.interval
    return unit.difference(comparison.mean_difference) + (f" ({unit.span(interval)})" if interval else "")


def sentence(comparison: Comparison, unit: Unit = POINTS) -> str:
    """Return what was found of an arm, its verdict last, behind the last colon."""
    arm, baseline = one_line(comparison.arm), one_line(comparison.baseline)
    mean, _, interval = figure(comparison, unit).partition(" ")
    verdict = comparison.verdict_text
    if comparison.has_diverged and comparison.collapse is not None:
        found = comparison.collapse
        because = f", {comparison.undecided_because}" * bool(comparison.undecided_because)
        return (
            f"{arm} ({found.arm.count} of {found.arm.total} runs diverged) against {baseline} "
            f"({found.baseline.count} of {found.baseline.total}): {verdict}{because}"
        )
    if comparison.verdict in (*BETTER, *WORSE):
        amount = f"{unit.amount(unit.text(abs(comparison.mean_difference)))} {interval}".rstrip()
        return f"{arm} {'beats' if comparison.verdict in BETTER else 'loses to'} {baseline} by {amount}: {verdict}"
    amount = f"{unit.amount(mean)} {interval}".rstrip()
    if comparison.verdict is Verdict.EQUIVALENT:
        return f"{arm} is as good as {baseline}, {amount}: {verdict}"
    return f"{arm} against {baseline}, {amount}: {verdict}, {comparison.undecided_because}"


def collapse_sentence(comparison: Comparison, unit: Unit = POINTS) -> str:
    """Return how often runs of arm and baseline collapsed or diverged, and how the others differ, or an empty text."""
    found = comparison.collapse
    if found is None:
        return ""
    arm, baseline = one_line(comparison.arm), one_line(comparison.baseline)
    others = "no seed is left on which neither did"
    if found.difference is not None:
        span = f" ({unit.span(found.interval)})" if found.interval else ""
        amount = unit.amount(unit.difference(found.difference))
        others = f"on the {found.num_others} others {arm} differs by {amount}{span}"
    head, last = _COLLAPSED[comparison.has_diverged]
    return f"{head}: {_share(found.arm)} of {arm}, {_share(found.baseline)} of {baseline}; {others}. {last}"


def margin_sentence(margin: float, values: Mapping[str, NDArray[np.float64]], metric: Metric, written: str) -> str:
    """Return that no difference can reach a margin, which is likely said in another unit; or an empty text.

    Args:
        margin: Of equivalence, in the unit of the values.
        values: Of each arm, float64 [seeds].
        metric: What they are.
        written: In which unit a margin is said.
    """
    found, unit = np.concatenate([row[np.isfinite(row)] for row in values.values()]), Unit.of(metric, values.values())
    spread = float(np.ptp(found)) if found.size else 0.0
    if margin < spread or margin <= MARGIN * metric.is_share:
        return ""
    return (
        f"The margin is {unit.margin(margin)}, and all values lie within {unit.amount(unit.text(spread))}, so that no "
        f"difference can be more than negligible: {written}"
    )


def _share(share: Share) -> str:
    low, high = share.interval
    return f"{share.count} of {share.total} ({percent(low)} to {percent(high)} %)"


def percent(share: float) -> str:
    """Return a share as a whole number of per cent, without the sign."""
    return f"{share:.0%}".removesuffix("%")


def describe_design(design: Design, comparisons: Sequence[Comparison] = (), unit: Unit = POINTS) -> str:
    """Return how verdicts of `comparisons` came about: the `design`, its margin in the `unit`, and their levels."""
    if not design.looks:
        return f"Nothing is judged with fewer than {MIN_SEEDS} seeds."
    *earlier, last = map(str, design.looks)
    looks = f"{', '.join(earlier)} and {last} seeds" if earlier else f"{last} seeds, once"
    levels = sorted({100 * (1 - item.level) for item in comparisons if item.level is not None})
    ends = " to ".join(dict.fromkeys(f"{level:.1f}" for level in (levels[0], levels[-1]))) if levels else ""
    shown = f" The intervals shown are of {ends} %." if levels else ""
    if earlier and design.futility:
        chance = f"{100 * design.futility:g} %"
        shown = f" Where {last} seeds would decide each arm left with less than {chance} chance, none gets more.{shown}"
    return (
        f"Looked at with {looks}, so that any false better or worse in the whole table has a chance of "
        f"{100 * design.total_level:g} %; the margin of equivalence is {unit.margin(design.margin)}.{shown}"
    )


def best_sentence(best: BestArms | None) -> str:
    """Return which arms may be the best, and which are shown to be worse than another; empty where none is known."""
    return one_line(f"B{best.sentence[1:]}") if best else ""


@dataclass(frozen=True)
class Remedy:
    """What would decide an undecided arm.

    Attributes:
        text: In words.
        command: What to type, or how to change what was typed; empty where no number of seeds is known to do.
        seconds: Of single-threaded work that the command costs; None where it is not known.
        from_nothing: Whether that counts all runs, for those that are shown are in no store of the reader's.
    """

    text: str
    command: str = ""
    seconds: float | None = None
    from_nothing: bool = False

    def cost(self, workers: int = 1) -> str:
        """Return how long that takes with so many workers, such as `about 14 min`; empty where it is not known."""
        if not self.seconds:
            return ""
        minutes = max(1, round(self.seconds / workers / 60))
        time = format_duration(60 * minutes) if minutes >= 60 else f"{minutes} min"
        return f"about {time}{' from an empty store' * self.from_nothing}"


def remedy(results: ComparisonResults, comparison: Comparison, among: Sequence[Comparison] = ()) -> Remedy:
    """Return what would decide an undecided arm.

    Args:
        results: All arms of the comparison.
        comparison: The arm and its baseline.
        among: Every arm and the baseline: those that are decided get no more seeds.
    """
    there = comparison.num_seeds
    later = [look for look in results.record.design.looks if look > there]
    if (later and comparison.look is None) or comparison.seeds_to_decide in later:
        # The same command goes on to the later looks.
        wanted, text = results.record.design.num_seeds, f"{comparison.undecided_because}; there are {there}"
    elif comparison.look is None:
        wanted, text = DEFAULT_SEEDS, f"at least {MIN_SEEDS} seeds; there are {there}"
    elif comparison.has_diverged:
        return Remedy("settings by which no run diverges")
    elif comparison.seeds_to_decide is None:
        seeds = comparison.seeds_to_decide_text
        return Remedy(f"more than {seeds[1:]} seeds: the arms are too close to tell apart")
    else:
        wanted = comparison.seeds_to_decide
        text = f"{wanted} seeds would likely decide it; there are {there}"
    command = _with_seeds(results.record.command or _command_of(results.record), wanted)
    decided = {item.arm for item in among if item.verdict is not Verdict.UNDECIDED}
    from_nothing = any(isinstance(run, ArchivedRun) for arm in results.arms for run in arm.runs.values())
    return Remedy(text, command, _work(results, wanted, decided, from_nothing), from_nothing)


def _with_seeds(command: str, number: int) -> str:
    """Return a command, or a call in Python, with another number of seeds."""
    if command.endswith(")"):  # no word of a shell ends so without a quote
        return f"{command[:-1]}, seeds={number})"
    return f"{command or 'the same command with'} --seeds {number}"


def _command_of(record: ComparisonRecord) -> str:
    """Return the command that makes a comparison of the project's; empty where the record does not tell."""
    if record.name in ALL_NAMES:
        return "" if record.modification else command_of(record.name)
    budgets: Sequence[int] = record.tuning.budgets if record.tuning and is_tuned_name(record.name) else ()
    if len(budgets) != 1 or record.modification not in ("", *PRECISIONS):
        return ""
    precision = f" --precision {record.modification}" if record.modification else ""
    return f"{command_of(record.name)} --budget {budgets[0]}{precision}"


def _work(results: ComparisonResults, num_seeds: int, decided: Collection[str], from_nothing: bool) -> float | None:
    """Return the seconds of the runs that are missing of so many seeds, by those that are there; None without any."""
    seconds = {arm.name: _seconds_of(arm) for arm in results.arms}
    means = {name: float(np.mean(each)) for name, each in seconds.items() if each}
    if not means:
        return None
    usual = float(np.mean([*means.values()]))
    missing = {name: 0 if name in decided else num_seeds - len(each) for name, each in seconds.items()}
    work = sum(number * means.get(name, usual) for name, number in missing.items())
    return work + (_work_so_far(results, means) if from_nothing else 0.0)


def _work_so_far(results: ComparisonResults, means: Mapping[str, float]) -> float:
    """Return the seconds of all runs that are there, of the trials of a tuning, and of the untuned comparison."""
    tuned = results.record.tuning.arms if results.record.tuning else ()
    trials = sum(means.get(arm.name, 0.0) * len(trial.runs) for arm in tuned for trial in arm.trials)
    arms = (*results.arms, *(results.untuned.arms if results.untuned else ()))
    return trials + sum(sum(_seconds_of(arm)) for arm in arms)


def _seconds_of(arm: ArmResults) -> list[float]:
    return [run.seconds["total"] + run.seconds["startup"] for run in arm.runs.values()]
