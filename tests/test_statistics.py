"""The statistics on numbers whose answers fit in the head, and their laws; on noise, see the simulations."""

import itertools
import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fashion_keras.statistics import (
    Comparison,
    MeanInference,
    Verdict,
    compare_arms,
    compare_correct,
    crossed_mean,
    detectable_difference,
    expected_misses,
    holm,
    look_level,
    look_number,
    mean_interval,
    misses_p,
    power_different,
    prediction_interval,
    probability_better,
    seeds_to_decide,
    sign_flip_p,
    skewness,
)

NOISE = np.array([0.3, -0.2, 0.1, -0.4, 0.2, 0.0, -0.1, 0.4, -0.3, 0.0]) / 1000  # mean 0, at most 0.04 points
BASE = 0.88 + np.array([0.1, 0.4, 0.0, 0.3, 0.2, 0.1, 0.5, 0.2, 0.3, 0.4]) / 100

whole_numbers = st.lists(st.integers(-9, 9).map(float), min_size=2, max_size=9)


def compare(*differences: object, **options: object) -> tuple[Comparison, ...]:
    """Compare arms a, b, ... with a baseline, from their differences."""
    arms = {"base": BASE} | {name: BASE + row for name, row in zip("abcdefgh", differences, strict=False)}
    return compare_arms(arms, "base", **options)


# Sign flips


def test_three_equal_signs_reach_their_mean_in_two_of_eight_patterns():
    assert sign_flip_p([1, 2, 3]) == 2 / 8
    assert sign_flip_p([-3, -1, -2]) == 2 / 8


def test_balanced_differences_have_p_one():
    assert sign_flip_p([1, -1]) == 1.0
    assert sign_flip_p([0, 0, 0]) == 1.0


@given(whole_numbers)
def test_sign_flip_p_is_the_share_of_all_patterns_by_brute_force(differences):
    patterns = itertools.product((1, -1), repeat=len(differences))
    sums = [abs(sum(sign * value for sign, value in zip(signs, differences, strict=True))) for signs in patterns]
    assert sign_flip_p(differences) == sum(s >= abs(sum(differences)) for s in sums) / len(sums)


def test_sums_equal_on_paper_count_as_ties_in_floating_point():
    assert sign_flip_p([0.1, 0.2, -0.3]) == 1.0
    assert sign_flip_p(np.array([1, 2, 3, -3]) * 0.0001) == sign_flip_p([1, 2, 3, -3])


def test_twenty_seeds_are_exact_and_more_are_sampled_alike_for_one_seed():
    assert sign_flip_p(np.ones(20)) == 2 / 2**20
    differences = np.random.default_rng(0).normal(0.3, 1.0, 30)
    sampled = sign_flip_p(differences, num_samples=20_000)
    assert sampled == sign_flip_p(differences, num_samples=20_000)
    assert sampled != sign_flip_p(differences, num_samples=20_000, seed=1)
    assert sampled == pytest.approx(sign_flip_p(differences, num_samples=20_000, seed=1), abs=0.02)
    assert sign_flip_p(np.ones(40), num_samples=99) == 1 / 100


def test_sampled_and_exact_sign_flips_agree(monkeypatch):
    differences = np.random.default_rng(3).normal(0.3, 1.0, 12)
    exact = sign_flip_p(differences)
    monkeypatch.setattr("fashion_keras.statistics.inference.MAX_EXACT_SEEDS", 11)
    assert sign_flip_p(differences) == pytest.approx(exact, abs=0.006)


# One mean


def test_interval_is_at_least_as_wide_as_students():
    low, high = mean_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    student = 2.776445 * math.sqrt(2.5 / 5)
    assert low <= 3.0 - student
    assert high >= 3.0 + student
    assert 3.0 - low == pytest.approx(high - 3.0)  # symmetric numbers, symmetric interval


def test_p_of_two_numbers_is_students_where_resamples_say_nothing():
    # Student with one degree of freedom: p = 1 - 2/pi * arctan(t), t = 3
    inference = MeanInference.of([[1.0, 2.0]])
    assert inference.p_different()[0] == pytest.approx(1 - 2 / math.pi * math.atan(3.0))


def test_resampled_t_takes_every_value_of_all_resamples_and_no_other():
    values = np.array([-1.0, 0.0, 1.0])
    resamples = [values[list(picks)] for picks in itertools.product(range(3), repeat=3) if len(set(picks)) > 1]
    students = {round(float(r.mean() / r.std(ddof=1) * math.sqrt(3.0)), 6) for r in resamples}
    found = MeanInference.of([values]).resampled_t[0]
    assert set(np.round(found[~np.isnan(found)], 6).tolist()) == students
    assert np.isnan(found).mean() == pytest.approx(3 / 27, abs=0.02)


