"""How much variance pairing saved, on numbers whose answers fit in the head."""

import numpy as np
import pytest

from fashion_keras.statistics import pairing_gain


@pytest.mark.parametrize(
    ("arm", "baseline", "saved"),
    [
        ([0.1, 0.2, 0.4, 0.3], [0.2, 0.3, 0.5, 0.4], 1.0),
        ([1.0, 2.0, 3.0], [3.0, 2.0, 1.0], -1.0),
        ([1.0, -1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0], 0.0),
        ([0.5] * 5, [0.4] * 5, 0.0),
        ([0.1, 0.2, np.inf, 0.4], [0.2, 0.3, 0.4, 0.5], 1.0),
        ([0.1, np.inf, np.inf], [0.2, 0.3, 0.4], 0.0),
    ],
)
def test_it_is_all_where_arms_are_equal_less_than_nothing_where_they_go_apart_and_else_between(arm, baseline, saved):
    assert pairing_gain(arm, baseline) == pytest.approx(saved)


def test_it_is_the_correlation_where_spreads_are_equal_in_any_unit():
    arm, baseline = np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.array([2.0, 1.0, 3.0, 5.0, 4.0])
    assert pairing_gain(arm, baseline) == pytest.approx(np.corrcoef(arm, baseline)[0, 1])
    assert pairing_gain(100 * arm + 3, 100 * baseline - 7) == pytest.approx(pairing_gain(arm, baseline))


@pytest.mark.parametrize(("arm", "baseline"), [([0.1], [0.2]), ([0.1, 0.2], [0.1])])
def test_what_is_no_pairs_is_refused(arm, baseline):
    with pytest.raises(ValueError, match="arm and baseline"):
        pairing_gain(arm, baseline)
