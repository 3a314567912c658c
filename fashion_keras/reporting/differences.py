"""The second table of a comparison: each arm against the baseline, seed by seed, with a verdict in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fashion_keras.comparison import ArmRecord, ComparisonResults
from fashion_keras.reporting.cells import ABSENT, Field
from fashion_keras.reporting.summary import describe_results
from fashion_keras.reporting.tables import Column, Row, Table
from fashion_keras.statistics import LEVEL, MARGIN, MIN_SEEDS, Comparison, compare_arms, look_number

_POINTS = 100
_COLUMNS = (
    Column(
        "difference",
        "difference, points",
        "mean over the seeds of the arm's test accuracy minus the baseline's on the same seed: same split, same order "
        "of batches, same first weights where the layers are alike. In brackets its 95 % interval, on this test set: "
        "another draw of seeds would give another mean, and 95 of 100 such intervals hold the true one.",
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


@dataclass(frozen=True)
class TextCell:
    """A cell that is told to people in parts and to programs in fields."""

    lines: tuple[str, ...]
    fields: Mapping[str, Field]
    published: str = ""


def compare_with_baseline(results: ComparisonResults) -> tuple[Comparison, ...]:
    """Compare every arm with the baseline by the final test accuracy, over the seeds that all arms have.

    Args:
        results: All arms of the comparison, for the corrections are over all of them; runs may be missing.

    Returns:
        One per arm but the baseline; nothing where no seed is complete, or the test set was never evaluated.
    """
    complete = [seed for seed in results.seeds if all(seed in arm.runs for arm in results.arms)]
    finals = {arm.name: [arm.runs[seed].final["test_accuracy"] for seed in complete] for arm in results.arms}
    values = {name: [value for value in row if value is not None] for name, row in finals.items()}
    if not complete or any(len(row) < len(complete) for row in values.values()):
        return ()
    looks = [look["seeds"] for look in results.record.looks]
    return compare_arms(
        values,
        results.record.baseline,
        planned_seeds=max(MIN_SEEDS, len(results.seeds)),
        look=look_number(looks, len(complete), MIN_SEEDS),
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
    records = {arm.name: arm.record for arm in results.arms}
    rows = [
        _build_row(comparison, records[comparison.arm], len(results.seeds))
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
            f"The verdicts are about {len(comparisons)} arms against one baseline at once, about this test set, and "
            "about these settings: none was tuned for each arm.",
        ),
    )


def _build_row(comparison: Comparison, record: ArmRecord, num_seeds: int) -> Row:
    return Row(
        arm=comparison.arm,
        described=record.described,
        num_runs=comparison.num_seeds,
        num_diverged=0,
        num_seeds=num_seeds,
        cells=(_difference(comparison), _seeds_won(comparison), _adjusted_p(comparison), _verdict(comparison)),
    )


def _difference(comparison: Comparison) -> TextCell:
    low, high = comparison.interval or (None, None)
    brackets = (f"({_points(low)} to {_points(high)})",) if low is not None and high is not None else ()
    fields = {"mean": comparison.mean_difference, "low": low, "high": high}
    return TextCell((_points(comparison.mean_difference), *brackets), fields)


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
    return TextCell(tuple(lines), fields)
