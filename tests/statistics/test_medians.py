"""The sign test and its interval, on numbers that can be counted, and their coverage on skewed ones."""

import numpy as np
import pytest

from fashion_keras.statistics import median_interval, sign_test_p


@pytest.mark.parametrize(
    ("values", "bound", "p"),
    [
        ([1, 2, 3, 4, 5, 6], 0, 2 / 2**6),
        ([1, 2, 3], 4, 2 / 2**3),
        ([1, 1, 1, 1, 1, 1, -0.001], 0, 16 / 128),  # one or none of seven on that side: 1 + 7 patterns, twice
        ([1, 1, 1, 1, 1, 1, -1000], 0, 16 / 128),
        ([1, 1, 1, 1, 1, 1, 0], 0, 16 / 128),  # a tie counts against
        ([1, -1, 2, -2], 0, 1.0),
        ([0, 0, 0, 0, 0, 0], 0, 1.0),
    ],
)
def test_p_is_the_share_of_sign_patterns_as_uneven(values, bound, p):
    assert sign_test_p(values, bound) == p


@pytest.mark.parametrize(("count", "expected"), [(6, (1, 6)), (8, (1, 8)), (9, (2, 8)), (12, (3, 10))])
def test_the_interval_ends_at_values_whose_ranks_the_binomial_gives(count, expected):
    # Of the tables of the sign test: ranks 1, 1, 2 and 3 at 95 %.
    values = np.random.default_rng(0).permutation(np.arange(1.0, count + 1))
    assert median_interval(values) == expected


def test_five_values_promise_too_little():
    assert median_interval([1, 2, 3, 4, 5]) is None
    assert median_interval([1, 2, 3, 4, 5], level=0.9) == (1, 5)


def test_the_interval_excludes_a_bound_exactly_where_the_test_does():
    for seed in range(200):
        values = np.random.default_rng(seed).normal(0.8, size=10)
        low, high = median_interval(values)
        assert (low > 0 or high < 0) == (sign_test_p(values) < 0.05)


def test_it_covers_the_median_of_skewed_numbers_as_promised():
    rows = np.random.default_rng(0).lognormal(0, 2, (2000, 7))  # median 1
    covered = [low <= 1 <= high for low, high in map(median_interval, rows)]
    assert np.mean(covered) == pytest.approx(1 - 2 / 2**7, abs=0.01)


def test_what_is_no_number_is_refused():
    for values in ([], [np.nan], [[1.0]]):
        with pytest.raises(ValueError, match="list of numbers"):
            sign_test_p(values)
