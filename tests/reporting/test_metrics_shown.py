"""A metric other than the test accuracy: judged in its direction, shown in its unit, in every place that shows one."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from io import StringIO

import pytest
from reporting.conftest import make_arm, make_results, make_run

from fashion_keras.errors import ConfigError, StoreError
from fashion_keras.experiments.definition import BASE, Arm, Experiment
from fashion_keras.formatting import finite_or_none
from fashion_keras.reporting import Report, answer_text, build_differences, build_table, describe_power, runs_csv
from fashion_keras.reporting.findings import best_sentence
from fashion_keras.reporting.gates import Gate, exit_status
from fashion_keras.reporting.html import build_page
from fashion_keras.reporting.records import comparison_to_json
from fashion_keras.reporting.rendering import to_csv, to_markdown
from fashion_keras.results import Metric
from fashion_keras.storage.comparison import ComparisonResults, record_from_json, record_to_json

ARMS = (Arm("a"), Arm("b", batch_size=64))
LOSS, SECONDS, F1 = Metric("test_loss"), Metric("seconds"), Metric("test_macro_f1")


@pytest.fixture
def judged_by() -> Callable[..., ComparisonResults]:
    """Eight seeds of a base and of an arm whose losses and minutes are lower; F1 is known where it is asked for."""

    def build(
        metric: Metric, margin: float = 0.01, num_lost: int = 0, lost: float | None = None, **record: object
    ) -> ComparisonResults:
        arms = []
        for name, level in (("base", 0.5), ("low", 0.4)):
            runs = [
                make_run(seed, test_loss=[level + 0.001 * (seed + len(name) * seed % 3)], minutes=level + seed / 50)
                for seed in range(8)
            ]
            for run in runs:
                run.result["final"]["test_macro_f1"] = 1 - level + 0.0001 * (run.seed * len(name) % 5)
            for run in runs[:num_lost]:
                run.result["final"]["test_loss"] = lost
            arms.append(make_arm(name, runs))
        results = make_results(*arms)
        design = replace(results.record.design, margin=margin)
        return replace(results, record=replace(results.record, metric=metric, design=design, **record))

    return build


@pytest.mark.parametrize(
    ("name", "higher", "share", "unit"),
    [
        ("test_accuracy", True, True, ""),
        ("test_macro_f1", True, True, ""),
        ("val_loss", False, False, ""),
        ("seconds", False, False, "s"),
        ("error_rate", False, True, ""),
        ("reward", True, False, ""),
    ],
)
def test_a_name_tells_direction_and_unit(name: str, higher: bool, share: bool, unit: str) -> None:
    metric = Metric(name)
    assert (metric.higher_is_better, metric.is_share, metric.unit) == (higher, share, unit)
    assert Metric.from_json(metric.to_json()) == metric
    assert Metric(name, higher_is_better=not higher).higher_is_better is not higher
    with pytest.raises(ConfigError, match=r"which wobble is better cannot be told: Metric\('wobble', higher_is_better"):
        Metric("wobble")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"metric": "macro_f1"}, "a metric of Keras's runs is one of .*did you mean 'test_macro_f1'"),
        ({"metric": "test_loss"}, "test_loss needs a margin"),
        ({"metric": "wobble"}, "a metric of Keras's runs is one of .*got 'wobble'"),
        ({"metric": "test_loss", "margin": -1}, "the margin of an experiment must be above 0"),
        ({"margin": 2.0}, "of shares a fraction such as 0.002, got 2.0"),
        ({"metrics": ("val_los",)}, "a metric of Keras's runs is one of"),
    ],
)
def test_a_metric_that_cannot_be_judged_is_refused(settings: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Experiment("mine", "Mine", arms=ARMS, **settings)


def test_an_experiment_takes_names_and_metrics_and_a_margin_in_their_unit() -> None:
    own = Experiment("mine", "Mine", arms=ARMS, metric="seconds", margin=3, metrics="test_macro_f1")
    assert (own.metric, own.metrics, own.margin) == (SECONDS, (F1,), 3)
    plain = Experiment("mine", "Mine", arms=ARMS)
    assert (plain.metric.name, plain.margin) == ("test_accuracy", 0.002)
    assert plain.config_of(ARMS[0]) == own.config_of(ARMS[0]) == BASE


def test_lower_is_better_of_a_loss_in_table_sentences_and_plots(judged_by: Callable[..., ComparisonResults]) -> None:
    results = judged_by(LOSS)
    differences = build_differences(results)
    assert differences is not None
    (item,) = differences.comparisons
    assert (item.verdict.value, item.collapse, item.new_images) == ("better", None, None)
    assert item.mean_difference < 0
    assert answer_text(Report(results)).startswith("low beats base by 0.1")
    assert best_sentence(differences.best) == "Best: low; base is worse"
    text = to_markdown(differences)
    assert "better below 0, worse above, equivalent within 0.01 either way" in text
    assert "| difference |" in text
    assert "points" not in text
    forest = Report(results).forest
    assert forest.quantity == "test loss (lower is better)"
    dot, (low, high) = forest.rows[0].dot, forest.margin
    assert dot is not None
    assert dot < low < forest.zero < high


def test_seconds_and_shares_have_their_units_and_columns(judged_by: Callable[..., ComparisonResults]) -> None:
    results = judged_by(SECONDS, margin=1.0, metrics=(F1,))
    table, differences = build_table(results), build_differences(results)
    assert [column.title for column in table.columns][-3:] == ["test macro f1, %", "seconds, s", "minutes"]
    assert "difference, s" in to_markdown(differences)
    assert "low beats base by 5." in answer_text(Report(results))
    assert "s (-" in answer_text(Report(results)).replace("5.0 s", "s")
    row = next(csv.DictReader(StringIO(to_csv(table))))
    assert float(row["seconds_mean"]) == pytest.approx(50 * (0.5 + 3.5 / 50))
    assert float(next(csv.DictReader(StringIO(runs_csv(results))))["test_macro_f1"]) == 0.5
    assert all(" s " in line for line in describe_power(results))
    f1 = judged_by(F1)
    assert "low beats base by 10." in answer_text(Report(f1))
    assert "difference, points" in to_markdown(build_differences(f1))


def test_the_page_and_the_json_say_what_was_judged(judged_by: Callable[..., ComparisonResults]) -> None:
    results = judged_by(LOSS)
    page = build_page([results])
    assert "Test loss (lower is better) against base" in page
    assert "low beats base" in page
    content = comparison_to_json(Report(results))
    assert content["metric"] == {"name": "test_loss", "higher_is_better": False, "is_share": False, "unit": ""}


def test_a_record_keeps_its_metric_and_is_another_comparison(judged_by: Callable[..., ComparisonResults]) -> None:
    plain, loss = judged_by(Metric("test_accuracy")).record, judged_by(LOSS, metrics=(F1,)).record
    assert record_from_json(record_to_json(loss)) == loss
    assert "metric" not in record_to_json(plain)
    assert plain.identity != loss.identity


def test_a_run_without_the_metric_or_with_no_number_of_it_is_said(judged_by: Callable[..., ComparisonResults]) -> None:
    with pytest.raises(StoreError, match=r"has no val_f1, but train_loss, .*judge by one of these"):
        build_differences(judged_by(Metric("val_f1")))
    lost = judged_by(LOSS, num_lost=1)
    assert Report(lost).require("better").is_met is None
    assert "low (1 of 8 runs diverged) against base (1 of 8): undecided" in answer_text(Report(lost))
    assert "on the 7 others low differs by -0.10" in to_markdown(Report(lost).differences)
    assert Report(lost).forest.rows[0].this_test_set == (2.0, 98.0)
    assert "settings by which no run diverges" in answer_text(Report(lost))
    assert json.loads(json.dumps(finite_or_none(comparison_to_json(Report(lost))), allow_nan=False))
    assert build_page([lost])


def test_a_run_off_the_scale_is_diverged_in_every_table(judged_by: Callable[..., ComparisonResults]) -> None:
    lost = judged_by(LOSS, num_lost=1, lost=1e6)
    assert "low (1 of 8 runs diverged) against base (1 of 8): undecided" in answer_text(Report(lost))
    for report in (Report(lost), Report(lost.select(["low"]), lost)):
        row = report.summary.rows[-1]
        assert row.remarks == ("8 seeds", "1 of 8 diverged")
        assert report.tables["table"].rows[-1].cells[-2].fields["mean"] < 1, "it is left out of the mean"
        assert any("over 1,000 times the usual one" in note for note in report.summary.notes)


@pytest.mark.parametrize(
    ("metric", "requirement", "status"),
    [
        (LOSS, "better", 0),
        (LOSS, "not-worse", 0),
        (LOSS, "equivalent", 1),
        (replace(LOSS, higher_is_better=True), "better", 1),
        (replace(LOSS, higher_is_better=True), "not-worse", 1),
    ],
)
def test_a_gate_goes_by_the_metric_s_direction(
    judged_by: Callable[..., ComparisonResults], metric: Metric, requirement: str, status: int
) -> None:
    gate = Report(judged_by(metric)).require(requirement)
    assert gate.status == status
    assert gate.why.startswith(f"Required {requirement}: shown")
    assert comparison_to_json(Report(judged_by(metric)), requirement)["require"]["status"] == status


def test_the_exit_status_is_the_worst_of_all_gates() -> None:
    undecided = Gate(None, "")
    shown, otherwise = (replace(undecided, is_met=met) for met in (True, False))
    statuses = [exit_status(gates) for gates in ((), (shown,), (shown, undecided), (undecided, otherwise))]
    assert statuses == [3, 0, 3, 1]
