"""What opens a gate."""

import pytest

from fashion_keras.statistics import Comparison, Design, Requirement, Verdict


def compare(low: float, high: float, higher_is_better: bool = True) -> Comparison:
    interval = (low, high) if higher_is_better else (-high, -low)
    design = Design(higher_is_better=higher_is_better)
    verdict = Verdict.of(interval, design)
    return Comparison("arm", "base", 5, 5, 0.0, 0.1, 0.05, interval, verdict, None, 0.5, design=design)


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
    assert [each.is_met(comparison) for each in Requirement] == [better, not_worse, equivalent]


def test_every_arm_must_meet_it_and_one_that_does_not_outweighs_an_undecided_one() -> None:
    better, undecided, worse = compare(0.001, 0.01), compare(-0.01, 0.01), compare(-0.02, -0.01)
    assert Requirement.BETTER.of_all([better, better]) is True
    assert Requirement.BETTER.of_all([better, undecided]) is None
    assert Requirement.BETTER.of_all([worse, undecided]) is False
