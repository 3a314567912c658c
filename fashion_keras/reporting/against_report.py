"""Published numbers beside ours, and whether one more run could have given them: the third table of a comparison."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fashion_keras.experiments.definition import published_rows
from fashion_keras.formatting import count_noun
from fashion_keras.reporting.summary import describe_results, make_row
from fashion_keras.reporting.tables import MINUTES_KEY, Cell, Column, Interval, Row, Table, interval_fields, mean_of
from fashion_keras.reporting.units import ABSENT, ACCURACY, LOSS, MINUTES, Unit
from fashion_keras.statistics import misses_p, prediction_interval
from fashion_keras.storage.comparison import ArmResults, ComparisonResults

__all__ = ["batch_mean_accuracy", "build_against_report", "report_cell"]

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


def _judge(published: float | None, mean: float | None, interval: Interval | None, exempt: str) -> str | None:
    """Return what is said of a published value; None where there is none, or none of ours."""
    if published is None or mean is None:
        return None
    if exempt or interval is None:
        return exempt or NOT_JUDGED
    return REPRODUCED if interval[0] <= published <= interval[1] else MISSED


def report_cell(values: NDArray[np.float64], unit: Unit, published: float | None, exempt: str = "") -> Cell:
    """Return the cell of a published number beside the runs that should reproduce it.

    Args:
        values: Of our runs, float64 [runs].
        unit: How they are shown.
        published: The report's value.
        exempt: Why it is not judged: `CALIBRATION` or `MEASURED_OTHERWISE`; empty where it is.
    """
    mean, std, number = mean_of(values)
    interval = prediction_interval(values[np.isfinite(values)]) if number > 1 else None
    judgement = _judge(published, mean, interval, exempt)
    miss = None if mean is None or published is None else mean - published
    in_stds = miss / std if miss is not None and std else None
    lines = [unit.text(mean)]
    if interval is not None and exempt != MEASURED_OTHERWISE:
        lines.append(f"± {unit.text((interval[1] - interval[0]) / 2)}")
    if judgement == MISSED and miss is not None:
        size = [] if in_stds is None else [f"{abs(in_stds):.1f} SD"]
        lines += ["missed by", unit.difference(miss) + "," * len(size), *size]
    elif judgement:
        lines += judgement.split() if judgement == MEASURED_OTHERWISE else [judgement]
    fields = {
        "mean": mean,
        **interval_fields(interval),
        "n": number,
        "published": published,
        "judgement": judgement,
        "miss": miss,
        "miss_stds": in_stds,
    }
    return Cell(tuple(lines), fields, "" if published is None else unit.text(published))


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
    cells = [
        report_cell(arm.finals("train_loss"), LOSS, published.get("train_loss"), MEASURED_OTHERWISE),
        report_cell(arm.finals("val_loss"), LOSS, published.get("val_loss")),
        report_cell(arm.finals("test_loss"), LOSS, published.get("test_loss")),
        report_cell(arm.finals("val_accuracy"), ACCURACY, published.get("val_accuracy")),
        report_cell(_batch_means(arm), ACCURACY, published.get("test_accuracy"), calibration),
        _time_cell(arm, published.get("time_minutes")),
    ]
    return make_row(arm, num_seeds, cells)


def _batch_means(arm: ArmResults) -> NDArray[np.float64]:
    """Return the batch means of all runs, or none: a mean over some could not stand beside that over all."""
    bits = [run.correct for run in arm.runs.values()]
    values = [batch_mean_accuracy(correct) for correct in bits if correct is not None]
    return np.array(values if len(values) == len(bits) else [])


def _time_cell(arm: ArmResults, published: float | None) -> Cell:
    minutes = float(np.mean([run.seconds["total"] for run in arm.runs.values()])) / 60
    ratio = published / minutes if published is not None and minutes > 0 else None
    fields = {"mean": minutes, "published": published, "ratio": ratio}
    if ratio is None:
        return Cell((ABSENT,), fields)
    factor, word = (ratio, "faster") if ratio >= 1 else (1 / ratio, "slower")
    return Cell((f"×{factor:.1f}", word), fields, MINUTES.text(published))


def _notes(rows: tuple[Row, ...]) -> list[str]:
    judgements = [cell.fields.get("judgement") for row in rows for cell in row.cells]
    notes = [_count_misses(judgements.count(MISSED), judgements.count(REPRODUCED))]
    if MISSED in judgements:
        notes.append(
            "Missed: the published value lies outside the interval. Then our mean minus the published value, in nats "
            "or points, and its size in standard deviations between our runs (SD)."
        )
    if NOT_JUDGED in judgements:
        notes.append("A single run has no interval, so nothing is judged by it.")
    if any(row.num_diverged for row in rows):
        notes.append("Losses of diverged runs are no numbers and are left out; an interval is that of the other runs.")
    return notes


def _count_misses(num_missed: int, num_reproduced: int) -> str:
    num_judged = num_missed + num_reproduced
    if not num_judged:
        return "No cell is judged."
    counted = f"Of {count_noun(num_judged, 'judged cell')}, {num_missed} missed"
    expected = f"{0.05 * num_judged:.2g} would be expected to by chance alone"
    if not num_missed:
        return f"{counted}; {expected}."
    return (
        f"{counted}; {expected}, and at least {num_missed} with a probability of "
        f"{misses_p(num_missed, num_judged):.2g} if cells were independent. They share runs, so that is a rough guide."
    )
