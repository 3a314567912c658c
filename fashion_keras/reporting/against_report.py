"""Published numbers beside ours, and whether one more run could have given them: the third table of a comparison."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fashion_keras.experiments.definition import published_rows
from fashion_keras.formatting import count_noun
from fashion_keras.reporting.cells import Cell, Field, MeasuredCell, TextCell, interval_fields
from fashion_keras.reporting.summary import describe_results, make_row
from fashion_keras.reporting.tables import MINUTES_KEY, Column, Row, Table
from fashion_keras.reporting.units import ABSENT, ACCURACY, LOSS, MINUTES, Unit
from fashion_keras.statistics import expected_misses, misses_p, prediction_interval
from fashion_keras.storage.comparison import ArmResults, ComparisonResults

BATCH_SIZE = 256
"""The report's test batches."""

REPRODUCED, MISSED, CALIBRATION = "reproduced", "missed", "calibration"
MEASURED_OTHERWISE, NOT_JUDGED = "measured otherwise", "not judged"

# Two readings of the report were chosen because they come near these cells, by the key of published.json.
_CALIBRATED = frozenset({"base", "random_normal"})
_PREDICTION = (
    "After ± how far a single run may lie from our mean: the 95 % prediction interval of one more run of ours."
)
_COLUMNS = (
    Column(
        "train_loss",
        "training loss",
        "measured otherwise: ours is the epoch's mean while the network learns, the report does not define its own.",
    ),
    Column("val_loss", "validation loss", f"mean over our runs, in nats. {_PREDICTION}"),
    Column("test_loss", "test loss", "the same of the test images, in nats."),
    Column("val_accuracy", "validation accuracy, %", "the same of the accuracy; a miss is in points."),
    Column(
        "batch_accuracy",
        "test accuracy, batch mean, %",
        f"our test accuracy averaged as the report does, and judged by it: over batches of {BATCH_SIZE}, the last one "
        "counting as much as the others (of 10,000 images it holds 16); the exact accuracy stands in the "
        "first table. Calibration: this published value was used to choose how the report is read, so that meeting it "
        "proves nothing.",
    ),
    Column(
        MINUTES_KEY,
        "time",
        "published minutes divided by ours. Another machine and another library: a ratio, judged nothing.",
    ),
)


def batch_mean_accuracy(correct: ArrayLike, batch_size: int = BATCH_SIZE) -> float:
    """Return the mean of the accuracies of successive batches, the last and smaller one counting like the others.

    Args:
        correct: bool [num_images], at least one, in the order of the test set.
        batch_size: images per batch.

    >>> batch_mean_accuracy([True, True, False], batch_size=2)
    0.5
    """
    row = np.asarray(correct, dtype=np.float64)
    return float(np.mean([row[start : start + batch_size].mean() for start in range(0, len(row), batch_size)]))


@dataclass(frozen=True)
class ReportCell:
    """One published number beside the runs that should reproduce it.

    Attributes:
        measured: Our runs, and the published value in the same unit.
        interval: 95 % prediction interval of one more run; None with fewer than two runs.
        exempt: Why the cell is not judged: `CALIBRATION` or `MEASURED_OTHERWISE`; empty where it is.
    """

    measured: MeasuredCell
    interval: tuple[float, float] | None
    exempt: str = ""

    @property
    def judgement(self) -> str | None:
        """What is said of the published value; None where there is none, or none of ours."""
        published = self.measured.published_value
        if published is None or self.measured.mean is None:
            return None
        if self.exempt:
            return self.exempt
        if self.interval is None:
            return NOT_JUDGED
        low, high = self.interval
        return REPRODUCED if low <= published <= high else MISSED

    @property
    def miss(self) -> float | None:
        """How far our mean lies above the published value, in nats or as a fraction."""
        measured = self.measured
        if measured.mean is None or measured.published_value is None:
            return None
        return measured.mean - measured.published_value

    @property
    def miss_in_stds(self) -> float | None:
        """The same in standard deviations between our runs; None where they do not differ, or there is one."""
        return self.miss / self.measured.std if self.miss is not None and self.measured.std else None

    @property
    def lines(self) -> tuple[str, ...]:
        """Our mean, half the interval's width, the judgement."""
        text = self.measured.unit.text
        half_width = () if self.interval is None else (f"± {text((self.interval[1] - self.interval[0]) / 2)}",)
        shown = () if self.exempt == MEASURED_OTHERWISE else half_width
        return (text(self.measured.mean), *shown, *self._judgement_lines())

    def _judgement_lines(self) -> tuple[str, ...]:
        if self.judgement == MEASURED_OTHERWISE:
            return tuple(MEASURED_OTHERWISE.split())
        if self.judgement != MISSED or self.miss is None:
            return (self.judgement,) if self.judgement else ()
        amount = self.measured.unit.difference(self.miss)
        stds = self.miss_in_stds
        return ("missed by", amount) if stds is None else ("missed by", f"{amount},", f"{abs(stds):.1f} SD")

    @property
    def published(self) -> str:
        """The report's value."""
        return self.measured.published

    @property
    def fields(self) -> Mapping[str, Field]:
        """Our mean and interval, the published value, the judgement, ours minus published, also in deviations."""
        return {
            "mean": self.measured.mean,
            **interval_fields(self.interval),
            "n": self.measured.num_values,
            "published": self.measured.published_value,
            "judgement": self.judgement,
            "miss": self.miss,
            "miss_stds": self.miss_in_stds,
        }


