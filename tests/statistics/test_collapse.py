"""Runs that collapse: how many, and what the others say."""

import numpy as np
import pytest
from scipy import stats

from fashion_keras.statistics import Design, Share, collapsed, compare_arms, compare_collapse
from fashion_keras.statistics.collapse import hodges_lehmann


def test_a_share_has_the_interval_of_clopper_and_pearson():
    for count, total in ((0, 10), (3, 10), (10, 10)):
        expected = stats.binomtest(count, total).proportion_ci()
        assert Share.of(count, total).interval == pytest.approx((expected.low, expected.high))


def test_a_run_ten_points_below_the_median_has_collapsed():
    assert collapsed([0.88, 0.77, 0.79, 0.88, 0.88]).tolist() == [False, True, False, False, False]
    assert not collapsed([0.1, 0.1, 0.1, 0.88, 0.1]).any(), "most runs fail: that is the arm"


def test_hodges_lehmann_is_the_median_of_all_means_of_two():
    estimate, interval = hodges_lehmann([1.0, 2.0, 3.0, 4.0, 5.0, 100.0])
    assert estimate == 3.5
    assert interval == (1.0, 100.0)  # six values: the whole range at 1 - 2/64
    assert hodges_lehmann([1.0, 2.0, 3.0, 4.0, 5.0])[1] is None


def test_the_interval_excludes_what_wilcoxons_test_rejects():
    for seed in range(100):
        values = np.random.default_rng(seed).normal(0.7, size=10)
        _, (low, high) = hodges_lehmann(values)
        assert (low > 0.0 or high < 0.0) == (stats.wilcoxon(values, method="exact").pvalue <= 0.05)


def test_collapsed_runs_of_either_are_left_out_of_the_difference():
    baseline = np.linspace(0.88, 0.889, 10)
    arm = baseline + 0.01
    arm[2] = baseline[7] = 0.1
    found = compare_collapse(arm, baseline)
    assert (found.arm.count, found.baseline.count, found.num_others) == (1, 1, 8)
    assert found.difference == pytest.approx(0.01)
    assert found.interval == pytest.approx((0.01, 0.01))


def test_where_no_run_collapsed_there_is_nothing_to_say():
    assert compare_collapse([0.88, 0.89], [0.87, 0.88]) is None


def test_a_run_of_far_fewer_errors_has_not_collapsed():
    errors = {"base": [0.15] * 6, "arm": [0.15, 0.16, 0.02, 0.15, 0.14, 0.15]}
    (found,) = compare_arms(errors, "base", Design.fixed(6, higher_is_better=False))
    assert found.collapse is None
