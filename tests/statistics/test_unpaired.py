"""Runs that share no seeds, and intervals of many numbers."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from fashion_keras.statistics import BestArms, Design, mean_interval, pairing_worth
from fashion_keras.statistics.unpaired import compare_unpaired, find_best_unpaired, welch_interval


def test_welch_interval_is_scipys() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(1.0, 2.0, 7), rng.normal(0.0, 0.5, 12)
    theirs = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.9)
    assert welch_interval(first, second, 0.9) == pytest.approx((theirs.low, theirs.high))
    assert welch_interval([2.0, 2.0], [1.0, 1.0, 1.0]) == (1.0, 1.0)


def test_the_verdict_is_read_off_the_interval_and_turns_with_the_direction() -> None:
    values = {"base": [1.0, 1.1, 0.9, 1.0, 1.05], "other": [2.0, 2.1, 1.9, 2.0, 2.2, 1.8]}
    (more,), (less,) = (
        compare_unpaired(values, "base", Design.fixed(5, higher_is_better=higher, value_range=None))
        for higher in (True, False)
    )
    assert (more.verdict, less.verdict) == ("better", "worse")
    assert more.interval == less.interval


def test_a_found_difference_leaves_its_share_of_the_level_to_the_others() -> None:
    rng = np.random.default_rng(1)
    base = rng.normal(0.0, 1.0, 8)
    values = {"base": base, "far": base + 50.0, "near": rng.normal(0.0, 1.0, 8)}
    levels = {item.arm: item.level for item in compare_unpaired(values, "base", Design.fixed(8, value_range=None))}
    assert levels == {"far": pytest.approx(0.025), "near": pytest.approx(0.05)}


def test_fewer_than_five_runs_show_nothing() -> None:
    values = {"a": [1.0] * 4, "b": [9.0] * 6}
    comparisons = compare_unpaired(values, "a", Design.fixed(4))
    assert [item.interval for item in comparisons] == [None]
    assert find_best_unpaired(values, comparisons) is None


def test_the_best_is_judged_over_all_pairs() -> None:
    rng = np.random.default_rng(2)
    values = {arm: rng.normal(mean, 0.1, 10) for arm, mean in (("a", 0.0), ("b", 5.0), ("c", 9.0), ("d", 9.0))}
    for arms, higher in ((values, True), ({arm: -row for arm, row in values.items()}, False)):
        assert set(best_of(arms, higher_is_better=higher).worse) == {"a", "b"}


def test_each_pair_of_arms_has_its_share_of_the_level() -> None:
    spread = np.linspace(-1.0, 1.0, 10)
    base = {"base": 100.0 * spread, "a": spread, "b": spread, "c": spread}
    for level, told_apart in ((0.05 / 5, False), (0.05 / 7, True)):  # of six pairs
        ahead = spread + welch_interval(spread, spread, 1.0 - level)[1]
        assert (best_of(base | {"d": ahead}).worse == ("a", "b", "c")) == told_apart


def best_of(values: dict[str, Any], **options: bool) -> BestArms:
    design = Design.fixed(10, value_range=None, **options)
    best = find_best_unpaired(values, compare_unpaired(values, next(iter(values)), design))
    assert best is not None
    return best


def test_five_percent_of_tables_without_a_difference_show_one() -> None:
    rng = np.random.default_rng(3)
    tables = rng.normal(0.0, 1.0, (600, 3, 6)) * np.array([1.0, 3.0, 1.0])[:, None]
    found = [
        any(
            item.verdict.is_difference
            for item in compare_unpaired(
                dict(zip("abc", table, strict=True)), "a", Design.fixed(6, margin=1e-9, value_range=None)
            )
        )
        for table in tables
    ]
    assert np.mean(found) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(tables))


def test_pairing_is_worth_what_the_share_of_the_seed_says() -> None:
    rng = np.random.default_rng(4)
    first, second = rng.normal(0.0, 1.0, 400), rng.normal(0.0, 1.0, 400)
    assert pairing_worth(first, second, 0.0) == pytest.approx(1.0, rel=0.01)
    assert pairing_worth(first, second, 0.75) == pytest.approx(0.5, rel=0.01)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_intervals_of_many_skewed_numbers_hold_the_mean_on_both_sides(sign: float) -> None:
    samples = sign * (np.random.default_rng(5).exponential(1.0, (2_000, 201)) - 1.0)
    low, high = np.array([mean_interval(row, 0.9) for row in samples]).T
    allowed = 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(samples))
    assert max(np.mean(low > 0.0), np.mean(high < 0.0)) < allowed


def test_the_interval_of_many_numbers_meets_that_of_fewer() -> None:
    values = np.random.default_rng(6).exponential(1.0, 201)
    longer, shorter = mean_interval(values), mean_interval(values[:200])
    assert longer == pytest.approx(shorter, abs=0.02)
