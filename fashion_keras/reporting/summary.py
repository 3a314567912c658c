"""Summary table of a comparison: an arm's runs in the report's columns, and what must be said below them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fashion_keras.config.run_config import RunConfig
from fashion_keras.data.dataset import FASHION_MNIST_NAME
from fashion_keras.experiments.definition import published_rows
from fashion_keras.formatting import count_noun, one_line
from fashion_keras.reporting.tables import MINUTES_KEY, Cell, Column, Row, Table, measured_cell
from fashion_keras.reporting.units import ACCURACY, LOSS, MINUTES, Unit
from fashion_keras.results.metrics import Metric
from fashion_keras.statistics import FAR
from fashion_keras.storage.comparison import ArmResults, ComparisonResults

__all__ = ["build_table", "data_notes", "describe_results", "examples_of", "make_row", "score_epochs"]

# The report's columns, from the key of `StoredRun.final` and of published.json to how it is shown and defined.
_METRICS: Mapping[str, tuple[Unit, str, str]] = {
    "train_loss": (
        LOSS,
        "training loss",
        "cross-entropy in nats, averaged over the training images of the last epoch while the network learns from "
        "them: its weights still change, and dropout and batch normalisation work as in training. It is therefore not "
        "quite comparable with the other two losses.",
    ),
    "val_loss": (
        LOSS,
        "validation loss",
        "cross-entropy in nats after the last epoch, averaged over the validation images: the part of the training "
        "images that the seed holds out.",
    ),
    "test_loss": (
        LOSS,
        "test loss",
        "cross-entropy in nats after the last epoch, averaged over the test images. Nothing is chosen by the test set: "
        "the last epoch counts, whichever was best.",
    ),
    "val_accuracy": (
        ACCURACY,
        "validation accuracy, %",
        "share of the validation images that are classified correctly after the last epoch.",
    ),
    "test_accuracy": (
        ACCURACY,
        "test accuracy, %",
        "share of the test images that are classified correctly after the last epoch; every image counts alike.",
    ),
}
_BRACKETS = " In square brackets the 95 % interval of the mean over seeds, on this test set."
_MINUTES = Column(
    MINUTES_KEY,
    "minutes",
    "how long a run took from its first to its last epoch, evaluations included, beside whatever else the machine did. "
    "It says nothing of other machines.",
)


def build_table(results: ComparisonResults, whole: ComparisonResults | None = None) -> Table:
    """Summarise a comparison's runs, arm by arm, of the requested arms and seeds; runs may be missing.

    The report's values stand beside where there are any, but for a comparison that was modified (other epochs, part of
    the data, other data): they would not be comparable.

    Args:
        results: The arms to show.
        whole: All arms, of which the baseline says what is off the scale; None where all are shown.
    """
    metrics, judged = _metrics_of(results), results.record.metric
    lost = (whole or results).off_the_scale
    rows = [_build_row(arm, results, lost[arm.name], metrics) for arm in results.arms]
    has_interval = any(len(arm.runs) > 1 for arm in results.arms)
    columns = [
        Column(
            key,
            title,
            definition
            + _accuracy_words(results) * (key == "test_accuracy")
            + _BRACKETS * (has_interval and judged.is_share and key == judged.name),
        )
        for key, title, definition in _define(metrics, results)
    ]
    table = Table(
        title=results.record.heading,
        caption=describe_results(results),
        columns=(*columns, _MINUTES),
        rows=tuple(sorted(rows, key=lambda row: row.text_only)),
        notes=(),
    )
    published = "; in parentheses the published value" if table.has_published else ""
    legend = f"Mean ± standard deviation over the runs{published}."
    notes = (*_general_notes(table, judged), *_stopping_notes(results), *_tuning_notes(results), *data_notes(results))
    return replace(table, notes=notes, legend=legend)


def _define(metrics: Mapping[str, tuple[Unit, str, str]], results: ComparisonResults) -> Iterator[tuple[str, str, str]]:
    """Yield key, title and definition of each metric; what a custom trainer returns, it alone can define further."""
    for key, (_, title, definition) in metrics.items():
        part = title.partition(" ")[0]
        if results.record.trainers and key in _METRICS:
            definition = f"what the trainer returned of the {part} set" + (", a share." if "accuracy" in key else ".")
        yield key, title, definition


def _accuracy_words(results: ComparisonResults) -> str:
    if not results.record.score_share:
        return ""
    return f" Here it is the comparison's score: the mean of {score_epochs(results)} instead of the last one."


def score_epochs(results: ComparisonResults) -> str:
    """Return of which epochs a run's score is the mean: `the last 20 % of epochs`; empty where it is the last one's."""
    share = results.record.score_share
    return f"the last {100 * share:g} % of epochs" if share else ""


def _metrics_of(results: ComparisonResults) -> Mapping[str, tuple[Unit, str, str]]:
    """The metrics that are shown: all, or of custom trainers those that they return, and what was asked for.

    What is judged comes last.
    """
    record = results.record
    runs = [run for arm in results.arms for run in arm.runs.values()]
    known = {key for run in runs for key, value in run.final.items() if value is not None}
    shown = {key: metric for key, metric in _METRICS.items() if key in known or not record.trainers}
    for metric in (*record.metrics, record.metric):
        shown.pop(metric.name, None)
        shown[metric.name] = _METRICS.get(metric.name) or _describe(metric, results)
    return shown


def _describe(metric: Metric, results: ComparisonResults) -> tuple[Unit, str, str]:
    unit = Unit.of(metric, [arm.finals(metric.name) for arm in results.arms])
    title = f"{metric.text}, %" if metric.is_share else unit.title(metric.text)
    return unit, title, f"what each run ended with; {metric.direction}."


def _build_row(
    arm: ArmResults, results: ComparisonResults, lost: NDArray[np.bool_], metrics: Mapping[str, tuple[Unit, str, str]]
) -> Row:
    published = published_rows().get(arm.record.published or "", {}) if results.record.is_plain else {}
    judged, cells = results.record.metric, []
    for key, (unit, _, _) in metrics.items():
        is_judged = key == judged.name
        values = np.where(lost & is_judged, np.nan, arm.finals(key))
        cells.append(measured_cell(unit, values, published.get(key), has_interval=is_judged and judged.is_share))
    minutes = np.array([run.seconds["total"] / 60 for run in arm.runs.values()])
    row = make_row(arm, len(results.seeds), (*cells, measured_cell(MINUTES, minutes, published.get("time_minutes"))))
    return replace(
        row, num_diverged=sum(run.has_diverged or bool(far) for run, far in zip(arm.runs.values(), lost, strict=True))
    )


def make_row(arm: ArmResults, num_seeds: int, cells: Sequence[Cell]) -> Row:
    """Return the row of an arm.

    Args:
        arm: Its runs.
        num_seeds: How many were requested.
        cells: What summarises the runs, in the order of the columns.
    """
    return Row(
        arm=arm.name,
        text_only=arm.record.text_only,
        num_runs=len(arm.runs),
        num_diverged=sum(run.has_diverged for run in arm.runs.values()),
        num_seeds=num_seeds,
        cells=tuple(cells),
    )


def examples_of(results: ComparisonResults) -> str:
    """Return what people call what is classified: `images`, or `examples` of a custom trainer."""
    return "examples" if results.record.trainers else "images"


def describe_results(results: ComparisonResults) -> str:
    """Return data set, seeds and epochs in words: `Fashion-MNIST, 10 seeds, 50 epochs (cnn: 10)`."""
    if trainers := results.record.trainers:
        return f"{', '.join(trainers)}, {count_noun(len(results.seeds), 'seed')}"
    data = results.record.data["name"]
    name = "Fashion-MNIST" if data == FASHION_MNIST_NAME else str(data)
    score = f"; score: mean of {score_epochs(results)}" if results.record.score_share else ""
    return f"{name}, {count_noun(len(results.seeds), 'seed')}, {_describe_epochs(results.arms)}{score}"


def _describe_epochs(arms: Sequence[ArmResults]) -> str:
    by_arm = {arm.name: _setting(arm, "epochs") for arm in arms}
    counts = list(by_arm.values())
    usual = max(counts, key=counts.count, default=RunConfig.epochs)
    others = ", ".join(f"{name}: {epochs}" for name, epochs in by_arm.items() if epochs != usual)
    return count_noun(usual, "epoch") + (f" ({others})" if others else "")


def _setting(arm: ArmResults, name: str) -> Any:
    return arm.record.config.get(name, getattr(RunConfig, name))  # a record leaves defaults out


def data_notes(results: ComparisonResults) -> list[str]:
    """Return what was found in the data when it was read, a sentence each; of Fashion-MNIST nothing."""
    return [f"Of the data: {one_line(str(note))}." for note in results.record.data.get("notes", ())]


def _stopping_notes(results: ComparisonResults) -> list[str]:
    if not any(_setting(arm, "keep_best") or _setting(arm, "patience") for arm in results.arms):
        return []
    return [
        "Some arms end with their best epoch by validation (keep_best), or once none is better for some epochs "
        "(patience): that epoch is their last. The test set has no part in it."
    ]


def _tuning_notes(results: ComparisonResults) -> list[str]:
    if results.record.tuning is None:
        return []
    setting = results.record.tuning.setting
    return [f"Each arm has the {setting} that it picked among the same values, by validation: see Tuning of {setting}."]


def _general_notes(table: Table, judged: Metric) -> list[str]:
    notes = []
    if any(row.num_runs > 1 for row in table.rows):
        notes.append(
            "Each value is the mean over an arm's runs, one run a seed, with the standard deviation between those runs "
            "(n − 1 in the denominator) after ±: how far single runs lie apart, not how well the mean is known."
        )
    if any(row.num_runs == 1 for row in table.rows):
        notes.append("A single run says nothing of the spread between runs, so it has no ±.")
    if table.has_published:
        notes.append(
            "Published values are those of a single run of the report, in PyTorch on another machine. Its accuracies "
            "are means over batches, the last and smaller one included, and whether its training loss is an epoch's "
            "mean or the last batch's is not said."
        )
    if any(row.num_runs < row.num_seeds for row in table.rows):
        notes.append("Where runs are missing (3 of 10 seeds), the values are those of the runs that are there.")
    if any(row.num_diverged for row in table.rows):
        of_bounds = "" if judged.is_share else f", or in a {judged.text} over {FAR:,.0f} times the usual one"
        notes.append(
            f"A diverged run ended in a loss that is no finite number{of_bounds}. It is left out of the losses; the "
            "accuracies count it, as a rule at the level of guessing."
        )
    if len(table.parts) > 1:
        notes.append("Below the line: arms that the report describes in words only.")
    return notes
