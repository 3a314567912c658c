"""The claims about time, judged from timing runs made by hand."""

from dataclasses import replace

import pytest
from timing_runs import make_all_times, make_measurement, make_times

from fashion_keras.claims import evaluate_claims
from fashion_keras.claims.times import quicker, slower
from fashion_keras.reporting.claims import claims_page
from fashion_keras.storage.times import Times, timed_arms

SGD, RMSPROP, ADAM = "optimizers/sgd", "optimizers/rmsprop", "optimizers/adam"
DRIFT = [1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
"""A machine that becomes slower from round to round."""


def times_of(**ratios: float) -> Times:
    """Arms of `optimizers` that take so many times as long as the base in each round."""
    return make_times({f"optimizers/{name}": [ratio * value for value in DRIFT] for name, ratio in ratios.items()})


def time_parts(claim):
    return [part for part in claim.figures if part.words.startswith("computation time")]


def test_arms_are_compared_within_each_round():
    part = quicker(times_of(sgd=1.0, rmsprop=1.1), SGD, RMSPROP)
    assert (part.verdict, part.num_seeds) == ("supported", 6)
    assert part.estimate == pytest.approx(-0.0953, abs=1e-4)  # the logarithm of 1 / 1.1, though rounds differ by 3.5
    assert part.interval == pytest.approx((part.estimate, part.estimate))


def test_the_other_way_round_refutes():
    times = times_of(sgd=1.0, rmsprop=0.9)
    assert quicker(times, SGD, RMSPROP).verdict == "refuted"
    assert slower(times, SGD, RMSPROP).verdict == "supported"


def test_rounds_that_lack_an_arm_are_left_out():
    times = times_of(sgd=1.0, rmsprop=1.1)
    without = Times(times.measurements[:-1])
    part = quicker(without, SGD, RMSPROP)
    assert (part.verdict, part.because, part.num_seeds) == ("undecided", "fewer than 6 rounds", 5)


def test_an_arm_without_times_is_named():
    part = quicker(times_of(sgd=1.0), SGD, ADAM)
    assert (part.verdict, part.because) == ("undecided", "not timed: optimizers/adam")


def test_the_report_s_own_ratio_is_shown_where_it_gives_both_times():
    assert quicker(None, SGD, RMSPROP).words == "computation time: `sgd` below `rmsprop` [x 0.931 in the report]"
    assert quicker(None, "cnn/cnn", "dropout/dropout_0.1").words == "computation time: `cnn` below `dropout_0.1`"


def test_the_cnn_s_fewer_epochs_count():
    # Four times as long an epoch, but 10 of them and not 50.
    names = [arm.names[0] for arm in timed_arms()]
    times = make_times({name: [4.0 if name == "cnn/cnn" else 1.0] * 6 for name in names})
    parts = time_parts(evaluate_claims([], times)[14])
    assert len(parts) == len(names) - 1
    assert {part.verdict for part in parts} == {"supported"}
    times = make_times({name: [6.0 if name == "cnn/cnn" else 1.0] * 6 for name in names})
    assert {part.verdict for part in time_parts(evaluate_claims([], times)[14])} == {"refuted"}


def test_the_order_is_judged_by_whole_epochs_and_training_alone_is_shown():
    claim = evaluate_claims([], make_all_times())[
        15
    ]  # each arm a little slower than the one before it, the base the first
    assert claim.verdict == "supported"
    assert len(time_parts(claim)) == 7
    assert [part.verdict for part in claim.figures[7:]] == [None] * 7
    assert {part.words.split(":")[0] for part in claim.figures[7:]} == {"training alone"}


def test_one_arm_out_of_order_refutes_the_claim():
    times = make_all_times()
    turned = [replace(each, epoch_seconds=0.5) if ADAM in each.arms.split() else each for each in times.measurements]
    claim = evaluate_claims([], Times(tuple(turned)))[15]
    assert claim.verdict == "refuted"
    assert claim.because == "the contrary of: computation time: `rmsprop` below `adam` [x 0.994 in the report]"


def test_the_page_shows_ratios_rounds_and_the_machine():
    page = claims_page(evaluate_claims([], times_of(sgd=1.0, rmsprop=1.1)))
    row = "| computation time: `sgd` below `rmsprop` [x 0.931 in the report] | x 0.909 | x 0.909 to x 0.909 | 0.031 |"
    assert f"{row} 6 rounds | supported |" in page
    assert "Measured in 6 rounds, one arm at a time, on A processor (1 thread, float32; TensorFlow 2.21.0" in page
    assert "other programs kept at most 0.00 cores busy" in page


def test_the_page_says_where_the_system_does_not_tell_who_else_worked():
    times = Times((make_measurement(SGD, other_cores=float("nan")),))
    assert "Keras 3.15.1).\n" in claims_page(evaluate_claims([], times))


def test_without_timing_runs_the_page_says_how_to_make_them():
    page = claims_page(evaluate_claims([]))
    assert "There are no timing runs yet: `python -m benchmarks.times` makes them." in page
    assert "computation time: `cnn` below the others |  |  |  |  | undecided: no timing runs |" in page
