"""How much variance pairing saved, on numbers whose answers fit in the head and on noise of known truth."""

import numpy as np
import pytest
from scipy import stats

from fashion_keras.statistics import pairing_gain, pairing_interval


def test_equal_arms_save_everything_and_have_no_interval():
    arm, baseline = [0.1, 0.2, 0.4, 0.3], [0.2, 0.3, 0.5, 0.4]
    assert pairing_gain(arm, baseline).saved == pytest.approx(1.0)
    assert pairing_gain(arm, baseline).difference_spread == pytest.approx(0.0)
    assert pairing_interval(arm, baseline) is None


def test_arms_that_go_apart_lose_as_much():
    assert pairing_gain([1.0, 2.0, 3.0], [3.0, 2.0, 1.0]).saved == pytest.approx(-1.0)


def test_arms_without_a_common_part_save_nothing():
    arm, baseline = [1.0, -1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0]
    gain = pairing_gain(arm, baseline)
    assert gain.saved == pytest.approx(0.0)
    assert gain.difference_spread**2 == pytest.approx(gain.arm_spread**2 + gain.baseline_spread**2)


def test_the_interval_of_arms_without_a_common_part_is_symmetric():
    low, high = pairing_interval([1.0, -1.0] * 4, [1.0, 1.0, -1.0, -1.0] * 2)
    assert low == pytest.approx(-high)
    assert 0.0 < high < 1.0


def test_it_is_the_correlation_where_spreads_are_equal():
    arm, baseline = np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.array([2.0, 1.0, 3.0, 5.0, 4.0])
    assert pairing_gain(arm, baseline).saved == pytest.approx(np.corrcoef(arm, baseline)[0, 1])


def test_neither_unit_nor_place_matters():
    rng = np.random.default_rng(0)
    arm, baseline = rng.random((2, 10))
    gain, scaled = pairing_gain(arm, baseline), pairing_gain(100 * arm + 3, 100 * baseline - 7)
    assert scaled.saved == pytest.approx(gain.saved)
    assert pairing_interval(100 * arm + 3, 100 * baseline - 7) == pytest.approx(pairing_interval(arm, baseline))
    assert scaled.arm_spread == pytest.approx(100 * gain.arm_spread)


def test_the_interval_holds_what_is_between_minus_one_and_one_and_narrows_with_seeds():
    rng = np.random.default_rng(1)
    common, own = rng.standard_normal(400), rng.standard_normal((2, 400))
    arm, baseline = common + own
    widths = []
    for num_seeds in (4, 20, 400):
        arms = arm[:num_seeds], baseline[:num_seeds]
        low, high = pairing_interval(*arms)
        assert -1.0 <= low < pairing_gain(*arms).saved < high <= 1.0
        widths.append(high - low)
    assert widths[0] > widths[1] > widths[2]


def test_three_seeds_or_no_spread_give_no_interval():
    assert pairing_interval([1.0, 2.0, 4.0], [1.0, 3.0, 3.0]) is None
    assert pairing_interval([0.5] * 5, [0.4] * 5) is None
    assert pairing_gain([0.5] * 5, [0.4] * 5).saved == 0.0


def test_a_single_seed_that_makes_all_the_spread_gives_no_interval():
    assert pairing_interval([0.5, 0.5, 0.5, 0.5, 0.9], [0.4] * 5) is None


@pytest.mark.parametrize(("arm", "baseline"), [([0.1], [0.2]), ([0.1, 0.2], [0.1]), ([0.1, np.nan], [0.1, 0.2])])
def test_what_is_no_pairs_is_refused(arm, baseline):
    with pytest.raises(ValueError, match="arm and baseline"):
        pairing_gain(arm, baseline)


def test_the_interval_leaves_out_nothing_saved_only_where_seeds_correlate():
    """Pitman's and Morgan's interval excludes 0 where the arms' correlation is significant; this is never narrower."""
    draws = np.random.default_rng(0).multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], (300, 6))
    for arm, baseline in np.moveaxis(draws, 2, 1):
        low, high = pairing_interval(arm, baseline)
        assert low <= 0.0 <= high or stats.pearsonr(arm, baseline).pvalue <= 0.05
