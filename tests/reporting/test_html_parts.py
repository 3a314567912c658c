"""What the page is made of: places in the interval plot, rounded curves, predictions of runs, headlines."""

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
from conftest import make_arm, make_results, make_run
from html_pages import answering_run, seeded_comparison
from PIL import Image

from fashion_keras.claims import ClaimResult, ClaimVerdict
from fashion_keras.reporting.differences import compare_with_baseline
from fashion_keras.reporting.forest import build_forest
from fashion_keras.reporting.html.curve_data import build_curves
from fashion_keras.reporting.html.predictions import NO_DATA, NO_PREDICTIONS, PredictionReader, png_address
from fashion_keras.reporting.html.summary import count_claims, count_verdicts, headline, undecided_arms
from fashion_keras.reporting.report import Report
from fashion_keras.statistics import Comparison, Verdict
from fashion_keras.storage.comparison import ComparisonResults


def compared(*points: tuple[float, float, float], verdict: Verdict = Verdict.BETTER) -> list[Comparison]:
    """Arms with these low ends, means and high ends in points."""
    (example,) = compare_with_baseline(seeded_comparison())
    return [
        replace(
            example,
            arm=f"arm{place}",
            mean_difference=mean / 100,
            interval=(low / 100, high / 100),
            new_images=(low / 100, high / 100),
            verdict=verdict,
        )
        for place, (low, mean, high) in enumerate(points)
    ]


def test_a_plot_keeps_the_order_of_numbers_and_stays_within_its_width():
    plot = build_forest(compared((-1.0, -0.5, 0.1), (0.5, 1.0, 2.0)))
    below, above = plot.rows
    assert 0 < below.this_test_set[0] < below.dot < plot.zero < below.this_test_set[1] < above.dot < 100
    assert plot.margin[0] < plot.zero < plot.margin[1]
    assert not any(row.beyond_left or row.beyond_right for row in plot.rows)


def test_an_arm_that_reaches_far_leaves_the_plot_to_the_others():
    plot = build_forest(compared((0.5, 1.0, 2.0), (0.4, 1.0, 1.5), (-100.0, -16.0, -0.1)))
    near, _, far = plot.rows
    assert near.this_test_set[1] - near.this_test_set[0] > 25
    assert far.dot is None
    assert far.beyond_left
    assert 0 <= min(far.this_test_set) < max(far.this_test_set) <= 100
    assert not far.beyond_right


def test_an_interval_that_is_missing_is_not_drawn():
    (row,) = build_forest(compare_with_baseline(seeded_comparison(num_seeds=1))).rows
    assert row.this_test_set is None
    assert row.new_images is None
    assert row.dot is not None


def test_undecided_arms_are_told_apart_without_colour():
    (row,) = build_forest(compared((-1, 0, 1), verdict=Verdict.UNDECIDED)).rows
    assert not row.decided


def test_curves_are_rounded_and_accuracies_per_cent():
    runs = [make_run(seed, test_accuracy=[0.8123456, 0.9], test_loss=[None, 0.123456]) for seed in (0, 1)]
    arm = build_curves(make_results(make_arm("base", runs)))["data"]["arms"][0]
    assert arm["test_accuracy"] == {key: [81.23, 90.0] for key in ("mean", "low", "high")}
    assert arm["test_loss"]["mean"] == [None, 0.1235]


def test_the_table_of_the_curves_has_the_first_and_the_last_epoch():
    runs = [make_run(seed, test_accuracy=[0.01 * epoch for epoch in range(1, 51)]) for seed in (0, 1)]
    rows = build_curves(make_results(make_arm("base", runs)))["rows"]
    assert (rows[0][1], rows[-1][1]) == (1, 50)
    assert "50.00" in rows[-1][2]


def test_an_arm_that_would_flatten_the_others_is_off_at_first():
    good = [make_run(seed, test_loss=[0.5, 0.4]) for seed in (0, 1)]
    bad = [make_run(seed, test_loss=[50.0, 40.0]) for seed in (0, 1)]
    arms = build_curves(make_results(make_arm("good", good), make_arm("bad", bad)))["data"]["arms"]
    assert [arm["off"] for arm in arms] == [False, True]


def test_a_comparison_without_runs_has_no_curves():
    assert build_curves(make_results(make_arm("base", []), num_seeds=2)) is None


