import io
from collections.abc import Callable

import pytest
from conftest import make_arm, make_results, make_run
from rich.console import Console

from fashion_keras.experiments.names import NAMES
from fashion_keras.experiments.registry import load_experiment
from fashion_keras.formatting import one_line
from fashion_keras.reporting import Table, build_table, to_rich
from fashion_keras.storage.comparison import ComparisonResults

TwoArms = Callable[..., ComparisonResults]


def show(table: Table, width: int) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(to_rich(table))
    return console.file.getvalue()  # type: ignore[attr-defined]


def line_with(text: str, part: str) -> str:
    return next(line for line in text.splitlines() if part in line)


def test_a_wide_terminal_shows_an_arm_on_one_line_and_the_published_values_below(two_arms: TwoArms) -> None:
    text = show(build_table(two_arms()), 140)
    assert "0.3000 ± 0.1414" in line_with(text, "base")
    assert "86.00 ± 1.41" in line_with(text, "base")
    published = line_with(text, "published")
    assert published.index("86.03") == line_with(text, "base").index("86.00")


@pytest.mark.parametrize("width", [80, 100])
def test_a_narrow_terminal_shows_the_spread_below_the_mean(two_arms: TwoArms, width: int) -> None:
    text = show(build_table(two_arms()), width)
    assert "±" not in line_with(text, "base")
    spread = line_with(text, "  2 seeds")
    assert spread[line_with(text, "base").index("86.00") :].startswith("± 1.41")
    assert "86.03" in line_with(text, "published")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [80, 100, 140])
def test_every_table_of_the_report_fits(name: str, width: int) -> None:
    experiment = load_experiment(name)
    runs = [make_run(seed, test_accuracy=[0.80 + seed / 100], status="diverged") for seed in range(2)]
    arms = [make_arm(arm.name, runs, published=arm.published, text_only=arm.text_only) for arm in experiment.arms]
    text = show(build_table(make_results(*arms, num_seeds=10)), width)
    assert max(map(len, text.splitlines())) <= width
    assert "too narrow" not in text
    assert "…" not in text
    assert text.count("± 0.71") == len(arms)
    assert text.count("2 of 10 seeds") == len(arms)
    assert text.count("2 of 2 diverged") == len(arms)


def test_a_rule_separates_the_described_arms(two_arms: TwoArms) -> None:
    lines = [line.strip() for line in show(build_table(two_arms()), 80).splitlines()]
    rules = [number for number, line in enumerate(lines) if line and set(line) == {"─"}]
    names = {line.split()[0]: number for number, line in enumerate(lines) if line}
    assert names["base"] < rules[1] < names["other"]


def test_a_name_is_no_markup(awkward_name: str) -> None:
    text = show(build_table(make_results(make_arm(awkward_name, [make_run()]), title=awkward_name)), 300)
    assert text.count(one_line(awkward_name)) == 2
    assert "\x1b" not in text


def test_a_terminal_too_narrow_for_the_table_is_told_so(two_arms: TwoArms) -> None:
    assert "too narrow" in show(build_table(two_arms()), 50)
