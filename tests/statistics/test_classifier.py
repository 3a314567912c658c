"""Measures of a classifier on answers that fit in the head, and their laws."""

import doctest
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fashion_keras.statistics import classifier as evaluation
from fashion_keras.statistics.classifier import (
    Calibration,
    ClassScores,
    brier_score,
    calibration,
    commonest_confusions,
    confident_mistakes,
    confusion_matrix,
    evaluate,
    negative_log_likelihood,
    result,
    scores,
    wilson_interval,
)

# Five images of three classes: 0 is found twice of three times, 1 always, 2 neither occurs nor is predicted.
LABELS = [0, 0, 0, 1, 1]
CLASS_ID = [0, 0, 1, 1, 1]
PROBABILITIES = [[0.9, 0.1, 0.0], [0.5, 0.25, 0.25], [0.2, 0.8, 0.0], [0.0, 1.0, 0.0], [0.1, 0.6, 0.3]]


@st.composite
def answers(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, predicted classes and probabilities of 1 to 20 images of 2 to 4 classes."""
    num_images, num_classes = draw(st.integers(1, 20)), draw(st.integers(2, 4))
    labels = draw(st.lists(st.integers(0, num_classes - 1), min_size=num_images, max_size=num_images))
    row = st.lists(st.integers(0, 100), min_size=num_classes, max_size=num_classes).filter(any)
    weights = np.array(draw(st.lists(row, min_size=num_images, max_size=num_images)), float)
    probabilities = weights / weights.sum(axis=1, keepdims=True)
    return np.array(labels), probabilities.argmax(axis=1), probabilities


@pytest.mark.parametrize("module", [scores, calibration, result])
def test_examples_in_the_docstrings_hold(module: Any) -> None:
    assert doctest.testmod(module).failed == 0


# The interval of a share


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_ends_of_the_interval_lie_1_96_standard_errors_of_their_own_from_the_share(trials: tuple[int, int]) -> None:
    successes, num_trials = trials
    low, high = wilson_interval(successes, num_trials)
    assert 0 <= low <= successes / num_trials <= high <= 1
    assert (low == 0, high == 1) == (successes == 0, successes == num_trials)
    for end in (low, high):
        reach = 1.959964 * math.sqrt(end * (1 - end) / num_trials)
        at_end = end in (0, 1)
        assert at_end or abs(end - successes / num_trials) == pytest.approx(reach, rel=1e-4, abs=1e-9)


def test_more_trials_and_a_lower_level_narrow_the_interval() -> None:
    def width(*arguments: Any) -> float:
        low, high = wilson_interval(*arguments)
        return high - low

    assert width(90, 100) > width(900, 1000) > width(900, 1000, 0.9)
    assert wilson_interval(0, 0) == (0, 1)
    # Ten thousand test images, 90 % right: a standard error of 0.30 points.
    assert width(9000, 10_000) == pytest.approx(2 * 1.96 * 0.0030, rel=1e-3)


# Confusions and classes


def test_true_classes_are_rows_and_predicted_ones_columns() -> None:
    assert confusion_matrix(LABELS, CLASS_ID, 3).tolist() == [[2, 1, 0], [0, 2, 0], [0, 0, 0]]
    assert confusion_matrix(np.array(LABELS, np.uint8), np.array(CLASS_ID, np.uint8), 256)[255].sum() == 0


def test_scores_of_classes_fit_in_the_head() -> None:
    found = ClassScores.of(confusion_matrix(LABELS, CLASS_ID, 3))
    assert found.support.tolist() == [3, 2, 0]
    assert found.num_predicted.tolist() == [2, 3, 0]
    np.testing.assert_allclose(found.precision, [1, 2 / 3, np.nan])
    np.testing.assert_allclose(found.recall, [2 / 3, 1, np.nan])
    np.testing.assert_allclose(found.f1, [0.8, 0.8, np.nan])
    assert found.macro(found.precision) == pytest.approx(5 / 6)


def test_class_that_is_never_predicted_counts_as_zero_in_the_mean() -> None:
    found = ClassScores.of(np.array([[4, 0], [2, 0]]))
    assert np.isnan(found.precision[1])
    assert found.macro(found.precision) == pytest.approx(4 / 6 / 2)
    assert found.macro(found.f1) == pytest.approx(0.8 / 2)


@given(answers())
def test_accuracy_is_the_mean_of_recalls_weighted_by_images(given_answers: Any) -> None:
    found = evaluate(*given_answers)
    weighted = np.nansum(found.scores.recall * found.scores.support) / found.num_images
    assert found.accuracy == pytest.approx(weighted)
    assert found.accuracy == pytest.approx(np.mean(given_answers[0] == given_answers[1]))
    assert found.interval[0] <= found.accuracy <= found.interval[1]


@given(answers(), st.randoms())
def test_renaming_classes_moves_their_scores_alone(given_answers: Any, random: Any) -> None:
    labels, class_id, probabilities = given_answers
    order = list(range(probabilities.shape[1]))
    random.shuffle(order)
    new_number = np.argsort(order)  # class order[k] becomes k
    found = evaluate(labels, class_id, probabilities)
    renamed = evaluate(new_number[labels], new_number[class_id], probabilities[:, order])
    np.testing.assert_allclose(renamed.scores.f1, found.scores.f1[order])
    np.testing.assert_allclose(renamed.scores.precision, found.scores.precision[order])
    assert renamed.brier == pytest.approx(found.brier)
    assert renamed.calibration.expected_error == pytest.approx(found.calibration.expected_error)


def test_confusions_are_ordered_and_right_answers_are_none() -> None:
    matrix = np.array([[9, 0, 4], [1, 9, 0], [4, 0, 9]])
    assert commonest_confusions(matrix, 2) == [(0, 2, 4), (2, 0, 4)]
    assert commonest_confusions(matrix, 9) == [(0, 2, 4), (2, 0, 4), (1, 0, 1)]
    assert commonest_confusions(np.diag([3, 4]), 5) == []


# Probabilities


def test_calibration_sorts_images_into_bins() -> None:
    found = Calibration.of([0.5, 0.6, 0.8, 1.0], [True, False, True, True], num_bins=2)
    assert found.edges.tolist() == [0, 0.5, 1]
    assert found.count.tolist() == [1, 3]
    assert found.num_correct.tolist() == [1, 2]
    np.testing.assert_allclose(found.accuracy, [1, 2 / 3])
    np.testing.assert_allclose(found.confidence, [0.5, 0.8])
    # (1 * |1 - 0.5| + 3 * |2/3 - 0.8|) / 4
    assert found.expected_error == pytest.approx(0.225)
    assert found.mean_confidence == pytest.approx(0.725)


def test_confidence_of_nothing_or_a_little_above_one_has_a_bin() -> None:
    found = Calibration.of([0.0, 1.0000001], [False, True], num_bins=3)
    assert found.count.tolist() == [1, 0, 1]
    assert np.isnan(found.accuracy[1])
    assert np.isnan(found.confidence[1])


@given(answers(), st.integers(1, 6), st.integers(1, 4))
def test_finer_bins_never_hide_what_coarser_ones_show(given_answers: Any, num_bins: int, times: int) -> None:
    labels, class_id, probabilities = given_answers
    # Between the edges of any of these bins: on an edge, rounding decides.
    confidence = (np.floor(probabilities.max(axis=1) * 997) + 0.5) / 998
    coarse, fine = (Calibration.of(confidence, labels == class_id, bins) for bins in (num_bins, num_bins * times))
    whole = Calibration.of(confidence, labels == class_id, 1)
    assert whole.expected_error == pytest.approx(abs(confidence.mean() - np.mean(labels == class_id)))
    assert whole.expected_error - 1e-9 <= coarse.expected_error <= fine.expected_error + 1e-9
    assert fine.expected_error <= 1


def test_half_sure_and_right_half_of_the_time_is_calibrated() -> None:
    assert Calibration.of([0.5] * 4, [True, False, True, False]).expected_error == 0
    assert Calibration.of([1.0] * 4, [False] * 4).expected_error == 1


def test_scores_of_probabilities_fit_in_the_head() -> None:
    assert brier_score([0, 0], [[0.0, 1.0], [1.0, 0.0]]) == 1
    assert negative_log_likelihood([0, 1], [[0.5, 0.5], [0.75, 0.25]]) == pytest.approx(1.5 * math.log(2))
    assert negative_log_likelihood([2], [[0.25, 0.25, 0.25, 0.25]]) == pytest.approx(math.log(4))


def test_probability_rounded_to_zero_costs_87_nats_and_no_infinity() -> None:
    assert negative_log_likelihood([0], [[0.0, 1.0]]) == pytest.approx(87.34, abs=0.01)


@given(answers())
def test_whoever_is_always_sure_has_a_brier_score_of_twice_the_errors(given_answers: Any) -> None:
    labels, class_id, probabilities = given_answers
    sure = evaluate(labels, class_id, np.eye(probabilities.shape[1])[class_id])
    assert sure.brier == pytest.approx(2 * (1 - sure.accuracy))
    assert sure.calibration.expected_error == pytest.approx(1 - sure.accuracy)
    right = evaluate(labels, labels, np.eye(probabilities.shape[1])[labels])
    assert (right.accuracy, right.brier, right.negative_log_likelihood, right.mistakes) == (1, 0, 0, ())
    assert right.scores.macro(right.scores.f1) == 1


@given(answers())
def test_both_scores_of_probabilities_stay_within_their_bounds(given_answers: Any) -> None:
    found = evaluate(*given_answers)
    assert 0 <= found.brier <= 2 + 1e-12
    assert 0 <= found.negative_log_likelihood <= 87.4


# Mistakes


def test_the_most_confident_mistake_comes_first_and_ties_keep_their_order() -> None:
    probabilities = [[0.6, 0.4], [0.9, 0.1], [0.4, 0.6], [1.0, 0.0]]
    assert confident_mistakes([1, 1, 0, 0], [0, 0, 1, 0], probabilities).tolist() == [1, 0, 2]
    first, second = evaluate([1, 1, 0, 0], [0, 0, 1, 0], probabilities, num_mistakes=2).mistakes
    assert (first.index, first.label, first.class_id, first.probability, first.label_probability) == (1, 1, 0, 0.9, 0.1)
    assert second.index == 0


@given(answers())
def test_mistakes_are_every_wrong_answer_once(given_answers: Any) -> None:
    labels, class_id, probabilities = given_answers
    indices = confident_mistakes(labels, class_id, probabilities)
    assert sorted(indices) == np.flatnonzero(labels != class_id).tolist()
    assert (np.diff(probabilities[indices, class_id[indices]]) <= 0).all()


# The whole


def test_evaluation_puts_the_measures_together() -> None:
    found = evaluate(LABELS, CLASS_ID, PROBABILITIES)
    assert (found.num_images, found.num_correct, found.accuracy) == (5, 4, 0.8)
    assert found.interval == wilson_interval(4, 5)
    assert found.brier == brier_score(LABELS, PROBABILITIES)
    assert found.negative_log_likelihood == negative_log_likelihood(LABELS, PROBABILITIES)
    assert found.calibration.mean_confidence == pytest.approx((0.9 + 0.5 + 0.8 + 1.0 + 0.6) / 5)
    assert len(found.calibration.count) == evaluation.NUM_BINS
    assert [mistake.index for mistake in found.mistakes] == [2]


def test_stored_predictions_are_taken_as_they_are() -> None:
    # A store keeps classes as uint8 and probabilities as float16, whose rows do not quite sum to 1.
    half = np.full((3, 10), 0.1, np.float16)
    assert evaluate(np.zeros(3, np.int32), np.zeros(3, np.uint8), half).accuracy == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda labels, ids, values: ([0, 0, 0, 1, 3], ids, values), r"must be in 0\.\.2, got 0\.\.3"),
        (lambda labels, ids, values: (labels, [0, 0, 1, 1, -1], values), r"must be in 0\.\.2, got -1\.\.1"),
        (lambda labels, ids, values: (labels, [0.0, 0, 1, 1, 1], values), "must be a list of integers, got float64"),
        (lambda labels, ids, values: (labels, ids[:4], values), "as many, got 5 and 4"),
        (lambda labels, ids, values: (labels[:4], ids[:4], values), r"N = 4 labels, at least 1, got \[5, 3\]"),
        (lambda labels, ids, values: ([], [], np.zeros((0, 3))), r"at least 1, got \[0, 3\]"),
        (lambda labels, ids, values: (labels, ids, np.array(values) * 2), "sum to 1, got 0 as the least and sums of 2"),
        (lambda labels, ids, values: (labels, ids, np.array(values) * np.nan), "sum to 1, got nan"),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(change: Callable[..., Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate(*change(LABELS, CLASS_ID, PROBABILITIES))
