"""What opens a gate."""

import pytest

from fashion_keras.statistics import Comparison, Requirement, Verdict

MARGIN = 0.002


def compare(low: float, high: float, higher_is_better: bool = True) -> Comparison:
    interval = (low, high) if higher_is_better else (-high, -low)
    verdict = Verdict.of(interval, MARGIN, higher_is_better)
    return Comparison("arm", "base", 5, 5, sum(interval) / 2, 0.1, 0.05, interval, verdict, None, 0.5)


@pytest.mark.parametrize("higher_is_better", [True, False])
@pytest.mark.parametrize(
    ("interval", "better", "not_worse", "equivalent"),
    [
        ((0.001, 0.010), True, True, False),
        ((0.0005, 0.001), True, True, True),
        ((-0.001, 0.001), False, True, True),
        ((-0.001, 0.010), None, True, None),
        ((-0.010, 0.010), None, None, None),
        ((-0.010, 0.001), None, None, None),
        ((-0.001, -0.0005), False, True, True),
        ((-0.010, -0.001), False, False, False),
    ],
)
def test_a_requirement_is_read_off_the_interval(
    interval: tuple[float, float],
    better: bool | None,
    not_worse: bool | None,
    equivalent: bool | None,
    higher_is_better: bool,
) -> None:
    comparison = compare(*interval, higher_is_better)
    found = [each.is_met(comparison, MARGIN, higher_is_better=higher_is_better) for each in Requirement]
    assert found == [better, not_worse, equivalent]


def test_every_arm_must_meet_it_and_one_that_does_not_outweighs_an_undecided_one() -> None:
    better, undecided, worse = compare(0.001, 0.01), compare(-0.01, 0.01), compare(-0.02, -0.01)
    assert Requirement.BETTER.of_all([better, better], MARGIN) is True
    assert Requirement.BETTER.of_all([better, undecided], MARGIN) is None
    assert Requirement.BETTER.of_all([worse, undecided], MARGIN) is False
