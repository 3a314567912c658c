"""Seeds crossed with images, on tables that fit in the head."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fashion_keras.statistics import mean_interval, new_images_interval
from fashion_keras.statistics.crossed import image_error

BITS = np.ones((2, 3), dtype=bool)


def test_image_error_leaves_out_what_happens_between_seed_and_image():
    # Mean squares: images 1/2, rest 1/6. Image variance (1/2 - 1/6) / 2 = 1/6, over three images.
    assert image_error([[1, 0, 0], [1, 1, 0]]) == pytest.approx(math.sqrt(1 / 18))
    assert image_error([[1, 0], [0, 1]]) == 0.0


def test_errors_of_seeds_and_images_add_in_squares():
    arm = np.array([[1, 1, 1, 0], [1, 1, 1, 0]], dtype=bool)
    baseline = np.array([[0, 1, 1, 0], [0, 1, 1, 0]], dtype=bool)
    assert image_error(arm.astype(int) - baseline) == 0.25
    reach = math.hypot(0.1, 1.959964 * 0.25)
    assert new_images_interval((0.15, 0.35), arm, baseline) == pytest.approx((0.25 - reach, 0.5))  # 1 minus baseline


@given(st.lists(st.lists(st.booleans(), min_size=6, max_size=6), min_size=4, max_size=8))
@settings(max_examples=50, deadline=None)
def test_new_images_are_never_more_certain_than_this_test_set_nor_beyond_accuracies(table):
    half = len(table) // 2
    arm, baseline = np.array(table[:half]), np.array(table[half : 2 * half])
    least, most = -baseline.mean(), 1.0 - baseline.mean()
    low, high = np.clip(mean_interval(arm.mean(1) - baseline.mean(1)), least, most)
    found = new_images_interval((low, high), arm, baseline)
    assert least - 1e-12 <= found[0] <= low + 1e-12
    assert high - 1e-12 <= found[1] <= most + 1e-12


def test_shares_are_taken_where_bits_are():
    rng = np.random.default_rng(0)
    arm, baseline = rng.random((6, 50)) < 0.8, rng.random((6, 50)) < 0.7
    assert new_images_interval((0.0, 0.2), arm * 1.0, baseline * 1.0) == pytest.approx(
        new_images_interval((0.0, 0.2), arm, baseline), abs=1e-6
    )


@pytest.mark.parametrize(
    ("arm", "baseline"), [(BITS, BITS[:, :2]), (BITS * 2.0, BITS), (BITS[0], BITS[0]), (BITS.astype(int), BITS)]
)
def test_what_is_neither_bits_nor_shares_of_one_shape_is_refused(arm, baseline):
    with pytest.raises(ValueError, match=r"must be bool or float|must have one shape"):
        new_images_interval((0.0, 0.1), arm, baseline)
