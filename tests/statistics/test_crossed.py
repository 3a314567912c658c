"""Seeds crossed with images, on tables that fit in the head."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fashion_keras.statistics import compare_correct, crossed_mean, mean_interval


def test_image_errors_of_a_table_that_fits_in_the_head():
    # Both seeds agree on every image: all variance is of images. Mean square of images 2 * 0.5, of the rest 0.
    estimate = crossed_mean([[1, 0], [1, 0]])
    assert (estimate.mean, estimate.seed_error) == (0.5, 0.0)
    assert estimate.image_error == pytest.approx(math.sqrt(0.5 / 2))
    assert estimate.on_this_test_set == (0.5, 0.5)
    assert estimate.on_new_images == pytest.approx((0.5 - 1.959964 * 0.5, 0.5 + 1.959964 * 0.5))


def test_image_errors_leave_out_what_happens_between_seed_and_image():
    # Mean squares: images 1/2, rest 1/6. Image variance (1/2 - 1/6) / 2 = 1/6, over three images.
    assert crossed_mean([[1, 0, 0], [1, 1, 0]]).image_error == pytest.approx(math.sqrt(1 / 18))
    assert crossed_mean([[1, 0], [0, 1]]).image_error == 0.0


def test_without_image_variance_both_intervals_agree():
    estimate = crossed_mean([[1, 1, 1], [0, 0, 0]])
    assert estimate.image_error == 0.0
    assert estimate.on_new_images == pytest.approx(estimate.on_this_test_set)


def test_this_test_set_means_the_interval_of_per_seed_accuracies():
    rng = np.random.default_rng(0)
    arm, baseline = rng.random((6, 50)) < 0.8, rng.random((6, 50)) < 0.7
    estimate = compare_correct(arm, baseline)
    assert estimate.on_this_test_set == pytest.approx(mean_interval(arm.mean(1) - baseline.mean(1)))
    assert estimate.mean == pytest.approx(arm.mean() - baseline.mean())


@given(st.lists(st.lists(st.booleans(), min_size=6, max_size=6), min_size=2, max_size=5))
@settings(max_examples=50, deadline=None)
def test_new_images_are_never_more_certain_than_this_test_set(table):
    estimate = crossed_mean(table)
    assert estimate.on_new_images[0] <= estimate.on_this_test_set[0] + 1e-12
    assert estimate.on_new_images[1] >= estimate.on_this_test_set[1] - 1e-12


def test_one_seed_of_images_has_no_interval():
    estimate = crossed_mean([[1, 0, 1, 1]])
    assert (estimate.mean, estimate.on_this_test_set, estimate.on_new_images) == (0.75, None, None)


def test_shares_of_epochs_are_taken_where_bits_are():
    rng = np.random.default_rng(0)
    arm, baseline = rng.random((6, 50)) < 0.8, rng.random((6, 50)) < 0.7
    assert compare_correct(arm.astype(float), baseline.astype(float)).on_new_images == pytest.approx(
        compare_correct(arm, baseline).on_new_images, abs=1e-6
    )
    assert compare_correct(arm * 0.5, baseline * 0.5).mean == pytest.approx((arm.mean() - baseline.mean()) / 2)


def test_what_is_neither_bits_nor_shares_of_one_shape_is_refused():
    bits = np.ones((2, 3), dtype=bool)
    for arm, baseline in ((bits, bits[:, :2]), (bits * 2.0, bits), (bits[0], bits[0]), (bits.astype(int), bits)):
        with pytest.raises(ValueError, match=r"must be bool or float|must have one shape"):
            compare_correct(arm, baseline)
