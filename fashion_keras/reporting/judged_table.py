"""Judgement of results made elsewhere, for people: its table, its sentences and what must be said below them."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fashion_keras.formatting import one_line
from fashion_keras.reporting.tables import Cell, Column, Row, Table, difference_cell, measured_cell
from fashion_keras.reporting.units import ABSENT, POINTS, Unit
from fashion_keras.statistics.comparison import Comparison
from fashion_keras.statistics.judged import JudgedArms
from fashion_keras.statistics.power import MAX_SEEDS_SEARCHED

__all__ = ["build_judgement", "needs"]


_Floats = NDArray[np.float64]


def needs(comparison: Comparison, noun: str) -> str:
    """Return what stands behind the sentence of an arm: what would likely decide it, or what its verdict is about.

    Args:
        comparison: The arm and its baseline.
        noun: What was compared: only for pairs of a `seed` it is known how many would do.
    """
    text = comparison.seeds_to_decide_text
    if comparison.only_on_this_test_set:
        return " on this set of examples"
    if not text or noun != "seed" or comparison.num_seeds >= MAX_SEEDS_SEARCHED:
        return ""
    return f"; {text} seeds would likely decide"


def build_judgement(judged: JudgedArms, unit: Unit, title: str, caption: str, noun: str, metric: str) -> Table:
    """Tabulate arms and verdicts, the baseline first.

    Args:
        judged: What was found.
        unit: How the values are shown.
        title: Heads the table.
        caption: Stands below the title.
        noun: What each value is of: `seed`, `run` or `example`.
        metric: Its name.
    """
    by_arm = {item.arm: item for item in judged.comparisons}
    baseline = judged.comparisons[0].baseline
    has_new = any(item.new_images for item in judged.comparisons)
    named = f"{one_line(metric)}, %" if unit == POINTS else one_line(metric)
    columns = [
        Column("value", named, f"mean and standard deviation over the {noun}s of an arm."),
        Column(
            "difference",
            unit.title("difference"),
            f"mean of the arm minus that of {one_line(baseline)}; in brackets the interval by which it was judged.",
        ),
        Column("verdict", "verdict", _verdict_words(judged, unit)),
    ]
    if has_new:
        columns.insert(
            2, Column("new_examples", "on new examples", "the interval for other examples of the same kind.")
        )
    rows = [
        Row(
            arm,
            False,
            row.size,
            int((~np.isfinite(row)).sum()),
            row.size,
            _cells(row, by_arm.get(arm), unit, has_new, noun),
            noun,
        )
        for arm, row in {baseline: judged.values[baseline], **judged.values}.items()
    ]
    return Table(title, caption, tuple(columns), tuple(rows), ())


def _verdict_words(judged: JudgedArms, unit: Unit) -> str:
    text = "read off the interval: better or worse where it excludes 0"
    if judged.margin is None:
        return f"{text}; without a margin nothing is called equivalent."
    margin = unit.amount(unit.text(judged.margin))
    return f"{text}, equivalent where it lies within {margin} either way, negligibly where both; undecided otherwise."


def _cells(row: _Floats, comparison: Comparison | None, unit: Unit, has_new: bool, noun: str) -> tuple[Cell, ...]:
    value = measured_cell(unit, row)
    value = replace(value, lines=value.lines[: 1 if noun == "example" else 2])
    if comparison is None:
        return (value, *[Cell((ABSENT,))] * (1 + has_new), Cell(("baseline",)))
    new = [Cell((unit.span(comparison.new_images),))] * has_new
    verdict = Cell((comparison.verdict_text.replace("test set", "set of examples"),), verdict=comparison.verdict)
    return (value, difference_cell(comparison.mean_difference, comparison.interval, unit), *new, verdict)
