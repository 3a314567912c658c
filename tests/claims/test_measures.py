"""Each measure on arrays whose answer fits in the head."""

import numpy as np
import pytest

from fashion_keras.claims.measures import (
    change_since,
    gap_growth,
    judge_above,
    judge_below,
    judge_median_above,
    judge_median_below,
    judge_within,
    lowest_epochs,
    noise,
    spread_between,
)

SIX = np.array([1.0, 1.1, 0.9, 1.05, 0.95, 1.0])


def test_a_steady_slope_is_no_noise_whatever_the_first_half_does():
    assert noise(np.array([[9.0, 1.0, 7.0, 3.0, 2.0, 1.0]])) == pytest.approx([0.0])


def test_noise_is_the_spread_of_the_changes_of_the_second_half():
    # Changes of the second half: +1, -1. Their standard deviation is the root of 2.
    assert noise(np.array([[0.0, 0.0, 0.0, 1.0, 2.0, 1.0]])) == pytest.approx([2**0.5])


def test_the_growth_of_the_gap_counts_from_the_epoch_named():
    validation, training = np.array([[5.0, 2.0, 3.0]]), np.array([[0.0, 1.0, 0.5]])
    assert gap_growth(validation, training, since_epoch=2) == pytest.approx([1.5])


def test_a_runs_own_minimum_does_not_choose_its_epoch():
    losses = np.array([[9.0, 0.0, 9.0], [1.0, 2.0, 3.0]])
    assert lowest_epochs(losses).tolist() == [0, 1]
    assert change_since(losses, lowest_epochs(losses)).tolist() == [0.0, 1.0]


def test_the_spread_between_arms_is_taken_seed_by_seed():
    assert spread_between(np.array([[1.0, 5.0], [3.0, 5.0]])) == pytest.approx([2**0.5, 0.0])


def test_a_mean_far_above_the_bound_is_supported_and_far_below_refuted():
    above, below = judge_above(SIX, 0.0), judge_above(SIX, 2.0)
    assert (above.verdict, below.verdict) == ("supported", "refuted")
    assert above.estimate == pytest.approx(1.0)
    assert above.p < 0.05
    assert above.interval[0] > 0.0


def test_numbers_on_both_sides_of_the_bound_are_undecided():
    result = judge_above(SIX, 1.0)
    assert (result.verdict, result.because) == ("undecided", "not enough evidence")


def test_below_is_the_mirror_of_above():
    result = judge_below(SIX, 2.0)
    assert result.verdict == "supported"
    assert result.interval == pytest.approx(judge_above(SIX, 0.0).interval)
    assert judge_below(SIX, 0.0).verdict == "refuted"


def test_equivalence_is_supported_inside_refuted_outside_and_undecided_at_the_margin():
    centred = (SIX - 1.0) / 10
    assert judge_within(centred, 0.05).verdict == "supported"
    assert judge_within(centred + 1.0, 0.05).verdict == "refuted"
    assert judge_within(centred - 1.0, 0.05).verdict == "refuted"
    assert judge_within(centred + 0.05, 0.05).verdict == "undecided"


@pytest.mark.parametrize(
    ("samples", "planned", "because"),
    [
        (SIX[:5], 5, "fewer than 6 seeds"),
        (SIX, 7, "planned seeds not done"),
        (np.array([*SIX, np.nan]), 7, "cannot be measured in 1 of 7 seeds (diverged?)"),
        (np.array([*SIX, -np.inf]), 7, "cannot be measured in 1 of 7 seeds (diverged?)"),
    ],
)
def test_what_cannot_be_judged_says_why(samples, planned, because):
    for result in (
        judge_above(samples, 0.0, planned),
        judge_below(samples, 0.0, planned),
        judge_within(samples, 1.0, planned),
    ):
        assert (result.verdict, result.because.partition(":")[0], result.p) == ("undecided", because, None)


def test_a_median_is_judged_by_the_side_that_all_rounds_are_on():
    above, below = judge_median_above(SIX), judge_median_below(SIX)
    assert (above.verdict, below.verdict) == ("supported", "refuted")
    assert above.estimate == below.estimate == pytest.approx(1.0)
    assert above.interval == below.interval == (0.9, 1.1)
    assert above.p == below.p == 2 / 2**6


def test_one_round_of_six_on_the_other_side_leaves_it_undecided():
    result = judge_median_above(np.array([*SIX[:5], -0.001]))
    assert (result.verdict, result.because) == ("undecided", "not enough evidence")


def test_with_few_rounds_the_median_is_shown_and_not_judged():
    result = judge_median_below(SIX[:5])
    assert (result.verdict, result.because) == ("undecided", "fewer than 6 rounds")
    assert (result.estimate, result.interval, result.p) == (pytest.approx(1.0), None, None)
    assert judge_median_above(np.array([])).estimate is None