def test_interval_reaches_further_into_the_long_tail():
    low, high = mean_interval([0, 0, 0, 0, 1, 1, 1, 2, 3, 12])
    assert high - 2.0 > 1.3 * (2.0 - low)


@given(st.lists(st.integers(-50, 50).map(float), min_size=3, max_size=9), st.permutations(range(9)))
@settings(max_examples=50, deadline=None)
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


@given(st.lists(st.integers(-50, 50).map(float), min_size=3, max_size=12))
@settings(max_examples=50, deadline=None)
def test_interval_excludes_zero_exactly_where_p_is_under_its_level(values):
    assume(len(set(values)) > 1)
    inference = MeanInference.of([values])
    low, high = inference.interval(0.95)
    assume(min(abs(low[0]), abs(high[0])) > 1e-9)
    assert (low[0] > 0.0 or high[0] < 0.0) == (inference.p_different()[0] < 0.05)


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
    for function in (mean_interval, prediction_interval, sign_flip_p, skewness):
        with pytest.raises(ValueError, match=r"must be|takes"):
            function(bad)


def test_probability_better_counts_a_tie_half():
    assert probability_better([1, -1, 0]) == 0.5
    assert probability_better([2, 1, 0]) == pytest.approx(5 / 6)


def test_skewness_is_zero_for_symmetric_and_mirrors():
    assert skewness([1, 2, 3]) == 0.0
    assert skewness([1, 1, 1]) == 0.0
    assert skewness([0, 0, 3]) == pytest.approx(math.sqrt(3.0))
    assert skewness([0, 0, -3]) == pytest.approx(-math.sqrt(3.0))


def test_prediction_interval_is_wider_than_the_means_by_root_n_plus_one():
    low, high = prediction_interval([1.0, 2.0, 3.0])
    # t = 4.302653, s = 1, sqrt(1 + 1/3)
    assert (low, high) == pytest.approx((2 - 4.302653 * math.sqrt(4 / 3), 2 + 4.302653 * math.sqrt(4 / 3)))


def test_misses_by_chance_are_binomial():
    assert expected_misses(20) == pytest.approx(1.0)
    assert misses_p(0, 20) == 1.0
    assert misses_p(1, 2) == pytest.approx(1 - 0.95**2)
    assert misses_p(2, 2) == pytest.approx(0.05**2)
    with pytest.raises(ValueError, match="between 0 and the 2 cells"):
        misses_p(3, 2)


# Corrections


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]).tolist() == [1.0, 1.0]
    assert holm([]).tolist() == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_p_and_bonferroni_keeps_order_and_ignores_it(p_values):
    p, adjusted = np.array(p_values), holm(p_values)
    assert (adjusted >= p).all()
    assert (adjusted <= np.minimum(1.0, p * p.size) + 1e-12).all()
    assert (np.diff(adjusted[np.argsort(p)]) >= 0.0).all()
    assert holm(p[::-1]).tolist() == adjusted[::-1].tolist()


@pytest.mark.parametrize("bad", [[math.nan], [-0.1], [1.1], [[0.5]]])
def test_holm_refuses_what_is_no_p_value(bad):
    with pytest.raises(ValueError, match=r"numbers in \[0, 1\]"):
        holm(bad)


def test_looks_count_the_different_numbers_of_seeds_shown_before():
    assert look_number([], 10, planned_seeds=10) == 1
    assert look_number([3, 10, 10], 10, planned_seeds=10) == 1
    assert look_number([3, 10, 10, 20], 30, planned_seeds=10) == 3


def test_declared_looks_never_spend_more_than_the_level():
    assert sum(look_level(look, declared=True) for look in range(1, 30)) <= 0.05
    assert look_level(1) == 0.05
    assert (look_level(2), look_level(2, declared=True)) == (0.00625, 0.0125)
    assert sum(look_level(look) for look in range(1, 30)) <= 0.05 + 0.05 / 4
    with pytest.raises(ValueError, match="counts from 1"):
        look_level(0)


# Verdicts


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
    assert result.verdict == verdict
    assert (result.seeds_to_decide is None) == (verdict != "undecided") == (result.undecided_because is None)


def test_verdicts_follow_the_adjusted_p_values():
    results = compare(NOISE * 8 + 0.0015, NOISE + 0.01, NOISE * 5)
    p = holm([result.p_value for result in results])
    assert [result.adjusted_p for result in results] == p.tolist()
    assert [result.adjusted_equivalence_p for result in results] == holm([r.equivalence_p for r in results]).tolist()
    assert all(result.p_value >= result.sign_flip_p for result in results)


