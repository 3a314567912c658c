from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from conftest import make_arm, make_results, make_run

from fashion_keras.reporting import Table, build_table
from fashion_keras.reporting.units import ABSENT, ACCURACY, LOSS, MINUTES, POINTS
from fashion_keras.storage.comparison import ComparisonResults

TwoArms = Callable[..., ComparisonResults]


def cell_of(table: Table, arm: str, key: str) -> Mapping[str, float | int | str | None]:
    row = next(row for row in table.rows if row.arm == arm)
    return row.cells[[column.key for column in table.columns].index(key)].fields


def test_a_cell_is_mean_and_standard_deviation_over_the_seeds(two_arms: TwoArms) -> None:
    cell = cell_of(build_table(two_arms()), "base", "train_loss")
    assert cell["mean"] == pytest.approx(0.3)
    assert cell["std"] == pytest.approx(0.02**0.5)  # 0.2 and 0.4, n - 1 in the denominator
    assert cell["n"] == 2


def test_losses_have_four_digits_and_accuracies_are_percent_with_two(two_arms: TwoArms) -> None:
    base = build_table(two_arms()).rows[0]
    assert base.cells[0].lines == ("0.3000", "± 0.1414")
    assert base.cells[4].lines == ("86.00", "± 1.41", "[73.29–98.71]")
    assert base.cells[4].fields["mean"] == pytest.approx(0.86)


def test_minutes_are_the_mean_of_the_runs_whole_time(two_arms: TwoArms) -> None:
    table = build_table(two_arms())
    assert table.columns[-1].key == "minutes"
    assert cell_of(table, "base", "minutes")["mean"] == pytest.approx(2.0)


def test_the_published_value_stands_beside(two_arms: TwoArms) -> None:
    table = build_table(two_arms())
    assert cell_of(table, "base", "test_accuracy")["published"] == 0.8603
    assert cell_of(table, "base", "minutes")["published"] == 13.65
    assert cell_of(table, "other", "test_accuracy")["published"] is None
    assert table.rows[0].cells[4].published == "86.03"


def test_what_the_report_does_not_say_is_absent() -> None:
    table = build_table(make_results(make_arm("cnn", [make_run()], published="cnn")))
    assert cell_of(table, "cnn", "train_loss")["published"] is None
    assert cell_of(table, "cnn", "test_accuracy")["published"] == 0.9313


def test_other_data_has_no_published_values(two_arms: TwoArms) -> None:
    table = build_table(two_arms(data="digits"))
    assert not table.has_published
    assert not any("ublished" in note for note in table.notes)


def test_described_arms_come_last_below_a_line() -> None:
    arms = [make_arm("told", [make_run()], text_only=True), make_arm("b", [make_run()]), make_arm("a", [make_run()])]
    table = build_table(make_results(*arms))
    assert [row.arm for row in table.rows] == ["b", "a", "told"]
    assert [len(part) for part in table.parts] == [2, 1]
    assert any("Below the line" in note for note in table.notes)


def test_diverged_runs_count_in_the_accuracies_alone() -> None:
    lost = {"train_loss": [None], "val_loss": [None], "test_loss": [None], "test_accuracy": [0.1]}
    runs = [
        make_run(0, val_loss=[0.2], test_accuracy=[0.9]),
        make_run(1, val_loss=[0.4], test_accuracy=[0.8]),
        make_run(2, status="diverged", **lost),
    ]
    table = build_table(make_results(make_arm("wild", runs)))
    assert cell_of(table, "wild", "val_loss")["mean"] == pytest.approx(0.3)
    assert cell_of(table, "wild", "val_loss")["n"] == 2
    assert cell_of(table, "wild", "test_accuracy")["mean"] == pytest.approx(0.6)
    assert cell_of(table, "wild", "test_accuracy")["n"] == 3
    assert table.rows[0].remarks == ("3 seeds", "1 of 3 diverged")
    assert any("diverged run" in note for note in table.notes)


def test_an_infinite_validation_loss_is_divergence_though_training_ended() -> None:
    assert build_table(make_results(make_arm("wild", [make_run(val_loss=[None])]))).rows[0].num_diverged == 1


def test_a_test_set_that_was_not_evaluated_is_no_divergence() -> None:
    table = build_table(make_results(make_arm("a", [make_run(test_loss=[None], test_accuracy=[None])])))
    assert table.rows[0].num_diverged == 0
    assert table.rows[0].cells[4].lines == (ABSENT,)


def test_missing_runs_are_said() -> None:
    table = build_table(make_results(make_arm("a", [make_run(0), make_run(1)]), make_arm("none", []), num_seeds=5))
    assert table.rows[0].remarks == ("2 of 5 seeds",)
    assert table.rows[1].remarks == ("0 of 5 seeds",)
    assert table.rows[1].cells[0].lines == (ABSENT,)
    assert any("runs are missing" in note for note in table.notes)


def test_one_seed_has_no_spread_and_the_table_says_so() -> None:
    table = build_table(make_results(make_arm("a", [make_run()])))
    assert cell_of(table, "a", "test_loss")["std"] is None
    assert table.rows[0].cells[0].lines == ("0.5000",)
    assert [note for note in table.notes if "single run says nothing" in note]


def test_what_was_found_in_the_data_is_a_footnote_on_one_line() -> None:
    results = make_results(make_arm("fcn", [make_run()]))
    record = replace(results.record, data={**results.record.data, "notes": ["two\ncopies"]})
    assert build_table(replace(results, record=record)).notes[-1] == r"Of the data: two\ncopies."


def test_the_caption_names_data_seeds_and_epochs() -> None:
    arms = [make_arm("fcn", [make_run()]), make_arm("fcn2", []), make_arm("cnn", [], config={"epochs": 10})]
    assert build_table(make_results(*arms)).caption == "Fashion-MNIST, 1 seed, 50 epochs (cnn: 10)"


def test_numbers_for_people() -> None:
    assert [LOSS.text(value) for value in (0.28114, 12.5, 3.2e12, None)] == ["0.2811", "12.5000", "3.2e+12", ABSENT]
    assert ACCURACY.text(1.0) == "100.00"
    assert MINUTES.text(0.004) == "0.00"
    assert [POINTS.difference(value) for value in (0.0053, -0.012, -0.00001)] == ["+0.53", "-1.20", "+0.00"]


def test_the_mean_test_accuracy_has_an_interval_that_stays_a_share(two_arms: TwoArms) -> None:
    cell = build_table(two_arms()).rows[0].cells[4]
    low, high = cell.fields["low"], cell.fields["high"]
    assert isinstance(low, float)
    assert isinstance(high, float)
    assert 0.0 <= low < 0.86 < high <= 1.0
    runs = [make_run(seed, test_accuracy=[value]) for seed, value in enumerate([0.1, 0.9])]
    scattered = build_table(make_results(make_arm("base", runs))).rows[0].cells[4]
    assert (scattered.fields["low"], scattered.fields["high"]) == (0.0, 1.0)
    one = build_table(make_results(make_arm("base", runs[:1]))).rows[0].cells[4]
    assert one.lines == ("10.00",)
