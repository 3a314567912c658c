"""What pairing gained, as the page and the footnote say it."""

from pathlib import Path

import numpy as np
import pytest
from conftest import make_arm, make_results, make_run

from fashion_keras.reporting import build_differences, pairing_page
from fashion_keras.workflows.published import load_published
from fashion_keras.workflows.report import PAIRING_PAGE

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
BASE = [0.850, 0.852, 0.848, 0.851, 0.849, 0.853, 0.847, 0.850]
OUTLIER = [0.001] * 7 + [0.02]


def arm(name, accuracies):
    return make_arm(name, [make_run(seed, test_accuracy=[value]) for seed, value in enumerate(accuracies)])


def beside_base(**shifts):
    arms = [arm(name, np.add(BASE[: len(values)], values)) for name, values in shifts.items()]
    return make_results(arm("base", BASE[: len(next(iter(shifts.values())))]), *arms)


@pytest.fixture
def results():
    return beside_base(close=[0.0101, 0.0099] * 4, skewed=OUTLIER)


def test_the_page_has_a_line_for_each_arm_with_spreads_in_points(results):
    lines = [line for line in pairing_page([results]).splitlines() if line.startswith("| two |")]
    assert [line.split(" | ")[1] for line in lines] == ["close", "skewed"]
    # Squares of the deviations in tenths of a point: 25.68, 28 and 0.08, each by 7.
    assert lines[0].split(" | ")[2:6] == ["8", "0.19", "0.20", "0.01"]


def test_a_page_without_enough_seeds_says_so():
    assert "No comparison has 5 seeds" in pairing_page([beside_base(other=[0.01] * 4)])


def test_the_footnote_names_what_pairing_saved_of_the_arms_that_are_shown(results):
    note = build_differences(results).notes[-1]
    assert note.startswith("Pairing by seed saved ")
    assert "100 % (close)" in note
    assert "skewed" not in build_differences(results, ["close"]).notes[-1]


def test_with_too_few_seeds_the_footnote_is_silent():
    assert not any("Pairing" in note for note in build_differences(beside_base(other=[0.01, 0.02, 0.01])).notes)


def test_the_published_page_is_that_of_the_published_runs():
    assert (EXPERIMENTS / PAIRING_PAGE).read_text() == pairing_page(load_published(EXPERIMENTS))