def test_the_most_cautious_p_value_decides():
    skewed = -0.001 + np.array([0.0, 0.1, 0.2, 0.2, 0.3, 0.4, 0.5, 0.6, 0.9, 1.6]) / 1000
    even = NOISE + 0.0003
    for differences, cautious in ((skewed, False), (even, True)):
        (result,) = compare(differences)
        others = MeanInference.of([differences]).p_different()[0]
        assert result.p_value == pytest.approx(max(result.sign_flip_p, others))
        assert (result.p_value == result.sign_flip_p) is cautious


def test_a_difference_that_stands_alone_can_drown_among_many_arms():
    difference = NOISE * 9 + 0.0023
    assert compare(difference)[0].verdict is Verdict.BETTER
    assert compare(difference, *[NOISE * 30] * 6)[0].verdict is Verdict.UNDECIDED


def test_arms_keep_their_order_and_the_order_changes_nothing():
    arms = {"base": BASE, "b": BASE + NOISE + 0.01, "a": BASE + NOISE * 9}
    results = compare_arms(arms, "base")
    assert [result.arm for result in results] == ["b", "a"]
    assert compare_arms(dict(reversed(arms.items())), "base") == results[::-1]


def test_the_order_of_seeds_changes_nothing():
    shuffled = np.random.default_rng(0).permutation(10)
    first, second = (
        compare_arms({"base": BASE[i], "a": (BASE + NOISE * 9)[i]}, "base") for i in (slice(None), shuffled)
    )
    assert second[0].p_value == pytest.approx(first[0].p_value)
    assert second[0].interval == pytest.approx(first[0].interval)


def test_only_the_pairing_counts_not_what_both_share():
    shared = np.linspace(0.0, 0.05, 10)
    apart = compare_arms({"base": BASE + shared, "a": BASE + shared + NOISE * 9}, "base")[0]
    assert apart.interval == pytest.approx(compare(NOISE * 9)[0].interval, abs=1e-12)


def test_a_lower_loss_is_better():
    (result,) = compare(NOISE - 0.01, higher_is_better=False)
    assert result.verdict == "better"
    assert result.probability_better == 1.0
    assert result.mean_difference == pytest.approx(-0.01)


def test_fewer_than_six_seeds_are_undecided_however_clear():
    five = {"base": BASE[:5], "a": BASE[:5] + 0.1}
    six = {"base": BASE[:6], "a": BASE[:6] + 0.1}
    (result,) = compare_arms(five, "base")
    assert (result.verdict, result.undecided_because, result.seeds_to_decide) == ("undecided", "fewer than 6 seeds", 6)
    assert compare_arms(six, "base")[0].verdict == "better"


def test_no_verdict_before_the_planned_seeds():
    (result,) = compare(NOISE + 0.01, planned_seeds=11)
    assert (result.verdict, result.undecided_because) == ("undecided", "planned seeds not done")


def test_one_seed_has_a_difference_but_no_interval_nor_evidence():
    (result,) = compare_arms({"base": [0.88], "a": [0.9]}, "base")
    assert result.mean_difference == pytest.approx(0.02)
    assert (result.interval, result.p_value, result.seeds_to_decide) == (None, 1.0, None)
    assert result.verdict == "undecided"


def test_identical_arms_are_equivalent_with_p_one():
    (result,) = compare(np.zeros(10))
    assert (result.verdict, result.p_value, result.interval) == ("equivalent", 1.0, (0.0, 0.0))
    assert result.probability_better == 0.5


def test_a_constant_difference_is_as_sure_as_the_signs_allow():
    (result,) = compare(np.full(10, 0.01))
    assert (result.verdict, result.p_value) == ("better", 2 / 2**10)


def test_a_difference_on_the_margin_is_not_equivalent():
    assert compare(np.full(10, 0.002))[0].equivalence_p == 0.5


def test_two_arms_that_differ_on_one_seed_only_do_not_crash():
    (result,) = compare([0.0] * 9 + [0.01])
    assert result.verdict == "undecided"
    assert np.isfinite(result.interval).all()


def test_later_looks_are_judged_more_strictly():
    difference = NOISE * 8 + 0.0023
    first, second, declared = (compare(difference, **o)[0] for o in ({}, {"look": 2}, {"looks_declared": True}))
    assert first.p_value == second.p_value
    assert second.adjusted_p == pytest.approx(8 * first.adjusted_p)
    assert declared.adjusted_p == pytest.approx(2 * first.adjusted_p)