def build_against_report(results: ComparisonResults) -> Table | None:
    """Set each published number of a comparison beside ours.

    Args:
        results: The requested arms and seeds; runs may be missing.

    Returns:
        The table of the arms that the report has numbers of, or None where there is none that has runs, or the
        comparison was modified (other epochs, part of the data, other data).
    """
    if not results.record.is_plain:
        return None
    rows = tuple(_build_row(arm, len(results.seeds)) for arm in results.arms if arm.record.published and arm.runs)
    if not rows:
        return None
    return Table(
        title="Against the report",
        caption=describe_results(results),
        columns=_COLUMNS,
        rows=rows,
        notes=tuple(_notes(rows)),
        legend="Mean ± reach of a single run, judgement; in parentheses the published value.",
    )


def _build_row(arm: ArmResults, num_seeds: int) -> Row:
    key = arm.record.published or ""
    published = published_rows().get(key, {})
    calibration = CALIBRATION if key in _CALIBRATED else ""
    cells: list[Cell] = [
        _report_cell(arm, "train_loss", LOSS, published, MEASURED_OTHERWISE),
        _report_cell(arm, "val_loss", LOSS, published),
        _report_cell(arm, "test_loss", LOSS, published),
        _report_cell(arm, "val_accuracy", ACCURACY, published),
        _make_cell(_batch_means(arm), ACCURACY, published.get("test_accuracy"), calibration),
        _time_cell(arm, published.get("time_minutes")),
    ]
    return make_row(arm, num_seeds, cells)


def _report_cell(
    arm: ArmResults, metric: str, unit: Unit, published: Mapping[str, float | None], exempt: str = ""
) -> ReportCell:
    return _make_cell(arm.finals(metric), unit, published.get(metric), exempt)


def _make_cell(values: NDArray[np.float64], unit: Unit, published: float | None, exempt: str) -> ReportCell:
    finite = values[np.isfinite(values)]
    interval = prediction_interval(finite) if len(finite) > 1 else None
    return ReportCell(MeasuredCell.of(unit, values, published), interval, exempt)


def _batch_means(arm: ArmResults) -> NDArray[np.float64]:
    """Return the batch means of all runs, or none: a mean over some could not stand beside that over all."""
    bits = [run.correct for run in arm.runs.values()]
    values = [batch_mean_accuracy(correct) for correct in bits if correct is not None]
    return np.array(values if len(values) == len(bits) else [])


def _time_cell(arm: ArmResults, published: float | None) -> TextCell:
    minutes = float(np.mean([run.seconds["total"] for run in arm.runs.values()])) / 60
    ratio = published / minutes if published is not None and minutes > 0 else None
    fields = {"mean": minutes, "published": published, "ratio": ratio}
    return TextCell(
        (ABSENT,) if ratio is None else _ratio_lines(ratio), fields, MINUTES.text(published) if ratio else ""
    )


def _ratio_lines(ratio: float) -> tuple[str, ...]:
    factor, word = (ratio, "faster") if ratio >= 1 else (1 / ratio, "slower")
    return (f"×{factor:.1f}", word)


def _notes(rows: tuple[Row, ...]) -> list[str]:
    cells = [cell for row in rows for cell in row.cells if isinstance(cell, ReportCell)]
    notes = [_count_misses(cells)]
    if any(cell.judgement == MISSED for cell in cells):
        notes.append(
            "Missed: the published value lies outside the interval. Then our mean minus the published value, in nats "
            "or points, and its size in standard deviations between our runs (SD)."
        )
    if any(cell.judgement == NOT_JUDGED for cell in cells):
        notes.append("A single run has no interval, so nothing is judged by it.")
    if any(row.num_diverged for row in rows):
        notes.append("Losses of diverged runs are no numbers and are left out; an interval is that of the other runs.")
    return notes


def _count_misses(cells: list[ReportCell]) -> str:
    count: Callable[[str], int] = [cell.judgement for cell in cells].count
    num_missed = count(MISSED)
    num_judged = num_missed + count(REPRODUCED)
    if not num_judged:
        return "No cell is judged."
    counted = f"Of {count_noun(num_judged, 'judged cell')}, {num_missed} missed"
    expected = f"{expected_misses(num_judged):.2g} would be expected to by chance alone"
    if not num_missed:
        return f"{counted}; {expected}."
    return (
        f"{counted}; {expected}, and at least {num_missed} with a probability of "
        f"{misses_p(num_missed, num_judged):.2g} if cells were independent. They share runs, so that is a rough guide."
    )
