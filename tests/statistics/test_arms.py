"""What runs of one arm say of one more, on numbers whose answers fit in the head."""

import math

import pytest

from fashion_keras.statistics import misses_p, prediction_interval


def test_prediction_interval_is_wider_than_the_means_by_root_n_plus_one():
    low, high = prediction_interval([1.0, 2.0, 3.0])
    # t = 4.302653, s = 1, sqrt(1 + 1/3)
    assert (low, high) == pytest.approx((2 - 4.302653 * math.sqrt(4 / 3), 2 + 4.302653 * math.sqrt(4 / 3)))


def test_misses_by_chance_are_binomial():
    assert misses_p(0, 20) == 1.0
    assert misses_p(1, 2) == pytest.approx(1 - 0.95**2)
    assert misses_p(2, 2) == pytest.approx(0.05**2)
    with pytest.raises(ValueError, match="between 0 and the 2 cells"):
        misses_p(3, 2)
