"""Arms of which runs diverged: they count, the others are judged as they would be without them, and looks go on."""

from dataclasses import replace

import numpy as np
import pytest

from fashion_keras.statistics import Design, Verdict, arms_to_train, compare_arms, find_best, mark_diverged
from fashion_keras.statistics.divergence import diverged_unpaired
from fashion_keras.statistics.unpaired import compare_unpaired

RNG = np.random.default_rng(0)
BASE = 0.3 + 0.01 * RNG.standard_normal(10)
NEW = BASE - 0.02 + 0.003 * RNG.standard_normal(10)
SAME = BASE + 0.01 * RNG.standard_normal(10)
LOSS = {"higher_is_better": False, "value_range": None}


def lose(row, *seeds, value=np.inf):
    return np.where(np.isin(np.arange(10), seeds), value, row)


def compare(arms, design=None):
    found = compare_arms(arms, "base", replace(design or Design(), **LOSS))
    return {item.arm: item for item in found}


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e20, -1e5])
def test_a_run_without_a_number_or_off_the_scale_is_the_worst_of_all(value):
    for higher, worst in ((False, np.inf), (True, -np.inf)):
        marked = mark_diverged({"base": BASE, "a": lose(BASE, 7, value=value)}, "base", higher_is_better=higher)
        assert (marked["a"] == lose(BASE, 7, value=worst)).all()
        assert (marked["base"] == BASE).all()


def test_no_later_seed_changes_what_an_earlier_one_was_taken_for():
    arms = {"base": BASE, "a": lose(BASE, 0, 1, 2, 7, value=1e4)}
    early = {arm: row[:5] for arm, row in arms.items()}
    whole, part = (mark_diverged(each, "base", higher_is_better=False)["a"] for each in (arms, early))
    assert (whole[:5] == part).all()
    assert np.isfinite(whole).all(), "an arm most of whose runs are large is large"


def test_shares_are_never_off_the_scale_and_zero_is_no_scale():
    rows = {"base": np.full(5, 1e-4), "a": np.array([1e-4, 1e-4, 1e-4, 1e-4, 0.9])}
    assert (mark_diverged(rows, "base", higher_is_better=True, is_share=True)["a"] == rows["a"]).all()
    rows = {"base": np.zeros(5), "a": np.array([0.0, 0.0, 0.0, 0.0, 0.9])}
    assert (mark_diverged(rows, "base", higher_is_better=True)["a"] == rows["a"]).all()


@pytest.mark.parametrize("seeds", [[0], [9], range(5), [1, 2, 3]])
def test_other_arms_are_judged_as_beside_an_arm_that_says_nothing(seeds):
    found = compare({"base": BASE, "new": NEW, "same": SAME, "lost": lose(SAME + 0.001, *seeds)})
    level = Design().nominal_levels(3)[0][0]
    assert found["new"].verdict is Verdict.BETTER
    assert (found["new"].look, found["new"].level) == (5, pytest.approx(level)), "the level counts the lost arm"
    assert found["same"].num_seeds == 10 or found["same"].given_up
    assert (found["lost"].verdict, found["lost"].look is None) == (Verdict.UNDECIDED, False)


def test_an_arm_that_always_diverges_is_worse_and_one_that_does_at_times_undecided():
    found = compare({"base": BASE, "all": lose(BASE, *range(10)), "two": lose(NEW, 3, 8)}, Design.fixed(10))
    assert (found["all"].verdict, found["all"].interval) == (Verdict.WORSE, (np.inf, np.inf))
    assert (found["two"].verdict, found["two"].undecided_because) == (Verdict.UNDECIDED, "runs diverged")
    assert found["two"].interval[1] == np.inf
    assert (found["two"].collapse.arm.count, found["two"].collapse.num_others) == (2, 8)
    assert (found["two"].seeds_to_decide, found["two"].seeds_to_decide_text) == (None, "")


def test_the_arm_that_diverges_more_often_is_never_better_and_equal_ones_are_undecided():
    far = BASE - 0.2
    found = compare({"base": BASE, "once": lose(far, 4)}, Design.fixed(10))
    assert found["once"].verdict is Verdict.UNDECIDED
    found = compare({"base": lose(BASE, 4), "both": lose(far, 4), "never": far}, Design.fixed(10))
    assert (found["both"].verdict, found["never"].verdict) == (Verdict.UNDECIDED, Verdict.BETTER)


def test_looks_wait_for_no_arm_that_can_hardly_be_decided():
    lost = {"base": BASE[:5], "new": NEW[:5], "lost": lose(BASE, 0, 1)[:5]}
    names, _ = arms_to_train(lost, "base", Design(**LOSS))
    assert names == ()
    always = {**lost, "lost": np.full(5, np.inf)}
    names, number = arms_to_train(always, "base", Design(**LOSS))
    assert (names, number) == (("base", "lost"), 6), "all lost, ten of them would show that it is worse"


def test_the_best_is_told_among_arms_of_which_some_diverged():
    arms = {"base": BASE, "new": NEW, "lost": lose(NEW, *range(9)), "once": lose(BASE, 4)}
    best = find_best(arms, compare_arms(arms, "base", Design.fixed(10, **LOSS)))
    assert best.candidates[0] == "new"
    assert set(best.worse) >= {"base", "lost"}


def test_alike_arms_that_diverge_are_hardly_ever_told_apart():
    false = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        rows = 0.3 + 0.01 * rng.standard_normal((2, 10))
        rows[rng.random((2, 10)) < 0.3] = np.inf
        (item,) = compare_arms({"base": rows[0], "a": rows[1]}, "base", Design(**LOSS))
        false += item.verdict is not Verdict.UNDECIDED
    assert false / 300 < 0.05


def test_runs_that_share_no_seeds_are_judged_by_their_ranks_and_never_for_what_diverged_more():
    few, many = np.array([*BASE[:7], np.inf]), np.array([0.9, *[np.inf] * 7])
    for higher in (False, True):
        sign = -1.0 if higher else 1.0
        for arms, verdict in (((few, many), "worse"), ((many, few), "better"), ((few + 1.0, few), "undecided")):
            values = {"base": sign * arms[0], "new": sign * arms[1]}
            (item,) = compare_unpaired(values, "base", Design.fixed(8, higher_is_better=higher, value_range=None))
            assert (item.verdict, item.has_diverged) == (verdict, True)


def test_the_ranks_of_runs_that_diverge_alike_show_a_difference_in_five_of_a_hundred_tables():
    rng = np.random.default_rng(4)
    rows = np.where(rng.random((2_000, 2, 7)) < 0.4, np.inf, rng.normal(size=(2_000, 2, 7)))
    found = [not low <= 0.0 <= high for low, high in (diverged_unpaired(*pair, 0.95) for pair in rows)]
    assert np.mean(found) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(rows))
