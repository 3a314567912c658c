"""What a design can show, and how many seeds would decide."""

import math

import pytest

from fashion_keras.statistics import TEN_SEEDS, Design, detectable_difference, seeds_to_decide


def test_a_detectable_difference_falls_with_seeds_and_grows_with_arms_and_deviation():
    base = detectable_difference(0.003, TEN_SEEDS, 3)
    assert detectable_difference(0.003, Design.up_to(20), 3) < base < detectable_difference(0.003, TEN_SEEDS, 5)
    assert detectable_difference(0.006, TEN_SEEDS, 3) == pytest.approx(2 * base)
    assert detectable_difference(0.003, Design.fixed(10), 3) < base, "one look finds more than five"


def test_too_few_seeds_can_detect_nothing():
    assert detectable_difference(0.003, Design.up_to(4)) == math.inf


def test_seeds_to_decide_are_a_later_look_of_the_design_or_of_going_on():
    assert seeds_to_decide(0.006, 0.003, 5, TEN_SEEDS) in (6, 7, 8, 10)
    assert seeds_to_decide(0.003, 0.003, 10, TEN_SEEDS, 3) in (14, 20, 28)
    assert seeds_to_decide(0.003, 0.003, 9, Design.up_to(12), 3) in (10, 12, 14, 20, 28)


def test_more_scatter_or_more_arms_need_more_seeds():
    assert seeds_to_decide(0.003, 0.004, 10, TEN_SEEDS) >= seeds_to_decide(0.003, 0.002, 10, TEN_SEEDS)
    assert seeds_to_decide(0.003, 0.003, 10, TEN_SEEDS, 20) > seeds_to_decide(0.003, 0.003, 10, TEN_SEEDS, 1)


def test_no_number_is_promised_where_none_would_do():
    assert seeds_to_decide(0.0019, 0.1, 10, TEN_SEEDS) is None


def test_equivalence_counts_as_decided():
    assert seeds_to_decide(0.0, 0.002, 10, TEN_SEEDS) <= 28 < seeds_to_decide(0.0, 0.003, 10, TEN_SEEDS)
