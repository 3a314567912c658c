"""The statistics on noise whose truth is known: small, seeded versions of docs/statistics-evidence.md.

Bounds leave room for the chance of the draw, but not for a broken method: each was seen to fail with one.
"""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from fashion_keras.statistics import MeanInference, compare_arms, detectable_difference

ROOT = Path(__file__).parents[1]


def load_evidence() -> ModuleType:
    spec = importlib.util.spec_from_file_location("statistics_evidence", ROOT / "benchmarks" / "statistics_evidence.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


evidence = load_evidence()
NORMAL, EXPONENTIAL = (evidence.DISTRIBUTIONS[name] for name in ("normal", "exponential, skew 2"))


def lower_bound(hits: np.ndarray) -> float:
    """Return the lower end of the 95 % binomial interval of the share of True."""
    return evidence.binomial_interval(hits)[0]


def test_the_simulations_judge_as_compare_arms_does():
    differences = 0.003 * NORMAL(np.random.default_rng(0), (150, 3, 10)) + 0.0015
    fast = evidence.any_false(evidence.verdict_p(differences.reshape(-1, 10), below=0.05 / 3), 3)
    slow = [
        any("better" in c.verdict or "worse" in c.verdict for c in compare_arms(arms, "base"))
        for arms in ({"base": np.zeros(10)} | dict(zip("abc", table, strict=True)) for table in differences)
    ]
    assert fast.tolist() == slow
    assert 20 < sum(slow) < 130


@pytest.mark.parametrize("num_arms", [3, 5])
def test_at_most_5_percent_of_tables_without_difference_show_one(num_arms):
    shown = evidence.false_verdicts(NORMAL, num_arms, num_tables=2_000, seed=[0, num_arms])
    assert lower_bound(shown) <= 0.05
    assert shown.mean() > 0.01  # a test that never speaks would pass the line above


def test_skew_costs_no_more_false_verdicts_than_documented():
    shown = evidence.false_verdicts(EXPONENTIAL, 3, num_tables=2_000, seed=[1])
    assert shown.mean() < 0.105  # 13 % with sign-flips alone


@pytest.mark.parametrize("num_seeds", [5, 10, 20])
@pytest.mark.parametrize(
    ("name", "least"),
    [("normal", 0.945), ("t, 3 degrees", 0.945), ("gamma, skew 1", 0.94), ("exponential, skew 2", 0.925)],
)
def test_interval_covers_the_true_mean(name, least, num_seeds):
    samples = evidence.DISTRIBUTIONS[name](np.random.default_rng([2, num_seeds]), (2_000, num_seeds))
    low, high = MeanInference.of(samples, 1_998).interval()
    covered = (low <= 0.0) & (high >= 0.0)
    assert least < covered.mean() < 0.985


@pytest.mark.parametrize(("spread", "least", "most"), [(0.2, 0.82, 0.91), (0.3, 0.46, 0.57), (0.4, 0.23, 0.34)])
def test_power_at_ten_seeds_for_three_tenths_of_a_point(spread, least, most):
    samples = 0.3 + spread * NORMAL(np.random.default_rng(3), (2_000, 10))
    assert least < (evidence.verdict_p(samples, below=0.05 / 3) < 0.05 / 3).mean() < most


@pytest.mark.parametrize("num_seeds", [8, 10, 20])
def test_a_detectable_difference_is_found_in_about_80_percent(num_seeds):
    difference = detectable_difference(1.0, num_seeds, num_arms=3)
    samples = difference + NORMAL(np.random.default_rng([6, num_seeds]), (2_000, num_seeds))
    assert 0.76 < (evidence.verdict_p(samples, below=0.05 / 3) < 0.05 / 3).mean() < 0.84


@pytest.mark.parametrize("sign", [1, -1])
def test_a_difference_at_the_margin_is_seldom_called_equivalent(sign):
    noise = 0.001 * sign * EXPONENTIAL(np.random.default_rng(4), (2_000, 10))
    assert evidence.equivalent(evidence.MARGIN + noise, 0.05).mean() < 0.10  # Student's alone: 0.13
    assert evidence.equivalent(noise, 0.05).mean() > 0.5


@pytest.mark.parametrize("num_seeds", [5, 10])
def test_interval_for_new_images_covers_where_the_seeds_alone_do_not(num_seeds):
    seeds_only, new_images = evidence.crossed_coverage("2.2 points, images favour an arm", num_seeds, 400)
    assert new_images.mean() > 0.93
    assert seeds_only.mean() < 0.93


def test_adding_seeds_until_it_decides_stays_under_5_percent():
    history = evidence.looks_false(NORMAL, 3, num_tables=500, seed=[5])
    corrected, declared, uncorrected = (history[rule][-1] for rule in ("not declared", "declared", "uncorrected"))
    assert lower_bound(declared) <= lower_bound(corrected) <= 0.05 < lower_bound(uncorrected)


@pytest.mark.slow
def test_the_evidence_document_is_what_its_script_writes():
    assert evidence.OUTPUT.read_text(encoding="utf-8") == evidence.document()
