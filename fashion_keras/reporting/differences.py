"""The second table of a comparison: each arm against the baseline, seed by seed, with a verdict in words."""

import textwrap
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fashion_keras.formatting import count_noun
from fashion_keras.reporting.cells import ABSENT, TextCell
from fashion_keras.reporting.pairing import pairing_note
from fashion_keras.reporting.pairs import complete_seeds, paired_accuracies
from fashion_keras.reporting.summary import describe_results
from fashion_keras.reporting.tables import Column, Row, Table
from fashion_keras.statistics import LEVEL, MARGIN, clip_difference, compare_correct
from fashion_keras.statistics.old import MIN_SEEDS, Comparison, compare_arms, look_number, measured_false_verdicts
from fashion_keras.storage.comparison import ArmResults, ComparisonResults

_POINTS = 100
_VERDICT_WIDTH = 16  # of its lines where a table is narrow
_COLUMNS = (
    Column(
        "difference",
        "difference, points",
        "mean over the seeds of the arm's test accuracy minus the baseline's on the same seed: same split, same order "
        "of batches, same first weights where the layers are alike. In brackets its 95 % interval, on this test set: "
        "another draw of seeds would give another mean, and 95 of 100 such intervals hold the true one.",
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
        f"{MARGIN * _POINTS:g} points either way (two one-sided tests, adjusted alike); both is a real difference, but "
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
    return compare_arms(
        values,
        results.record.baseline,
        planned_seeds=max(MIN_SEEDS, len(results.seeds)),
        look=look_number(looks, len(complete_seeds(results)), MIN_SEEDS),
    )


def build_differences(results: ComparisonResults, shown: Sequence[str] | None = None) -> Table | None:
    """Tabulate the paired differences of a comparison, arm by arm.

    Args:
        results: All arms of the comparison.
        shown: Show only these arms; all where None.

    Returns:
        The table, or None where there is nothing to compare yet.
    """
    comparisons = compare_with_baseline(results)
    arms = {arm.name: arm for arm in results.arms}
    rows = [
        _build_row(comparison, arms[comparison.arm], _new_images(results, arms[comparison.arm]), len(results.seeds))
        for comparison in comparisons
        if shown is None or comparison.arm in shown
    ]
    if not rows:
        return None
    return Table(
        title=f"Against {results.record.baseline}",
        caption=describe_results(results),
        columns=_COLUMNS,
        rows=tuple(sorted(rows, key=lambda row: row.described)),
        notes=(
            f"The verdicts are about {count_noun(len(comparisons), 'arm')} against one baseline at once, about this "
            f"test set, and about these settings: {_tuning_words(results)}.",
            *_caveats(results, [row.arm for row in rows]),
        ),
    )


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
    if not pairing:
        return ()
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


def _build_row(comparison: Comparison, arm: ArmResults, new_images: TextCell, num_seeds: int) -> Row:
    return Row(
        arm=comparison.arm,
        described=arm.record.described,
        num_runs=comparison.num_seeds,
        num_diverged=0,
        num_seeds=num_seeds,
        cells=(
            _difference(comparison),
            new_images,
            _seeds_won(comparison),
            _adjusted_p(comparison),
            _verdict(comparison),
        ),
    )


def _difference(comparison: Comparison) -> TextCell:
    low, high = clip_difference(comparison.interval) or (None, None)
    brackets = () if low is None or high is None else (f"({_points(low)} to {_points(high)})",)
    fields = {"mean": comparison.mean_difference, "low": low, "high": high}
    return TextCell((_points(comparison.mean_difference), *brackets), fields)


def _new_images(results: ComparisonResults, arm: ArmResults) -> TextCell:
    seeds = complete_seeds(results)
    (baseline,) = [other for other in results.arms if other.name == results.record.baseline]
    ours, theirs = _stack_correct(arm, seeds), _stack_correct(baseline, seeds)
    interval = None
    if ours is not None and theirs is not None:
        interval = compare_correct(ours, theirs).on_new_images
    low, high = interval or (None, None)
    text = ABSENT if low is None or high is None else f"{_points(low)} to {_points(high)}"
    return TextCell((text,), {"low": low, "high": high})


def _stack_correct(arm: ArmResults, seeds: Sequence[int]) -> NDArray[np.bool_] | None:
    """Return what the runs of these seeds got right, bool [seeds, images]; None where a run did not keep it."""
    rows = [row for row in (arm.runs[seed].correct for seed in seeds) if row is not None]
    return np.stack(rows) if len(rows) == len(seeds) else None


def _points(difference: float) -> str:
    return f"{difference * _POINTS:+.2f}"


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
