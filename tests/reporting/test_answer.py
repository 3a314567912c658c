"""What a terminal ends with: one table that fits it, a sentence for each arm, and one on the best."""

import io
from dataclasses import replace
from typing import Any

import pytest
from conftest import make_arm, make_results, make_run
from html_pages import seeded_comparison
from rich.console import Console

from fashion_keras.formatting import format_duration
from fashion_keras.reporting import Report, build_differences, compare_with_baseline, print_answer, print_tables
from fashion_keras.reporting.findings import best_sentence, remedy, sentence
from fashion_keras.statistics import Comparison, Design, Verdict
from fashion_keras.storage.archive import ArchivedRun
from fashion_keras.storage.comparison import ComparisonResults
from fashion_keras.storage.runs import StoredRun


def three_arms(*gains: float, num_seeds: int = 8) -> ComparisonResults:
    """A base and an arm for each gain, called by it in points."""
    base = seeded_comparison(num_seeds=num_seeds).arms[0]
    arms = [seeded_comparison(arm=f"{100 * gain:g}", gain=gain, num_seeds=num_seeds).arms[1] for gain in gains]
    return make_results(base, *arms)


def noisy(num_seeds: int = 8) -> ComparisonResults:
    """An arm of which the seeds do not tell whether it is better."""
    shifts = [0.004, -0.001, 0.003, -0.002, 0.004, 0.0, 0.003, -0.002][:num_seeds]
    base = [make_run(seed, test_accuracy=[0.85]) for seed in range(num_seeds)]
    arm = [make_run(seed, test_accuracy=[0.85 + shift]) for seed, shift in enumerate(shifts)]
    return make_results(make_arm("base", base), make_arm("noisy", arm))


def shown(
    results: ComparisonResults, width: int = 80, *, is_terminal: bool = True, explain: bool = False, **options: Any
) -> list[str]:
    console = Console(file=io.StringIO(), width=width, force_terminal=is_terminal, color_system=None, height=24)
    print_tables(console, Report(results), explain=explain)
    print_answer(console, Report(results), **options)
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


def judged(verdict: Verdict, difference: float) -> Comparison:
    (example,) = compare_with_baseline(seeded_comparison())
    interval = (difference - 0.001, difference + 0.001)
    return replace(example, verdict=verdict, mean_difference=difference, interval=interval)


@pytest.mark.parametrize(
    ("verdict", "difference", "words"),
    [
        (Verdict.BETTER, 0.0093, "other beats base by 0.93 points (+0.83 to +1.03)"),
        (Verdict.WORSE_NEGLIGIBLY, -0.0015, "other loses to base by 0.15 points (-0.25 to -0.05)"),
        (Verdict.EQUIVALENT, -0.00001, "other is as good as base, +0.00 points (-0.10 to +0.10)"),
    ],
)
def test_a_sentence_says_which_is_better_by_how_much_and_ends_with_the_verdict(verdict, difference, words):
    assert sentence(judged(verdict, difference)) == f"{words}: {verdict}"


def test_the_best_arms_are_those_that_were_not_shown_to_be_worse():
    found = build_differences(three_arms(0.02, 0.01, -0.02))
    assert found is not None
    assert best_sentence(found.best) == "Best: 2; 1, base and -2 are worse"


def test_the_sentences_are_the_last_lines_in_the_order_of_the_arms():
    *_, first, second, best = shown(three_arms(0.02, -0.01))
    assert (first.split()[:2], second.split()[:2]) == (["2", "beats"], ["-1", "loses"])
    assert best == "Best: 2; base and -1 are worse"


def test_a_margin_that_is_said_in_another_unit_is_told():
    results = three_arms(0.02)
    design = replace(results.record.design, margin=0.5)
    wide = replace(results, record=replace(results.record, design=design))
    assert ["The margin is 50 points" in "".join(shown(each)) for each in (results, wide)] == [False, True]


def test_some_of_the_arms_have_no_sentence_on_the_best_of_all():
    results = three_arms(0.02, 0.01)
    console = Console(file=io.StringIO(), width=80)
    print_answer(console, Report(results.select(["0", "2"]), results))
    assert "Best" not in console.file.getvalue()


def test_an_undecided_arm_ends_with_the_command_and_what_it_costs():
    results = noisy()
    (comparison,) = compare_with_baseline(results)
    missing = 2 * (comparison.seeds_to_decide - 8)  # runs, each of 63 seconds
    assert remedy(results, comparison).seconds == pytest.approx(63 * missing)
    results = replace(results, record=replace(results.record, command="fashion-keras run mine.py"))
    line = shown(results, 200, workers=2)[-2]
    minutes = round(63 * missing / 2 / 60)
    cost = format_duration(60 * minutes) if minutes >= 60 else f"{minutes} min"
    assert line == f"  to decide (about {cost}): fashion-keras run mine.py --seeds {comparison.seeds_to_decide}"


