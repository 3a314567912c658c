"""What the planned seeds could show, said before they are trained."""

import pytest
from conftest import make_arm, make_results, make_run

from fashion_keras.reporting import describe_power
from fashion_keras.statistics import Design, detectable_difference


def results_of(*gains, num_seeds):
    base = make_arm("base", [make_run(seed, test_accuracy=[0.8]) for seed in range(len(gains))])
    other = make_arm("other", [make_run(seed, test_accuracy=[0.8 + gain]) for seed, gain in enumerate(gains)])
    return make_results(base, other, num_seeds=num_seeds)


def test_the_spread_so_far_says_which_difference_the_plan_could_show():
    (line,) = describe_power(results_of(0.01, 0.02, 0.03, num_seeds=10))
    expected = 100 * detectable_difference(0.01, Design.fixed(10))
    assert line == (
        f"other: 10 seeds would likely show a difference of {expected:.2f} points or more "
        "(spread of 1.00 points over 3 seeds)"
    )


@pytest.mark.parametrize("gains", [(), (0.01,)])
def test_fewer_than_two_seeds_show_no_spread(gains):
    assert describe_power(results_of(*gains, num_seeds=10)) == []


def test_too_few_planned_seeds_are_said_to_show_nothing():
    (line,) = describe_power(results_of(0.01, 0.02, num_seeds=4))
    assert line.startswith("other: 4 seeds can show no difference, whatever its size")
