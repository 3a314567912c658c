"""The table of paired differences: what it says of arms whose differences fit in the head."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from conftest import make_arm, make_results, make_run
from rich.console import Console

from fashion_keras.reporting import build_differences, compare_with_baseline, describe_power, to_csv, to_rich
from fashion_keras.statistics import Design, detectable_difference

BASE = [0.850, 0.852, 0.848, 0.851, 0.849, 0.853, 0.847, 0.850]
NOISY = [0.004, -0.001, 0.003, -0.001, 0.004, 0.0, 0.003, -0.001]
SHIFTS = [0.010, 0.011, 0.009, 0.010, 0.012, 0.008, 0.010, 0.010]


def arm(name, accuracies, **settings):
    runs = [make_run(seed, test_accuracy=[value]) for seed, value in enumerate(accuracies) if value is not ...]
    return make_arm(name, runs, **settings)


def shifted(shifts):
    return [value + shift for value, shift in zip(BASE, shifts, strict=False)]


@pytest.fixture
def results():
    same = shifted([0.0001, -0.0001] * 4)
    return make_results(arm("base", BASE), arm("better", shifted(SHIFTS)), arm("same", same, text_only=True))


def texts(table):
    return {row.arm: [" ".join(cell.lines) for cell in row.cells] for row in table.rows}


def test_the_difference_is_the_mean_over_seeds_in_points_with_its_interval(results):
    difference, _, won, verdict = texts(build_differences(results))["better"]
    # Their spread is 0.12 points: 2.841 * 0.12 / sqrt(8) is 0.12, as one of two arms is judged.
    assert difference == "+1.00 (+0.88 to +1.12)"
    assert won.startswith("100 (")
    assert verdict == "better"


def test_an_arm_within_a_fifth_of_a_point_is_equivalent(results):
    shown = texts(build_differences(results))
    assert list(shown) == ["better", "same"]  # the baseline has no row
    difference, _, won, verdict = shown["same"]
    assert difference.startswith("+0.00 (-0.0")
    assert won.startswith("50 (")
    assert verdict == "equivalent"


def test_a_score_is_what_is_judged_and_the_table_says_so():
    def scored(name, accuracies):
        runs = [make_run(s, test_accuracy=[each, 0.9], config={"epochs": 2}) for s, each in enumerate(accuracies)]
        return replace(make_arm(name, runs), score_share=0.99)

    results = make_results(scored("base", BASE), scored("better", shifted(SHIFTS)))
    table = build_differences(replace(results, record=replace(results.record, score_share=0.99)))
    assert "score: mean of the last 99 % of epochs" in table.caption
    assert any("mean test accuracy of the last 99 % of epochs" in note for note in table.notes)
    assert texts(table)["better"][:2] == ["+0.50 (+0.45 to +0.55)", "–"]


def test_the_family_is_all_arms_whichever_are_shown(results):
    shown = build_differences(results, ["same"])
    assert [row.arm for row in shown.rows] == ["same"]
    assert "about 2 arms" in shown.notes[0]
    assert texts(shown)["same"] == texts(build_differences(results))["same"]


def test_under_five_seeds_nothing_is_decided_and_the_table_says_why():
    few = make_results(arm("base", BASE[:4]), arm("better", shifted(SHIFTS[:4])))
    assert texts(build_differences(few))["better"] == ["+1.00", "–", "100", "undecided (fewer than 5 seeds)"]


def test_between_looks_the_evidence_is_that_of_the_last_look():
    at_six, at_seven = (
        build_differences(
            make_results(arm("base", BASE[:n]), arm("noisy", shifted(NOISY[:n])), design=Design.up_to(10), num_seeds=n)
        )
        for n in (6, 7)
    )
    assert texts(at_six) == texts(at_seven)
    assert "next look at 8 seeds" in texts(at_seven)["noisy"][3]


def test_a_decided_arm_keeps_its_look_while_the_others_go_on():
    clear, noisy = arm("clear", shifted(SHIFTS[:5])), arm("noisy", shifted(NOISY))
    design = replace(Design.up_to(8), futility=0.0)
    table = build_differences(make_results(arm("base", BASE), clear, noisy, design=design))
    assert [row.remarks for row in table.rows] == [("5 of 8 seeds",), ("8 seeds",)]
    assert [item.look for item in table.comparisons] == [5, 8]


def test_before_the_first_look_there_is_no_interval_and_no_verdict(results):
    planned = replace(results.record, design=Design.fixed(10))
    table = build_differences(replace(results, record=planned, seeds=tuple(range(10))))
    assert texts(table)["better"][0] == "+1.00"
    assert texts(table)["better"][3].startswith("undecided (next look at 10 seeds)")
    assert table.rows[0].remarks == ("8 of 10 seeds",)


def test_an_undecided_arm_says_how_many_seeds_would_likely_decide():
    verdict = texts(build_differences(make_results(arm("base", BASE), arm("noisy", shifted(NOISY)))))["noisy"][3]
    assert "undecided (not enough evidence)" in verdict
    assert "seeds would likely decide" in verdict


def test_more_arms_and_more_looks_make_the_interval_wider(results):
    def width(found):
        low, high = compare_with_baseline(found)[0].interval
        return high - low

    fewer = replace(results, arms=results.arms[:2])
    looks = replace(results, record=replace(results.record, design=Design.up_to(8)))
    assert width(fewer) < width(results) < width(looks)


def test_runs_that_collapsed_are_counted_apart():
    failing = arm("failing", [*shifted(SHIFTS)[:7], 0.1])
    notes = build_differences(make_results(arm("base", BASE), failing)).notes
    (note,) = [note for note in notes if "collapsed" in note]
    assert "1 of 8" in note
    assert "on the 7 others failing differs by +1.00 points" in note


def test_without_a_complete_seed_or_without_the_test_set_there_is_no_table():
    apart = make_results(arm("base", [0.9, ...]), arm("other", [..., 0.9]))
    assert build_differences(apart) is None
    never = make_results(arm("base", [None, None]), arm("other", [None, None]))
    assert build_differences(never) is None


def test_programs_get_fractions_and_the_reason(results):
    rows = {row["arm"]: row for row in csv.DictReader(io.StringIO(to_csv(build_differences(results))))}
    assert float(rows["better"]["difference_mean"]) == pytest.approx(0.010)
    assert rows["better"]["verdict_text"] == "better"
    assert rows["better"]["verdict_because"] == ""


@pytest.mark.parametrize("width", [80, 100, 140])
@pytest.mark.parametrize("shifts", [SHIFTS, [0.004, -0.001] * 4, [0.0001, 0.00012] * 4])
def test_it_fits_a_terminal_whatever_the_verdict_says(shifts, width):
    table = build_differences(make_results(arm("base", BASE), arm("a_long_name_of_an_arm", shifted(shifts))))
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(to_rich(table))
    text = console.export_text()
    assert "too narrow" not in text
    assert max(map(len, text.splitlines())) <= width


def with_bits(name, rows):
    return make_arm(name, [make_run(seed, test_accuracy=[np.mean(row)], correct=row) for seed, row in enumerate(rows)])


def test_on_new_images_the_interval_is_wider_and_needs_what_each_run_got_right():
    # Seeds hardly differ, but the gain rests on some twenty of 200 images.
    base = [[image < 150 + seed % 2 for image in range(200)] for seed in range(6)]
    better = [[image < 170 for image in range(200)]] * 6
    table = build_differences(make_results(with_bits("base", base), with_bits("better", better)))
    difference, new_images = table.rows[0].cells[:2]
    mean = difference.fields["mean"]
    assert mean - new_images.fields["low"] > 2 * (mean - difference.fields["low"])
    assert new_images.fields["high"] - mean > 2 * (difference.fields["high"] - mean)
    some = make_results(with_bits("base", base), arm("better", [0.9] * 6))
    assert build_differences(some).rows[0].cells[1].lines == ("–",)


def test_no_interval_reaches_beyond_what_accuracies_can_differ_by():
    right, wrong = [True] * 4, [False] * 4
    base, failing = with_bits("base", [right] * 5), with_bits("failing", [right, wrong, wrong, wrong, right])
    difference, new_images = build_differences(make_results(base, failing)).rows[0].cells[:2]
    assert difference.fields["low"] == new_images.fields["low"] == -1.0
    assert difference.fields["high"] <= 1.0


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


def test_a_footnote_names_what_pairing_saved_of_the_arms_that_are_shown_with_seeds_enough():
    base = [0.850, 0.852, 0.848, 0.851, 0.849, 0.853, 0.847, 0.850]
    shifts = {"base": [0.0] * 8, "close": [0.0101, 0.0099] * 4, "skewed": [0.001] * 7 + [0.02]}
    arms = [
        make_arm(name, [make_run(seed, test_accuracy=[base[seed] + shift]) for seed, shift in enumerate(row)])
        for name, row in shifts.items()
    ]
    notes = build_differences(make_results(*arms)).notes
    assert "100 % (close)" in notes[-1]
    assert "skewed" not in build_differences(make_results(*arms), ["close"]).notes[-1]
    few = make_results(*(make_arm(arm.name, [arm.runs[seed] for seed in range(4)]) for arm in arms))
    assert not any("Pairing" in note for note in build_differences(few).notes)
