"""The interval of a mean: the hull of Student's t and the bootstrap-t, on numbers whose answers fit in the head."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fashion_keras.statistics import MeanInference, mean_interval, prediction_interval
from fashion_keras.statistics.resamples import resample


def brute_force_t(values):
    """Student's t of every ordered resample about the mean of the values, those of equal numbers left out."""
    centred = np.array(values) - np.mean(values)
    resamples = np.array(list(itertools.product(centred, repeat=len(values))))
    resamples = resamples[np.ptp(resamples, axis=1) > 1e-9]
    return resamples.mean(1) / resamples.std(1, ddof=1) * math.sqrt(len(values))


@pytest.mark.parametrize(("num_samples", "resamples"), [(2, 3), (6, 462), (9, 24_310), (10, 92_378), (11, 100_000)])
def test_all_multisets_are_there_with_weights_that_sum_to_one_above_ten_many_draws(num_samples, resamples):
    found = resample((np.arange(num_samples) ** 2.0).tobytes())
    assert found.t.shape == found.weights.shape == (resamples,)
    assert found.weights.sum() == pytest.approx(1.0)
    of_equal_numbers = num_samples ** (1.0 - num_samples) if num_samples < 11 else 0.0
    assert 1.0 - found.total == pytest.approx(of_equal_numbers, abs=1e-12)


def test_a_resample_whose_t_is_asked_for_counts_whatever_its_last_bits():
    found = resample((np.arange(5) ** 2.0).tobytes())
    highest = np.nanmax(found.t)
    for t in (highest, highest * (1.0 + 1e-14)):
        assert found.share_above(t) == pytest.approx(found.weights[found.t >= highest - 1e-9].sum() / found.total)


@pytest.mark.parametrize("tail", [0.025, 0.005, 0.0005])
def test_the_quantile_in_bins_is_that_of_all_sorted(tail):
    found = resample(np.sort(np.random.default_rng(0).exponential(size=10)).tobytes())
    t, weights = np.nan_to_num(found.t, nan=-np.inf), found.weights / found.total
    order = np.argsort(-t)
    expected = t[order][np.searchsorted(np.cumsum(weights[order]), tail, side="right")]
    assert found.upper_quantile(tail, 1.0) == expected
    assert found.upper_quantile(tail, 1e3) == 1e3, "no nearer than Student's"


@given(st.lists(st.integers(-9, 9).map(float), min_size=3, max_size=5))
@settings(max_examples=40, deadline=None)
def test_p_is_the_share_of_all_ordered_resamples_or_students(values):
    assume(len(set(values)) > 1)
    row = np.array(values) + 0.123
    t = row.mean() / row.std(ddof=1) * math.sqrt(row.size)
    share = np.mean(brute_force_t(row) >= t - 1e-7)
    (p,) = MeanInference.of([row]).p_above()
    (low,), _ = MeanInference.of([row]).student_interval(1 - 2 * p)
    assert p == pytest.approx(share, abs=1e-9) or (p > share and low == pytest.approx(0.0, abs=1e-6))


def test_skewness_moves_one_end_as_far_as_halls_expansion_says():
    inference = MeanInference.of([[1.0, 2.0, 3.0, 4.0, 5.0]])
    (plain,), (moved,) = (inference.student_interval(0.95, skewness)[1] for skewness in (0.0, 0.6))
    assert moved - plain == pytest.approx(0.6 * (2 * 2.776445**2 + 1) / (6 * math.sqrt(5)) * math.sqrt(2.5 / 5))


def test_the_interval_is_the_hull_of_students_and_of_the_enumerated_bootstrap():
    values = np.array([0.0, 1.0, 1.0, 3.0, 12.0])
    resampled, error = np.sort(brute_force_t(values)), values.std(ddof=1) / math.sqrt(5)
    quantiles = np.quantile(resampled, [0.025, 0.975], method="inverted_cdf")
    low, high = mean_interval(values)
    (student_low,), (student_high,) = MeanInference.of([values]).student_interval()
    assert low == pytest.approx(min(student_low, values.mean() - quantiles[1] * error))
    assert high == pytest.approx(max(student_high, values.mean() - quantiles[0] * error))
    assert high - values.mean() > 1.3 * (values.mean() - low), "it reaches further into the long tail"


def test_students_interval_by_hand():
    (low,), (high,) = MeanInference.of([[1.0, 2.0, 3.0, 4.0, 5.0]]).student_interval()
    assert (low, high) == pytest.approx((3 - 2.776445 * math.sqrt(0.5), 3 + 2.776445 * math.sqrt(0.5)))


@given(st.lists(st.integers(-50, 50).map(float), min_size=3, max_size=8), st.permutations(range(8)))
@settings(max_examples=40, deadline=None)
def test_inference_ignores_order_and_follows_shift_scale_and_mirror(values, order):
    assume(len(set(values)) > 1)
    row = np.array(values)
    moved = row[[i for i in order if i < row.size]] * 4.0 + 8.0
    rows = MeanInference.of([row, moved, -row])
    low, high = rows.interval()
    assert (low[1], high[1]) == pytest.approx((low[0] * 4 + 8, high[0] * 4 + 8), abs=1e-6)
    assert (low[2], high[2]) == pytest.approx((-high[0], -low[0]), abs=1e-6)
    assert rows.p_above(2.0)[0] == pytest.approx(rows.p_above(16.0)[1], rel=1e-6)
    assert rows.p_above(2.0)[0] == pytest.approx(rows.p_below(-2.0)[2], rel=1e-6)


@given(st.lists(st.integers(-50, 50).map(float), min_size=3, max_size=9), st.sampled_from([0.9, 0.95, 0.99, 0.998]))
@settings(max_examples=80, deadline=None)
def test_interval_excludes_zero_exactly_where_p_is_under_its_level(values, level):
    assume(len(set(values)) > 1)
    inference = MeanInference.of([values])
    (low,), (high,) = inference.interval(level)
    assume(min(abs(low), abs(high)) > 1e-9)
    assert (low > 0.0 or high < 0.0) == (inference.p_different()[0] <= 1 - level)


def test_twelve_numbers_have_nearly_the_interval_of_ten_times_as_many_draws():
    values = np.random.default_rng(0).exponential(size=12)
    counts = np.random.default_rng(1).multinomial(12, np.full(12, 1 / 12), 1_000_000) / 12
    centred = values - values.mean()
    mean = counts @ centred
    t = np.sort(mean / np.sqrt((counts @ centred**2 - mean**2) / 11))
    expected = values.mean() - np.quantile(t, [0.975, 0.025]) * values.std(ddof=1) / math.sqrt(12)
    low, high = mean_interval(values)
    assert low <= expected[0] + 0.01
    assert high == pytest.approx(expected[1], rel=0.02)


def test_equal_numbers_have_an_interval_of_no_width_and_certain_p():
    inference = MeanInference.of([[0.5, 0.5, 0.5], [0.0, 0.0, 0.0]])
    low, high = inference.interval()
    assert low.tolist() == high.tolist() == [0.5, 0.0]
    assert inference.p_different().tolist() == [0.0, 1.0]


def test_one_number_has_no_interval():
    assert mean_interval([0.9]) is None
    assert prediction_interval([0.9]) is None


@pytest.mark.parametrize("bad", [[], [[1.0, 2.0]], [1.0, math.nan], [1.0, math.inf]])
def test_what_is_not_a_list_of_finite_numbers_is_refused(bad):
    for function in (mean_interval, prediction_interval):
        with pytest.raises(ValueError, match="must be"):
            function(bad)
