"""The published numbers beside ours: which are judged, and how, on runs whose intervals fit in the head."""

import csv
import io

import numpy as np
import pytest
from conftest import make_arm, make_results, make_run
from rich.console import Console

from fashion_keras.reporting import batch_mean_accuracy, build_against_report, to_csv, to_rich

# Mean 0.3, standard deviation 0.01; t of two degrees of freedom is 4.303: one more run lies within +- 0.0497.
LOSSES = (0.29, 0.30, 0.31)


def arm(published, losses=LOSSES, *, metric="val_loss", **settings):
    runs = [make_run(seed, **{metric: [value]}, **settings) for seed, value in enumerate(losses)]
    return make_arm("arm", runs, published=published)


def batches(published, *rights):
    """Runs that get so many of a thousand batches right, and nothing of the others."""
    runs = [
        make_run(seed, correct=[image // 256 < right for image in range(256_000)]) for seed, right in enumerate(rights)
    ]
    return make_arm("arm", runs, published=published)


def row_of(*arms, **settings):
    table = build_against_report(make_results(*arms, **settings))
    cells = zip(table.columns, table.rows[0].cells, strict=True)
    return {column.key: cell for column, cell in cells}


def test_a_published_value_within_the_interval_of_one_more_run_is_reproduced():
    cell = row_of(arm("xavier_normal"))["val_loss"]  # published: 0.3225
    assert cell.lines == ("0.3000", "± 0.0497", "reproduced")
    assert cell.published == "0.3225"


def test_a_miss_says_how_far_off_in_units_and_in_standard_deviations():
    cell = row_of(arm("base"))["val_loss"]  # published: 0.3526
    assert cell.lines == ("0.3000", "± 0.0497", "missed by", "-0.0526,", "5.3 SD")
    accuracies = row_of(batches("sgd_lr_0.05", 900, 910, 920))["batch_accuracy"]
    assert accuracies.fields["judgement"] == "reproduced"  # 87.03 in 91 +- 4.97
    nearer = row_of(batches("sgd_lr_0.05", 909, 910, 911))["batch_accuracy"]
    assert nearer.lines[2:] == ("missed by", "+3.97,", "39.7 SD")


@pytest.mark.parametrize("published", ["base", "random_normal"])
def test_a_cell_that_chose_a_reading_is_calibration(published):
    assert row_of(batches(published, 860, 861))["batch_accuracy"].fields["judgement"] == "calibration"


def test_the_training_loss_is_never_judged():
    cell = row_of(arm("base", metric="train_loss"))["train_loss"]
    assert cell.lines == ("0.3000", "measured", "otherwise")


def test_the_note_counts_only_judged_cells_and_what_chance_would_miss():
    table = build_against_report(make_results(arm("base")))
    # Losses and accuracies stay at 0.5 but for the validation loss, and published ones are elsewhere.
    assert table.notes[0].startswith("Of 3 judged cells, 3 missed; 0.15 would be expected to by chance alone")
    assert "a probability of 0.0001" in table.notes[0]


def test_runs_without_spread_give_no_standard_deviations():
    assert row_of(arm("base"))["test_loss"].lines == ("0.5000", "± 0.0000", "missed by", "+0.1178")


def test_one_run_has_no_interval_and_is_not_judged():
    table = build_against_report(make_results(arm("base", LOSSES[:1])))
    assert table.rows[0].cells[1].lines == ("0.2900", "not judged")
    assert table.notes == ("No cell is judged.", "A single run has no interval, so nothing is judged by it.")


def test_a_diverged_run_is_left_out_of_the_losses_and_the_table_says_so():
    table = build_against_report(make_results(arm("base", (*LOSSES, None))))
    assert table.rows[0].cells[1].lines[:2] == ("0.3000", "± 0.0497")
    assert table.rows[0].num_diverged == 1
    assert "diverged" in table.notes[-1]


def test_an_arm_that_always_diverged_has_nothing_to_judge():
    cell = row_of(arm("base", (None, None)))["val_loss"]
    assert (cell.lines, cell.fields["judgement"]) == (("–",), None)


def test_a_quantity_that_the_report_leaves_out_is_not_judged():
    cells = row_of(arm("cnn"))
    assert cells["val_loss"].lines == ("0.3000", "± 0.0497")
    assert cells["val_loss"].published == ""


def test_only_plain_fashion_mnist_and_arms_with_published_numbers_are_set_beside_the_report():
    base = arm("base")
    assert build_against_report(make_results(base, data="other")) is None
    assert build_against_report(make_results(arm(None))) is None
    assert build_against_report(make_results(make_arm("none", [], published="base"), num_seeds=1)) is None


def test_times_are_a_ratio_and_no_judgement():
    assert row_of(arm("base", minutes=1.365))["minutes"].lines == ("×10.0", "faster")
    assert row_of(arm("base", minutes=27.3))["minutes"].lines == ("×2.0", "slower")
    assert row_of(arm("dropout_0.1"))["minutes"].lines == ("–",)


def test_the_last_batch_counts_as_much_as_the_others():
    correct = np.ones(10_000, bool)
    correct[-16:] = False
    assert batch_mean_accuracy(correct) == pytest.approx(39 / 40)
    assert batch_mean_accuracy([True, False, True, True], batch_size=2) == 0.75


def test_the_batch_mean_is_over_all_runs_or_absent():
    bits = [True] * 256 + [False]
    assert row_of(arm("base", correct=bits))["batch_accuracy"].lines[0] == "50.00"
    some = [make_run(0, correct=bits), make_run(1)]
    assert row_of(make_arm("arm", some, published="base"))["batch_accuracy"].lines == ("–",)


def test_programs_get_interval_judgement_and_miss():
    table = build_against_report(make_results(arm("base")))
    (row,) = csv.DictReader(io.StringIO(to_csv(table)))
    assert float(row["val_loss_high"]) == pytest.approx(0.3497, abs=1e-4)
    assert (row["val_loss_judgement"], row["val_accuracy_judgement"]) == ("missed", "missed")
    assert float(row["val_loss_miss_stds"]) == pytest.approx(-5.26)
    assert float(row["minutes_ratio"]) == pytest.approx(13.65)


@pytest.mark.parametrize("width", [80, 160])
def test_it_fits_a_terminal(width):
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(to_rich(build_against_report(make_results(arm("base")))))
    text = console.export_text()
    assert "too narrow" not in text
    assert "missed by" in text
