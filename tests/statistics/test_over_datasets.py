"""Verdicts over data sets: by hand, their error, and ranks against the published example."""

from dataclasses import replace

import numpy as np
import pytest

from fashion_keras.statistics import Verdict, compare_arms, compare_over_datasets, rank_arms
from fashion_keras.statistics.design import Design


def differences(means: list[float], scatter: float = 0.0, seed: int = 0) -> dict[str, tuple]:
    """Return the comparison of one arm on data sets on which it differs by these means."""
    generator = np.random.default_rng(seed)
    return {
        str(place): compare_arms(
            {"base": np.full(5, 0.5), "arm": 0.5 + mean + scatter * generator.normal(size=5)}, "base", Design.fixed(5)
        )
        for place, mean in enumerate(means)
    }


def test_the_interval_is_that_of_students_t_over_the_data_sets() -> None:
    (found,) = compare_over_datasets(differences([0.01, 0.02, 0.03]))
    assert found.mean == pytest.approx(0.02)
    assert found.interval == pytest.approx((0.02 - 4.302653 * 0.01 / 3**0.5, 0.02 + 4.302653 * 0.01 / 3**0.5))
    assert (found.verdict, found.num_datasets) == (Verdict.UNDECIDED, 3)


def test_arms_share_the_level() -> None:
    two = {name: (item, replace(item, arm="other")) for name, (item,) in differences([0.01, 0.02, 0.03]).items()}
    for found in compare_over_datasets(two):
        assert found.interval == pytest.approx((0.02 - 6.205347 * 0.01 / 3**0.5, 0.02 + 6.205347 * 0.01 / 3**0.5))


def test_an_arm_that_is_better_on_every_data_set_alike_is_better_and_for_a_loss_worse() -> None:
    found = differences([0.02, 0.021, 0.022, 0.02])
    assert compare_over_datasets(found)[0].verdict is Verdict.BETTER
    losses = {
        name: [replace(item, design=replace(item.design, higher_is_better=False))] for name, (item,) in found.items()
    }
    assert compare_over_datasets(losses)[0].verdict is Verdict.WORSE


def test_two_data_sets_are_not_judged() -> None:
    (found,) = compare_over_datasets(differences([0.02, 0.021]))
    assert (found.interval, found.verdict) == (None, Verdict.UNDECIDED)


def test_only_arms_that_every_data_set_has_are_judged() -> None:
    whole = differences([0.01, 0.01, 0.01])
    assert compare_over_datasets({**whole, "other": ()}) == ()


def test_data_sets_that_disagree_are_called_different_in_at_most_one_case_of_twenty() -> None:
    generator = np.random.default_rng(0)
    wrong = sum(
        compare_over_datasets(differences([*generator.normal(scale=0.02, size=4)], 0.01, seed))[0].verdict.is_difference
        for seed in range(300)
    )
    assert wrong / 300 < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)


def test_the_critical_difference_is_that_of_the_published_example() -> None:
    """Demsar 2006, section 3.2.2: four classifiers on 14 data sets, critical difference 1.25 at 5 %."""
    generator = np.random.default_rng(0)
    means = {name: generator.random(14) for name in "abcd"}
    assert rank_arms(means).critical_difference == pytest.approx(2.569 * (4 * 5 / (6 * 14)) ** 0.5, abs=1e-3)


def test_arms_that_are_not_told_apart_form_the_largest_groups() -> None:
    noise = np.random.default_rng(0).random(20) / 1000
    ranks = rank_arms({"worst": noise, "best": 1 + noise, "good": 1 + noise[::-1]})
    assert next(iter(ranks.average)) in ("best", "good")
    assert ranks.groups == (("best", "good"), ("worst",)) or ranks.groups == (("good", "best"), ("worst",))
    assert ranks.p < 0.001


def test_ranks_of_a_loss_are_the_other_way_round_and_ties_share_one() -> None:
    means = {"a": [1.0, 1.0, 1.0], "b": [1.0, 1.0, 1.0], "c": [0.0, 0.0, 0.0]}
    assert rank_arms(means).average == {"a": 1.5, "b": 1.5, "c": 3.0}
    assert rank_arms(means, higher_is_better=False).average == {"c": 1.0, "a": 2.5, "b": 2.5}


def test_fewer_than_three_arms_or_data_sets_are_refused() -> None:
    with pytest.raises(ValueError, match="3 arms on 3 data sets"):
        rank_arms({"a": [1.0, 2.0, 3.0], "b": [1.0, 2.0, 3.0]})
