import hashlib
import itertools

import numpy as np
import pytest

from fashion_keras.data.orders import epoch_orders, num_batches


def test_every_epoch_holds_every_example_exactly_once_in_an_order_of_its_own():
    orders = epoch_orders(1_000, 20, seed=3)
    assert orders.dtype == np.int32
    np.testing.assert_array_equal(np.sort(orders, axis=1), np.tile(np.arange(1_000), (20, 1)))
    assert len({order.tobytes() for order in orders}) == 20
    # Of two random orders, one of a thousand positions agrees on average.
    agreeing = [np.sum(one == other) for one, other in itertools.combinations(orders, 2)]
    assert np.mean(agreeing) == pytest.approx(1, abs=0.3)


def test_the_seed_alone_decides_the_orders_and_a_shorter_run_begins_like_a_longer_one():
    np.testing.assert_array_equal(epoch_orders(500, 3, seed=1), epoch_orders(500, 50, seed=1)[:3])
    assert not np.any(np.all(epoch_orders(500, 2, seed=1) == epoch_orders(500, 2, seed=2), axis=1))


def test_the_orders_of_a_seed_stay_what_they_are_for_ever():
    orders = epoch_orders(54_000, 2, seed=0)
    assert hashlib.sha256(orders.astype("<i4").tobytes()).hexdigest()[:16] == "6cb0d5ddc6e69790"


@pytest.mark.parametrize(
    ("num_examples", "batch_size", "expected"), [(54_000, 512, 106), (1024, 512, 2), (1025, 512, 3), (3, 512, 1)]
)
def test_the_last_partial_batch_counts(num_examples, batch_size, expected):
    assert num_batches(num_examples, batch_size) == expected