def test_the_cost_is_of_the_runs_that_the_reader_lacks():
    results = three_arms(0.0004, 0.02)
    first, second = compare_with_baseline(results)
    first = replace(first, verdict=Verdict.UNDECIDED, seeds_to_decide=20)
    own = remedy(results, first, (first, second))
    assert own.seconds == pytest.approx(63 * 2 * 12), "the arm that is decided gets no more"
    arms = [replace(arm, runs={seed: archived(run) for seed, run in arm.runs.items()}) for arm in results.arms]
    published = replace(results, arms=tuple(arms))
    found = remedy(published, first, (first, second))
    assert found.seconds == pytest.approx(63 * (2 * 20 + 8)), "published runs are in no store of the reader's"
    assert found.cost().endswith("from an empty store")


def archived(run: StoredRun) -> StoredRun:
    return ArchivedRun(run.path, run.result, run.history)


def test_arms_that_one_command_would_decide_have_it_once():
    results = noisy(3)
    first, second = results.arms
    both = make_results(first, second, replace(second, record=replace(second.record, name="other")))
    assert [line.split()[0] for line in shown(both)[-3:]] == ["noisy", "other", "to"]


@pytest.mark.parametrize(
    ("name", "modification", "typed", "command"),
    [
        ("cnn", "", "", "fashion-keras run cnn --seeds "),
        ("cnn", "quick-my_digits", "", "the same command with --seeds "),
        ("mine", "", "", "the same command with --seeds "),
        ("mine", "", "python mine.py --epochs 2", "python mine.py --epochs 2 --seeds "),
        ("mine", "quick", "compare(EXPERIMENT, quick=True)", "compare(EXPERIMENT, quick=True, seeds="),
    ],
)
def test_the_command_is_whole_or_not_given(name, modification, typed, command):
    results = noisy()
    record = replace(results.record, name=name, modification=modification, command=typed)
    results = replace(results, record=record)
    assert remedy(results, compare_with_baseline(results)[0]).command.startswith(command)


def test_planned_seeds_that_are_missing_are_asked_for_first():
    results = replace(noisy(), seeds=tuple(range(12)))
    results = replace(results, record=replace(results.record, design=Design.fixed(12)))
    assert remedy(results, compare_with_baseline(results)[0]).command.endswith("--seeds 12")
    assert remedy(noisy(3), compare_with_baseline(noisy(3))[0]).command.endswith("--seeds 10")


def test_what_no_number_of_seeds_decides_has_no_command():
    (comparison,) = compare_with_baseline(noisy())
    assert remedy(noisy(), replace(comparison, seeds_to_decide=None)).command == ""


@pytest.mark.parametrize("width", [80, 120, 200])
def test_the_table_fits_and_a_wider_terminal_shows_more(width):
    lines = shown(three_arms(0.02, -0.01), width)
    assert max(map(len, lines)) <= width
    heads = next(line for line in lines if line.startswith("arm"))
    assert ("minutes" in heads, "training loss" in heads) == (width >= 120, width >= 200)
    assert all(word in heads for word in ("test accuracy", "difference", "verdict"))


def test_eighty_columns_are_enough_for_long_names_and_verdicts():
    base = seeded_comparison().arms[0]
    arm = seeded_comparison(arm="batch_norm_0.008_xavier_normal_twice", gain=-0.0005).arms[1]
    lines = shown(make_results(base, arm, num_seeds=8))
    assert max(map(len, lines)) <= 80
    assert not any("…" in line for line in lines)


def test_what_is_no_terminal_gets_a_sentence_on_one_line_without_escapes():
    arm = seeded_comparison(arm="a_name_that_is_long_enough_to_break_the_sentence_at_eighty_columns").arms[1]
    lines = shown(make_results(seeded_comparison().arms[0], arm), is_terminal=False)
    assert lines[-2].endswith(": better")
    assert "\x1b" not in "".join(lines)


def test_one_seed_is_shown_without_brackets_and_nothing_explains_them():
    results = seeded_comparison(num_seeds=1)
    lines = "\n".join(shown(results, explain=True))
    assert "rackets" not in lines
    assert "± " not in "\n".join(shown(results))


def test_runs_that_are_missing_or_diverged_are_said_in_the_table():
    runs = [make_run(seed, status="diverged", test_accuracy=[0.1]) for seed in range(2)]
    results = make_results(make_arm("base", runs), make_arm("other", runs), num_seeds=3)
    text = "\n".join(shown(results))
    assert text.count("2 of 3 seeds") == text.count("2 of 2 diverged") == 2


def test_before_all_arms_have_a_run_there_is_a_table_and_no_answer():
    results = make_results(seeded_comparison().arms[0], make_arm("none", []))
    assert shown(results)[-1].strip() == "0 of 8 seeds"