@pytest.fixture
def answered(tmp_path, sample_dataset) -> ComparisonResults:
    """Two runs of one arm that say class 1 of every image, one of them surer, and surest of the sixth image."""
    labels = sample_dataset.test_labels
    shape = (len(labels), sample_dataset.num_classes)
    runs = []
    for seed, share in enumerate((0.5, 0.7)):
        probabilities = np.full(shape, (1 - share) / (shape[1] - 1), np.float32)
        probabilities[:, 1] = share
        surest = int(np.flatnonzero(labels != 1)[5])
        probabilities[surest] = np.eye(shape[1])[1]
        runs.append(answering_run(tmp_path, seed, probabilities, labels))
    results = make_results(make_arm("base", runs))
    results.record.data["content_hash"] = sample_dataset.content_hash
    return results


def test_confusions_are_summed_over_the_seeds(answered, sample_dataset):
    (arm,) = PredictionReader([sample_dataset]).read(answered)
    counts = np.array([[count for count, _ in row] for row in arm.matrix])
    per_class = np.bincount(sample_dataset.test_labels)
    assert arm.num_runs == 2
    assert counts[:, 1].tolist() == (2 * per_class).tolist()
    assert counts.sum() == 2 * len(sample_dataset.test_labels)
    assert all(sum(share for _, share in row) == pytest.approx(1) for row in arm.matrix)


def test_the_surest_mistake_comes_first_with_its_picture(answered, sample_dataset):
    (arm,) = PredictionReader([sample_dataset]).read(answered)
    place = int(np.flatnonzero(sample_dataset.test_labels != 1)[5])
    assert arm.mistakes[0][0] == png_address(sample_dataset.test_images[place])
    assert arm.mistakes[0][1].endswith("100.0 %")
    assert arm.mistakes[1][1].endswith("60.0 %")


def test_a_picture_is_the_image_bit_for_bit():
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    address = png_address(image)
    head, _, content = address.partition(",")
    assert head == "data:image/png;base64"
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(content)))), image)


def test_runs_whose_probabilities_are_no_numbers_show_no_mistakes(tmp_path, sample_dataset):
    labels = sample_dataset.test_labels
    lost = np.full((len(labels), sample_dataset.num_classes), np.nan, np.float32)
    results = make_results(make_arm("base", [answering_run(tmp_path, 0, lost, labels)]))
    results.record.data["content_hash"] = sample_dataset.content_hash
    (arm,) = PredictionReader([sample_dataset]).read(results)
    assert arm.mistakes == ()


def test_other_data_than_the_comparison_s_shows_no_answers(answered, sample_dataset):
    answered.record.data["content_hash"] = "another"
    assert PredictionReader([sample_dataset]).read(answered) == PredictionReader().read(answered) == NO_DATA


def test_runs_without_predictions_show_no_answers(sample_dataset):
    assert PredictionReader([sample_dataset]).read(seeded_comparison()) == NO_PREDICTIONS


def test_a_headline_names_the_arm_that_gained_most():
    base, small = seeded_comparison(arm="small", gain=0.01).arms
    results = make_results(base, small, seeded_comparison(arm="large", gain=0.03).arms[1])
    line = headline(Report(results))
    assert line["answer"] == "large beats base"
    assert line["verdict"] == "better"
    assert line["figure"].startswith("+3.0")
    assert line["others"] == "others: 1 better"
    assert undecided_arms(Report(results), "here") == []


def test_a_headline_does_not_let_an_undecided_arm_win():
    results = seeded_comparison(gain=0.02, num_seeds=4)
    line = headline(Report(results))
    assert line["answer"] == "No arm is shown to beat base; the nearest is other"
    assert line["verdict"] == "undecided"


def test_verdicts_are_counted_over_all_comparisons():
    found = [seeded_comparison(gain=0.02), seeded_comparison(gain=-0.02), seeded_comparison(num_seeds=2)]
    compared = [item for results in found for item in compare_with_baseline(results)]
    assert count_verdicts(compared) == {"better": 1, "worse": 1, "equivalent": 0, "undecided": 1}


def test_claims_are_counted_by_their_verdicts():
    claims = [
        ClaimResult(number, "key", "text", verdict, "", "", ())
        for number, verdict in enumerate([ClaimVerdict.SUPPORTED, ClaimVerdict.SUPPORTED, ClaimVerdict.UNDECIDED])
    ]
    assert count_claims(claims) == {"supported": 2, "refuted": 0, "undecided": 1}
