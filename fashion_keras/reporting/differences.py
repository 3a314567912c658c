"""Paired differences of a comparison: each arm against the baseline, seed by seed, with a verdict in words."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fashion_keras.formatting import count_noun, points, points_span
from fashion_keras.reporting.cells import ABSENT, TextCell
from fashion_keras.reporting.pairing import pairing_note
from fashion_keras.reporting.pairs import complete_seeds, paired_accuracies
from fashion_keras.reporting.summary import describe_results
from fashion_keras.reporting.tables import Column, Row, Table
from fashion_keras.statistics import LEVEL, MARGIN, clip_difference, compare_correct
from fashion_keras.statistics.old import MIN_SEEDS, Comparison, compare_arms, look_number, measured_false_verdicts
from fashion_keras.storage.comparison import ArmResults, ComparisonResults

_Correct = NDArray[np.bool_]

_VERDICT_WIDTH = 16  # of its lines where a table is narrow
_BRACKETS = (
    " In brackets its 95 % interval, on this test set: another draw of seeds would give another mean, and 95 of 100 "
    "such intervals hold the true one."
)
_COLUMNS = (
    Column(
        "difference",
        "difference, points",
        "mean over the seeds of the arm's test accuracy minus the baseline's on the same seed: same split, same order "
        "of batches, same first weights where the layers are alike.",
    ),
    Column(
        "new_images",
        "on new images, points",
        "95 % interval of the same difference for another draw of seeds and of test images of the same kind, by what "
        "each run got right. It does not cover other training images, which all runs share, nor other kinds of images.",
    ),
    Column(
        "seeds_won",
        "seeds won, %",
        "on how many of the seeds the arm beats the baseline, ties counted half: an estimate of the chance that it "
        "does on the next one.",
    ),
    Column(
        "adjusted_p",
        "adjusted p",
        "how often differences at least this large would come about if the arm and the baseline were equally good, "
        "made larger for the number of arms that are compared (Holm) and for earlier looks at fewer seeds. The largest "
        "of an exact sign-flip test, Student's and a bootstrap-t: each of them fails alone on skewed differences.",
    ),
    Column(
        "verdict",
        "verdict",
        f"better or worse where adjusted p is under {LEVEL:g}; equivalent where the difference is shown to lie within "
        f"{100 * MARGIN:g} points either way (two one-sided tests, adjusted alike); both is a real difference, but "
        "a negligible one; undecided where neither is shown, with the number of seeds that would likely decide it.",
    ),
)


def compare_with_baseline(results: ComparisonResults) -> tuple[Comparison, ...]:
    """Compare every arm with the baseline by the final test accuracy, over the seeds that all arms have.

    Args:
        results: All arms of the comparison, for the corrections are over all of them; runs may be missing.

    Returns:
        One per arm but the baseline; nothing where no seed is complete, or the test set was never evaluated.
    """
    values = paired_accuracies(results)
    if not values:
        return ()
    looks = [look["seeds"] for look in results.record.looks]
    comparisons = compare_arms(
        values,
        results.record.baseline,
        planned_seeds=max(MIN_SEEDS, len(results.seeds)),
        look=look_number(looks, len(complete_seeds(results)), MIN_SEEDS),
    )
    correct = {arm.name: _stack_correct(arm, complete_seeds(results)) for arm in results.arms}
    return tuple(replace(item, new_images=_on_new_images(item, correct)) for item in comparisons)


def _stack_correct(arm: ArmResults, seeds: Sequence[int]) -> _Correct | None:
    """Return what the runs of these seeds got right, bool [seeds, images]; None where a run did not keep it."""
    rows = [row for row in (arm.runs[seed].correct for seed in seeds) if row is not None]
    return np.stack(rows) if len(rows) == len(seeds) else None


def _on_new_images(comparison: Comparison, correct: Mapping[str, _Correct | None]) -> tuple[float, float] | None:
    ours, theirs = correct[comparison.arm], correct[comparison.baseline]
    return None if ours is None or theirs is None else compare_correct(ours, theirs).on_new_images


@dataclass(frozen=True)
class Differences(Table):
    """The table of differences, and the comparisons that it shows, in the order of its rows."""

    comparisons: tuple[Comparison, ...] = ()


def build_differences(results: ComparisonResults, shown: Sequence[str] | None = None) -> Differences | None:
    """Tabulate the paired differences of a comparison, arm by arm.

    Args:
        results: All arms of the comparison.
        shown: Show only these arms; all where None.

    Returns:
        The table, or None where there is nothing to compare yet.
    """
    arms = {arm.name: arm for arm in results.arms}
    comparisons = compare_with_baseline(results)
    chosen = [item for item in comparisons if shown is None or item.arm in shown]
    if not chosen:
        return None
    chosen.sort(key=lambda item: arms[item.arm].record.described)
    return Differences(
        title=f"Against {results.record.baseline}",
        caption=describe_results(results),
        columns=_columns(has_interval=chosen[0].interval is not None),
        rows=tuple(_build_row(item, arms[item.arm], len(results.seeds)) for item in chosen),
        notes=(
            f"The verdicts are about {count_noun(len(comparisons), 'arm')} against one baseline at once, about this "
            f"test set, and about these settings: {_tuning_words(results)}.",
            *_caveats(results, [item.arm for item in chosen]),
        ),
        comparisons=tuple(chosen),
    )


def _columns(has_interval: bool) -> tuple[Column, ...]:
    first, *others = _COLUMNS
    return (replace(first, definition=first.definition + _BRACKETS) if has_interval else first, *others)


def _tuning_words(results: ComparisonResults) -> str:
    if results.record.tuning is None:
        return "none was tuned for each arm"
    setting = results.record.tuning["setting"]
    return (
        f"{setting} was tuned for each arm alike, and the verdicts hold for the values picked; nothing else was tuned"
    )


def _caveats(results: ComparisonResults, shown: Sequence[str]) -> tuple[str, ...]:
    """What pairing gained, and how often verdicts err where differences are skewed; nothing before there are any."""
    pairing = pairing_note(results, shown)
    if not pairing or not results.record.data["is_fashion_mnist"]:  # the skews known are those of runs on it
        return (pairing,) if pairing else ()
    known = measured_false_verdicts()
    return (
        pairing,
        "Skewed differences bring more false verdicts than adjusted p promises. Of simulated tables of "
        f"{count_noun(known.num_arms, 'arm')} and {count_noun(known.num_seeds, 'seed')} without any difference, "
        f"{_share(known.normal)} % showed a false better or worse where differences were normal, and "
        f"{_share(known.at_largest_skew)} % at the largest skew that this project's published runs showed "
        f"({known.largest_skew:+.2f}, {known.arm} of {known.comparison}). So few seeds show too little of a skew: at "
        f"{known.likely_skew:.1f}, of which they typically show so much, it was {_share(known.at_likely_skew)} %.",
    )


def _share(share: float) -> str:
    return f"{share:.1%}".removesuffix("%")


def _build_row(comparison: Comparison, arm: ArmResults, num_seeds: int) -> Row:
    return Row(
        arm=comparison.arm,
        described=arm.record.described,
        num_runs=comparison.num_seeds,
        num_diverged=0,
        num_seeds=num_seeds,
        cells=(
            _difference(comparison),
            _new_images(comparison),
            _seeds_won(comparison),
            _adjusted_p(comparison),
            _verdict(comparison),
        ),
    )


def _difference(comparison: Comparison) -> TextCell:
    interval = clip_difference(comparison.interval)
    low, high = interval or (None, None)
    brackets = (f"({points_span(interval)})",) if interval else ()
    fields = {"mean": comparison.mean_difference, "low": low, "high": high}
    return TextCell((points(comparison.mean_difference), *brackets), fields)


def _new_images(comparison: Comparison) -> TextCell:
    interval = comparison.new_images
    low, high = interval or (None, None)
    return TextCell((points_span(interval) if interval else ABSENT,), {"low": low, "high": high})


def _seeds_won(comparison: Comparison) -> TextCell:
    share = comparison.probability_better
    return TextCell((f"{share:.0%}".removesuffix("%"),), {"share": share})


def _adjusted_p(comparison: Comparison) -> TextCell:
    decidable = comparison.num_seeds >= MIN_SEEDS
    text = f"{comparison.adjusted_p:.3f}" if decidable else ABSENT
    return TextCell((text,), {"holm": comparison.adjusted_p, "equivalence_holm": comparison.adjusted_equivalence_p})


def _verdict(comparison: Comparison) -> TextCell:
    reason = comparison.undecided_because
    lines = [str(comparison.verdict)]
    if reason:
        lines.append(f"({reason})")
    if reason and comparison.seeds_to_decide_text and comparison.num_seeds >= MIN_SEEDS:
        lines.append(f"{comparison.seeds_to_decide_text} seeds would likely decide")
    fields = {"text": str(comparison.verdict), "because": reason, "seeds_to_decide": comparison.seeds_to_decide}
    return TextCell(tuple(part for line in lines for part in textwrap.wrap(line, _VERDICT_WIDTH)), fields)