def test_seeds_to_decide_count_the_other_arms_and_the_look_that_adding_makes():
    open_, early = (compare(NOISE * 30 + 0.003, NOISE * 30, **o)[0] for o in ({}, {"planned_seeds": 12}))
    for result, level in ((open_, look_level(2)), (early, look_level(1))):
        means, spreads = [result.mean_difference], [result.spread]
        assert result.seeds_to_decide == seeds_to_decide(means, spreads, level / 2, 0.002, more_than=10)[0]
    assert open_.seeds_to_decide > early.seeds_to_decide > 12


def test_an_experiment_with_only_its_baseline_has_no_comparisons():
    assert compare_arms({"base": BASE}, "base") == ()


@pytest.mark.parametrize(
    ("arms", "message"),
    [
        ({"a": [0.9]}, "baseline 'base' is not among the arms: a"),
        ({"base": [0.9, 0.9], "a": [0.9]}, "'a' has"),
        ({"base": [0.9, 0.9], "a": [0.9, math.nan]}, "'a' has nan at position 1; a diverged run still has an accuracy"),
        ({"base": [], "a": []}, "one value per seed"),
    ],
)
def test_what_cannot_be_paired_is_refused_in_one_line(arms, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        compare_arms(arms, "base")


def test_a_margin_of_nothing_is_refused():
    with pytest.raises(ValueError, match="margin must be above 0"):
        compare(NOISE, margin=0.0)


# Power


def test_power_grows_with_difference_seeds_and_level_and_falls_with_spread():
    base = power_different(0.003, 0.003, 10, 0.05)
    assert power_different(0.004, 0.003, 10, 0.05) > base
    assert power_different(0.003, 0.003, 12, 0.05) > base
    assert power_different(0.003, 0.003, 10, 0.01) < base
    assert power_different(0.003, 0.004, 10, 0.05) < base
    assert power_different(-0.003, 0.003, 10, 0.05) == base


def test_seeds_that_cannot_reach_the_level_have_no_power():
    assert power_different(1.0, 0.001, 5, 0.05) == 0.0
    assert power_different(1.0, 0.001, 6, 0.05) > 0.99
    assert power_different(1.0, 0.001, 6, 0.03) == 0.0  # 2 / 2^6 = 0.031
    assert power_different(1.0, 0.001, 5, 0.2) == 0.0  # fewer than six are never judged


def test_detectable_difference_has_a_power_of_80_percent():
    difference = detectable_difference(0.003, num_seeds=10, num_arms=3)
    assert power_different(difference, 0.003, 10, 0.05 / 3) == pytest.approx(0.8, abs=1e-6)
    assert detectable_difference(0.006, 10, 3) == pytest.approx(2 * difference)
    assert detectable_difference(0.003, 5) == math.inf


def test_seeds_to_decide_is_the_smallest_number_with_a_power_of_80_percent():
    (seeds,) = seeds_to_decide([0.003], [0.004], level=0.01, margin=0.002)
    assert power_different(0.003, 0.004, seeds, 0.01) >= 0.8 > power_different(0.003, 0.004, seeds - 1, 0.01)


def test_seeds_to_decide_may_end_in_equivalence_or_nowhere():
    equivalent, on_the_margin = seeds_to_decide([0.0, 0.0002], [0.003, 0.2], level=0.05, margin=0.002)
    assert 15 < equivalent < 40
    assert on_the_margin == 1001
    (result,) = compare(NOISE * 300 + 0.0019)
    assert result.seeds_to_decide_text == ">1000"


# Seeds and images


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


def test_predictions_that_are_not_bits_of_one_shape_are_refused():
    bits = np.ones((2, 3), dtype=bool)
    for arm, baseline in ((bits, bits[:, :2]), (bits.astype(float), bits), (bits[0], bits[0])):
        with pytest.raises(ValueError, match="must both be bool"):
            compare_correct(arm, baseline)


# Documentation


@pytest.mark.parametrize("function", [MeanInference.interval, compare_arms])
def test_the_figures_in_a_docstring_are_those_measured(function):
    evidence = (Path(__file__).parents[1] / "docs" / "statistics-evidence.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in evidence.splitlines() if line.startswith("| ")]
    quoted = re.findall(r"^ +(\w.*?)  +((?:\d+\.\d *){5,})$", function.__doc__, re.MULTILINE)
    assert len(quoted) >= 4
    for name, figures in quoted:
        name = {"power": "0.3 points"}.get(name, name)
        measured = {
            cell.split()[0] for _, first, *cells in rows if first.strip().startswith(name) for cell in cells[:-1]
        }
        assert set(figures.split()) <= measured, name
