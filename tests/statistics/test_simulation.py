"""The statistics on noise whose truth is known: small, seeded versions of docs/statistics-evidence.md.

Bounds leave room for the chance of the draw, but not for a broken method: each was seen to fail with one.
"""

import numpy as np
import pytest

from benchmarks import rule_before
from benchmarks import statistics_evidence as evidence
from fashion_keras.statistics import (
    MARGIN,
    TEN_SEEDS,
    Design,
    MeanInference,
    Share,
    compare_arms,
    detectable_difference,
    find_best,
)

UNIT = evidence.UNIT
NULL = evidence.NULLS["normal, all arms alike"]
SKEWED = evidence.NULLS["exponential (skew 2), steady baseline"]


def lower_bound(hits):
    """Return the lower end of the 95 % binomial interval of the share of True."""
    return Share.of(int(hits.sum()), hits.size).interval[0]


@pytest.mark.parametrize("num_arms", [1, 5])
def test_at_most_5_percent_of_tables_without_difference_show_one_at_any_look(num_arms):
    shown = evidence.any_difference(evidence.tables(NULL, 800, num_arms, 10, 0), TEN_SEEDS)
    assert lower_bound(shown) <= 0.05
    assert shown.mean() > 0.005  # a rule that never speaks would pass the line above


def test_looking_without_a_design_finds_too_much():
    differences = evidence.tables(NULL, 800, 1, 10, 0)
    looks = [evidence.any_difference(differences[:, :, :seeds], Design.fixed(seeds)) for seeds in (5, 6, 7, 8, 9, 10)]
    assert lower_bound(np.any(looks, axis=0)) > 0.05


def test_skew_costs_no_more_false_verdicts_than_documented():
    shown = evidence.any_difference(evidence.tables(SKEWED, 600, 3, 10, 1), TEN_SEEDS)
    assert shown.mean() < 0.095  # 11 % with each arm alone, 16 % with Student's t alone


def test_going_on_stays_under_a_quarter_more():
    design = TEN_SEEDS.extend(20)
    shown = evidence.any_difference(evidence.tables(NULL, 400, 3, 20, 2), design)
    assert lower_bound(shown) <= design.total_level


@pytest.mark.parametrize("num_seeds", [5, 10])
@pytest.mark.parametrize(("name", "least"), [("normal", 0.935), ("t, 3 degrees", 0.935), ("exponential, skew 2", 0.9)])
def test_interval_covers_the_true_mean(name, least, num_seeds):
    samples = evidence.DISTRIBUTIONS[name](np.random.default_rng([2, num_seeds]), (400, num_seeds))
    low, high = MeanInference.of(samples).interval()
    assert least < ((low <= 0.0) & (high >= 0.0)).mean() < 0.995


@pytest.mark.parametrize("sign", [1, -1])
def test_a_difference_at_the_margin_is_seldom_called_equivalent(sign):
    noise = sign * SKEWED(np.random.default_rng(4), (400, 1, 10)) / 1000
    found = [evidence.judge(MARGIN + table, TEN_SEEDS)[0].verdict for table in noise]
    assert np.mean([verdict in ("equivalent", "better, negligibly") for verdict in found]) < 0.08


def test_the_best_arm_is_seldom_called_worse():
    errors = []
    for table in 0.88 + UNIT * np.random.default_rng(5).standard_normal((150, 4, 10)):
        values = {str(arm): row for arm, row in enumerate(table)}
        errors.append(bool(find_best(values, compare_arms(values, "0")).worse))
    assert lower_bound(np.array(errors)) <= 0.05


def test_seeds_that_would_likely_decide_often_do():
    rng, kept = np.random.default_rng(6), []
    while len(kept) < 120:
        kept += evidence.promises(rng, rng.uniform(-3.0, 3.0), 1)
    assert 0.68 < np.mean([decided for _, decided in kept]) < 0.95


@pytest.mark.parametrize("design", [TEN_SEEDS, Design.fixed(10)])
def test_a_detectable_difference_is_found_in_about_80_percent(design):
    differences = evidence.tables(evidence.normal, 500, 1, 10, 7) + UNIT * detectable_difference(1.0, design)
    assert 0.74 < evidence.any_difference(differences, design).mean() < 0.86


@pytest.mark.parametrize("num_seeds", [5, 10])
def test_interval_for_new_images_covers_where_the_seeds_alone_do_not(num_seeds):
    seeds_only, new_images = evidence.crossed_coverage("2.2 points, images favour an arm", num_seeds, 300)
    assert new_images.mean() > 0.93
    assert seeds_only.mean() < 0.93


def test_the_design_saves_a_quarter_of_the_published_runs():
    runs, same, total = 0, 0, 0
    for baseline, arms in evidence.published().values():
        before = rule_before.before(arms, baseline)
        found = compare_arms(arms, baseline)
        runs += sum(item.num_seeds for item in found) + max(item.num_seeds for item in found)
        same += sum(item.verdict == before[item.arm] for item in found)
        total += 10 * len(arms)
    assert runs <= 0.75 * total
    assert same >= 30


def test_a_fixed_ten_changes_no_published_verdict():
    for baseline, arms in evidence.published().values():
        found = compare_arms(arms, baseline, Design.fixed(10))
        assert {item.arm: item.verdict for item in found} == rule_before.before(arms, baseline)


@pytest.mark.slow
def test_the_evidence_document_is_what_its_script_writes():
    assert evidence.OUTPUT.read_text(encoding="utf-8") == evidence.document()
