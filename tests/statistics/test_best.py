"""Which arms may be the best, on runs whose order is plain."""

import numpy as np

from fashion_keras.statistics import TEN_SEEDS, BestArms, Design, compare_arms, find_best, mean_interval

rng = np.random.default_rng(0)
RUNS = {
    "default": 0.85 + 0.001 * rng.standard_normal(10),
    "random_normal": 0.87 + 0.001 * rng.standard_normal(10),
    "xavier_normal": 0.90 + 0.002 * rng.standard_normal(10),
    "he_uniform": 0.90 + 0.002 * rng.standard_normal(10),
}


def best_of(values, design=TEN_SEEDS):
    return find_best(values, compare_arms(values, next(iter(values)), design))


def test_arms_that_lead_together_are_not_told_apart():
    best = best_of(RUNS)
    assert set(best.candidates) == {"xavier_normal", "he_uniform"}
    assert best.worse == ("random_normal", "default")


def test_one_arm_alone_may_be_left():
    assert best_of({name: RUNS[name] for name in ("default", "random_normal")}).candidates == ("random_normal",)
    assert best_of({name: RUNS[name] for name in ("random_normal", "default")}).worse == ("default",)


def test_a_lower_loss_is_the_best():
    losses = {name: 1.0 - row for name, row in RUNS.items()}
    assert best_of(losses, Design(higher_is_better=False)) == best_of(RUNS)


def test_each_pair_of_arms_has_its_share_of_the_level():
    steps = 0.001 * rng.standard_normal(10)
    noisy = {"base": 0.8 + 0.1 * rng.standard_normal(10), **dict.fromkeys("abc", np.full(10, 0.8))}
    for level, told_apart in ((0.05 / 5, False), (0.05 / 7, True)):  # of six pairs
        ahead = 0.8 + steps - mean_interval(steps, 1.0 - level)[0]
        best = best_of(noisy | {"d": ahead}, Design.fixed(10))
        assert (best.worse == ("a", "b", "c")) == told_apart


def test_only_seeds_up_to_the_look_that_decided_an_arm_count():
    # Both are decided at five seeds; later ones, of which these have fifteen, would tell them apart.
    later = {"default": 0.85, "xavier_normal": 0.90, "he_uniform": 0.99}
    values = {name: np.concatenate([RUNS[name][:5], np.full(15, value)]) for name, value in later.items()}
    assert set(best_of(values, Design.up_to(20)).candidates) == {"xavier_normal", "he_uniform"}


def test_before_the_first_look_nothing_is_said():
    assert best_of({name: row[:4] for name, row in RUNS.items()}) is None
    assert best_of(RUNS, Design.up_to(4)) is None


def test_the_sentence_lists_both():
    assert BestArms(("a", "b"), ("c", "d")).sentence == "best: a or b, not told apart; c and d are worse"
    assert BestArms(("a", "b", "c"), ()).sentence == "best: a, b or c, not told apart"
    assert BestArms(("a",), ("b",)).sentence == "best: a; b is worse"


def test_worse_is_not_said_of_an_arm_that_is_undecided_beside_the_baseline():
    noisy = {"base": 0.88 + 0.05 * rng.standard_normal(10), **{name: RUNS[name] for name in ("default", "he_uniform")}}
    assert best_of(noisy).sentence == "best: he_uniform or base, not told apart; default is worse than another arm"
    two = BestArms(("a",), ("b", "c"), only_by_others=True)
    assert two.sentence == "best: a; b and c are each worse than another arm"
