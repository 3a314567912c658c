"""Verdicts: read off one interval each, at the looks of a design."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fashion_keras.statistics import TEN_SEEDS, Design, Verdict, arms_to_train, compare_arms, mean_interval

NOISE = np.array([0.3, -0.2, 0.1, -0.4, 0.2, 0.0, -0.1, 0.4, -0.3, 0.0]) / 1000  # mean 0, at most 0.04 points
OPEN = NOISE * 30 + 0.005  # undecided to the last of ten seeds, which may always decide
BASE = 0.88 + np.array([0.1, 0.4, 0.0, 0.3, 0.2, 0.1, 0.5, 0.2, 0.3, 0.4]) / 100
FIXED = Design.fixed(10)


def compare(*differences, design=FIXED):
    """Compare arms a, b, ... with a baseline, from their differences; arms may have fewer seeds."""
    arms = {"base": BASE} | {name: BASE[: len(row)] + row for name, row in zip("abcdefgh", differences, strict=False)}
    return compare_arms(arms, "base", design)


@pytest.mark.parametrize(
    ("difference", "verdict"),
    [
        (NOISE + 0.010, "better"),
        (NOISE - 0.010, "worse"),
        (NOISE, "equivalent"),
        (NOISE + 0.001, "better, negligibly"),
        (NOISE - 0.001, "worse, negligibly"),
        (NOISE * 20 + 0.001, "undecided"),
    ],
)
def test_verdict_of_an_obvious_case(difference, verdict):
    (result,) = compare(difference)
    assert result.verdict == result.verdict_text == verdict
    assert (verdict != "undecided") == (result.undecided_because is None)


def test_an_arm_that_is_equivalent_gets_no_more_seeds_to_be_called_negligibly_better():
    (result,) = compare(NOISE + 0.001, design=TEN_SEEDS)
    assert (result.verdict, result.look) == ("equivalent", 5)


def runs(kind, rng, num_seeds):
    """Accuracies of one arm of some kind."""
    shift = rng.choice([0.0, 0.0, 0.001, 0.002, 0.01, 0.1])
    normal = 0.85 + shift + rng.choice([0.0005, 0.003, 0.02]) * rng.standard_normal(num_seeds)
    values = {
        "normal": normal,
        "discrete": normal.round(3),
        "coarse": normal.round(2),
        "constant": np.full(num_seeds, 0.85 + shift),
        "collapsing": np.where(rng.random(num_seeds) < 0.2, 0.1, normal),
        "perfect": np.where(rng.random(num_seeds) < 0.2, 0.999, 1.0),
    }[kind]
    return values.clip(0.0, 1.0)


KINDS = st.sampled_from(["normal", "discrete", "coarse", "constant", "collapsing", "perfect"])


@given(
    st.lists(KINDS, min_size=2, max_size=7),
    st.integers(1, 14),
    st.sampled_from([FIXED, TEN_SEEDS, Design.up_to(7), Design.fixed(5), TEN_SEEDS.extend(14), Design.up_to(3)]),
    st.booleans(),
    st.integers(0, 10**6),
)
@settings(max_examples=150, deadline=None)
def test_interval_and_verdict_never_contradict_each_other(kinds, num_seeds, design, higher_is_better, seed):
    rng = np.random.default_rng(seed)
    values = {f"arm{index}": runs(kind, rng, num_seeds - index % 2) for index, kind in enumerate(kinds)}
    for result in compare_arms(values, "arm0", replace(design, higher_is_better=higher_is_better)):
        if result.look is None:
            assert (result.interval, result.level, result.verdict) == (None, None, "undecided")
            continue
        low, high = result.interval
        gain = (low, high) if higher_is_better else (-high, -low)
        assert ("better" in result.verdict) == (gain[0] > 0.0)
        assert ("worse" in result.verdict) == (gain[1] < 0.0)
        within = -design.margin < low and high < design.margin
        assert ("negligibly" in result.verdict or result.verdict == "equivalent") == within
        assert (result.verdict == "undecided") == (gain[0] <= 0.0 <= gain[1] and not within)
        assert low - 1e-9 <= result.mean_difference <= high + 1e-9
        baseline = values["arm0"][: result.num_seeds].mean()
        assert -baseline - 1e-9 <= low <= high <= 1.0 - baseline + 1e-9
        assert result.level <= design.total_level
        assert result.num_seeds == result.look <= num_seeds


def test_the_interval_is_that_of_the_differences_at_the_level_judged_by():
    first, second = compare(NOISE * 9 + 0.0023, NOISE * 30)
    assert first.level == pytest.approx(0.025, rel=1e-3)
    assert first.interval == pytest.approx(mean_interval(NOISE * 9 + 0.0023, 1 - first.level), abs=1e-9)
    assert second.level == pytest.approx(0.05, rel=1e-3), "one difference found frees its share"


@pytest.mark.parametrize("sign", [1, -1])
def test_what_arms_show_together_of_skewness_moves_one_end_of_each_interval_outwards(sign):
    tail = sign * np.array([0.0, 0.1, 0.1, 0.2, 0.3, 0.4, 0.6, 0.9, 1.5, 4.0]) / 1000
    (alone,) = compare(NOISE * 9)
    _, beside = compare(tail, NOISE * 9)
    assert alone.interval == pytest.approx(mean_interval(NOISE * 9, 0.95), abs=1e-9)
    low, high = mean_interval(NOISE * 9, 0.975)
    moved = beside.interval[1] - high, low - beside.interval[0]
    assert moved[sign < 0] > 1e-4
    assert moved[sign > 0] == pytest.approx(0.0, abs=1e-9)


def test_what_is_equivalent_frees_nothing():
    first, second = compare(NOISE, NOISE * 30)
    assert (first.verdict, second.verdict) == ("equivalent", "undecided")
    assert second.level == pytest.approx(0.025, rel=1e-3)


def test_a_difference_that_stands_alone_can_drown_among_many_arms():
    difference = NOISE * 9 + 0.0023
    assert compare(difference)[0].verdict is Verdict.BETTER
    assert compare(difference, *[NOISE * 30] * 6)[0].verdict is Verdict.UNDECIDED


def test_a_decided_arm_keeps_the_look_that_decided_it_whatever_comes_later():
    turned = np.concatenate([NOISE[:5] + 0.02, [-0.5] * 5])
    clear, open_ = compare(turned, OPEN, design=TEN_SEEDS)
    assert (clear.verdict, clear.look, clear.num_seeds) == ("better", 5, 5)
    assert clear.mean_difference == pytest.approx(np.mean(NOISE[:5]) + 0.02)
    assert (open_.verdict, open_.look, open_.num_seeds) == ("undecided", 10, 10)


def test_between_looks_the_last_one_stands():
    at_eight, at_nine = (compare(OPEN[:seeds], design=TEN_SEEDS)[0] for seeds in (8, 9))
    assert at_nine == at_eight
    assert (at_nine.look, at_nine.undecided_because) == (8, "next look at 10 seeds")


def test_a_look_waits_for_all_undecided_arms_and_not_for_the_decided():
    waiting = compare(OPEN, OPEN[:7], design=TEN_SEEDS)
    assert {result.look for result in waiting} == {6}
    decided, undecided = compare(NOISE[:5] + 0.02, OPEN, design=TEN_SEEDS)
    assert (decided.look, undecided.look) == (5, 10)


def test_before_the_first_look_there_is_a_difference_and_no_evidence():
    (result,) = compare(NOISE[:4] + 0.02, design=TEN_SEEDS)
    assert result.mean_difference == pytest.approx(np.mean(NOISE[:4]) + 0.02)
    assert (result.num_seeds, result.look, result.interval, result.seeds_won_interval) == (4, None, None, None)
    assert (result.undecided_because, result.seeds_to_decide_text) == ("next look at 5 seeds", "")
    assert compare(NOISE[:8] + 0.02, design=FIXED)[0].look is None


def test_a_design_of_too_few_seeds_says_so():
    (result,) = compare(NOISE + 0.02, design=Design.up_to(4))
    assert (result.verdict, result.undecided_because) == ("undecided", "fewer than 5 seeds")


def test_later_looks_that_were_not_planned_are_judged_more_strictly():
    extended = compare(OPEN + 0.003, design=Design.fixed(5).extend(10))[0]
    assert extended.look == 10
    assert extended.level < 0.02


def test_arms_keep_their_order_and_the_order_changes_nothing():
    arms = {"base": BASE, "b": BASE + NOISE + 0.01, "a": BASE + NOISE * 9}
    results = compare_arms(arms, "base")
    assert [result.arm for result in results] == ["b", "a"]
    assert compare_arms(dict(reversed(arms.items())), "base") == results[::-1]


def test_only_the_pairing_counts_not_what_both_share():
    shared = np.linspace(0.0, 0.05, 10)
    apart = compare_arms({"base": BASE + shared, "a": BASE + shared + NOISE * 9}, "base", FIXED)[0]
    assert apart.interval == pytest.approx(compare(NOISE * 9)[0].interval, abs=1e-9)


def test_a_lower_loss_is_better_and_has_no_bounds():
    arms = {"base": BASE + 4, "a": BASE + 4 + NOISE - 0.01}
    (result,) = compare_arms(arms, "base", replace(FIXED, higher_is_better=False, value_range=None))
    assert (result.verdict, result.seeds_won) == ("better", 1.0)
    assert result.mean_difference == pytest.approx(-0.01)


def test_seeds_won_has_an_interval_of_the_same_level():
    (result,) = compare(NOISE + 0.01)
    assert result.seeds_won == 1.0
    assert result.seeds_won_interval == pytest.approx((0.025 ** (1 / 10), 1.0), abs=1e-3)
    (tied,) = compare(np.zeros(10))
    assert (tied.seeds_won, tied.seeds_won_interval) == (0.5, (0.0, 1.0))


def test_no_interval_leaves_what_accuracies_can_differ_by():
    (result,) = compare(np.array([0.0, 0.0001, 0.0, -0.0001, -0.7]), design=Design.fixed(5))
    mean = BASE[:5].mean()
    assert mean_interval([0.0, 0.0001, 0.0, -0.0001, -0.7]) < (-900.0, 1.0)
    assert result.interval == pytest.approx((-mean, 1.0 - mean))
    assert (result.collapse.arm.count, result.collapse.baseline.count) == (1, 0)
    assert compare(NOISE)[0].collapse is None


@pytest.mark.parametrize(
    ("difference", "verdict"), [(0.0, "equivalent"), (0.0019, "better, negligibly"), (0.002, "better")]
)
def test_a_constant_difference_has_an_interval_of_no_width(difference, verdict):
    (result,) = compare(np.full(10, difference))
    assert (result.verdict, result.interval) == (verdict, (difference, difference))


def test_better_on_this_test_set_where_new_images_might_tell_otherwise():
    rng = np.random.default_rng(0)
    arm = np.tile(rng.random(200) < 0.85, (10, 1))
    baseline = np.tile(rng.random(200) < 0.83, (10, 1))
    baseline[0, :3] ^= True
    values = {"base": baseline.mean(1), "a": arm.mean(1)}
    (result,) = compare_arms(values, "base", FIXED)
    assert (result.verdict_text, result.only_on_this_test_set) == (str(result.verdict), False)
    judged = result.with_correct(arm, baseline)
    assert judged.verdict is result.verdict
    assert judged.new_images[0] < 0.0 < judged.new_images[1]
    assert judged.verdict_text == f"{result.verdict} on this test set"
    assert result.with_correct(*(np.vstack([rows, ~rows]) for rows in (arm, baseline))) == judged, "of its seeds alone"
    none_yet = compare_arms({name: row[:3] for name, row in values.items()}, "base", FIXED)[0]
    assert none_yet.with_correct(arm, baseline) == none_yet


def test_with_one_arm_less_than_two_there_is_nothing_to_compare():
    assert compare_arms({"base": BASE}, "base") == ()
    assert compare_arms({"base": BASE, "a": []}, "base") == ()


@pytest.mark.parametrize(
    ("arms", "message"),
    [
        ({"a": [0.9]}, "baseline 'base' is not among the arms: a"),
        ({"base": [0.9, 0.9], "a": [[0.9]]}, "'a' has shape (1, 1)"),
        ({"base": [0.9, 0.9], "a": [0.9, math.nan]}, "'a' has nan at position 1; a diverged run still has an accuracy"),
        ({"base": [0.9, 0.9], "a": [90.0, 91.0]}, "'a' has values outside 0 to 1"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(arms, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        compare_arms(arms, "base")


def to_train(*rows, design=TEN_SEEDS):
    arms = {"base": BASE[: max(len(row) for row in rows)]}
    arms |= {name: BASE[: len(row)] + row for name, row in zip("abc", rows, strict=False)}
    return arms_to_train(arms, "base", design)


def test_all_arms_are_trained_to_the_first_look():
    assert to_train([], []) == (("base", "a", "b"), 5)
    assert to_train(NOISE[:4], NOISE[:5]) == (("a",), 5)


def test_only_the_undecided_and_the_baseline_go_on():
    assert to_train(NOISE[:5] + 0.02, OPEN[:5]) == (("base", "b"), 6)
    assert to_train(NOISE[:5] + 0.02, OPEN[:6]) == (("base", "b"), 8)
    assert to_train(NOISE[:5] + 0.02, OPEN[:8])[1] == 10


def test_where_the_last_look_would_hardly_decide_one_no_arm_gets_more_seeds():
    (result,) = compare(NOISE * 30, design=TEN_SEEDS)
    assert (result.verdict, result.look, result.given_up) == ("undecided", 5, True)
    assert result.undecided_because == "10 seeds would hardly decide"
    assert to_train(NOISE[:5] * 30)[0] == ()
    assert to_train(NOISE[:5] * 30, OPEN[:5]) == (("base", "a", "b"), 6), "beside one that it may decide, all go on"
    assert compare(NOISE * 30, design=replace(TEN_SEEDS, futility=0.0))[0].look == 10


def test_going_on_takes_up_what_was_given_up():
    longer = TEN_SEEDS.extend(20)
    assert compare(NOISE[:5] * 30, design=longer)[0].undecided_because == "next look at 14 seeds"
    assert to_train(NOISE[:5] * 30, design=longer) == (("base", "a"), 14)


def test_nothing_is_left_to_train_once_all_is_decided_or_all_seeds_are_there():
    assert to_train(NOISE[:5] + 0.02, NOISE[:5] - 0.02)[0] == ()
    assert to_train(OPEN)[0] == ()
    assert to_train(OPEN, design=TEN_SEEDS.extend(20)) == (("base", "a"), 14)


def test_too_few_seeds_for_a_look_are_all_trained():
    assert to_train(NOISE[:1], design=Design.up_to(3)) == (("base", "a"), 3)
    assert to_train(NOISE[:3], design=Design.up_to(3))[0] == ()


@given(
    st.lists(KINDS, min_size=2, max_size=5), st.integers(0, 10**6), st.sampled_from([TEN_SEEDS, TEN_SEEDS.extend(20)])
)
@settings(max_examples=40, deadline=None)
def test_training_what_is_asked_for_ends_in_the_verdicts_of_all_seeds(kinds, seed, design):
    rng = np.random.default_rng(seed)
    every = {f"arm{index}": runs(kind, rng, design.num_seeds) for index, kind in enumerate(kinds)}
    trained = dict.fromkeys(every, 0)
    for _ in range(9):
        names, number = arms_to_train({arm: every[arm][:count] for arm, count in trained.items()}, "arm0", design)
        trained |= dict.fromkeys(names, number)
    assert names == ()
    fewer = compare_arms({arm: every[arm][:count] for arm, count in trained.items()}, "arm0", design)
    assert fewer == compare_arms(every, "arm0", design)
    assert {result.arm: result.num_seeds for result in fewer} == {a: n for a, n in trained.items() if a != "arm0"}
    first = compare_arms({arm: row[:10] for arm, row in every.items()}, "arm0")
    assert all(
        now.verdict == then.verdict
        for now, then in zip(fewer, first, strict=True)
        if then.level and then.verdict != "undecided"
    )
