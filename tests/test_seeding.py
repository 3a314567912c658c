"""Seeds derived per purpose: a function of their names alone, and with nothing in common."""

import numpy as np
import pytest

from fashion_keras.seeding import derive_seed


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [((0, "split"), 877757775), ((3, "weights", 0, "kernel"), 264527871)],
)
def test_the_seed_of_a_purpose_stays_what_it_is_for_ever(arguments, expected):
    assert derive_seed(*arguments) == expected


def test_every_purpose_of_every_seed_has_its_own():
    purposes = [(name, layer, part) for name in ("weights", "dropout") for layer in range(20) for part in ("a", "b")]
    seeds = {derive_seed(seed, *purpose) for seed in range(100) for purpose in purposes}
    assert len(seeds) == 100 * len(purposes)


def test_numbers_do_not_run_together():
    assert derive_seed(1, 12) != derive_seed(11, 2)
    assert derive_seed(1, 2, 3) != derive_seed(1, 23)


def test_derived_seeds_are_spread_over_what_every_generator_takes():
    seeds = np.array([derive_seed(seed, "order", 0) for seed in range(10_000)])
    assert seeds.min() >= 0
    assert seeds.max() < 2**31
    counts = np.histogram(seeds, bins=10, range=(0, 2**31))[0]
    assert np.all(abs(counts - 1000) < 5 * np.sqrt(1000))


def test_neighbouring_seeds_have_nothing_in_common():
    seeds = np.array([derive_seed(seed, "split") for seed in range(10_000)], np.float64)
    assert abs(np.corrcoef(seeds[:-1], seeds[1:])[0, 1]) < 0.05
