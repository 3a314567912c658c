"""Effects of a grid: their table, their sentences, their file."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
from conftest import make_arm, make_results, make_run

from fashion_keras.reporting import Report, print_answer, write_report
from fashion_keras.reporting.effects import build_effects, effects_of
from fashion_keras.reporting.rendering import to_markdown
from fashion_keras.reporting.terminal import plain_console
from fashion_keras.results import Metric
from fashion_keras.storage.comparison import ComparisonResults

FACTORS = {"norm": ("plain", "normed"), "scheme": ("default", "he")}


def grid(num_seeds: int = 5, together: float = 0.0) -> ComparisonResults:
    """norm is worth 2 points, the scheme 1, and both together some more."""
    noise = np.random.default_rng(0).normal(scale=0.0005, size=(4, num_seeds))
    means = {"plain+default": 0.85, "plain+he": 0.86, "normed+default": 0.87, "normed+he": 0.88 + together}
    arms = [
        make_arm(name, [make_run(seed, test_accuracy=[mean + value]) for seed, value in enumerate(row)])
        for (name, mean), row in zip(means.items(), noise, strict=True)
    ]
    results = make_results(*arms)
    return replace(results, record=replace(results.record, factors=FACTORS))


def test_the_answer_says_each_effect_and_whether_they_add_up() -> None:
    file = io.StringIO()
    results = grid(together=-0.02)
    print_answer(plain_console(file), Report(results))
    lines = [line for line in file.getvalue().splitlines() if " on average: " in line or "beside their sum" in line]
    assert [line.rpartition(": ")[2] for line in lines] == ["better", "equivalent", "less together"]
    assert lines[0].startswith("norm: normed instead of plain, ")


def test_effects_of_a_loss_are_better_where_they_are_lower_and_have_its_unit() -> None:
    results = grid()
    arms = [
        make_arm(arm.name, [make_run(seed, test_loss=[value]) for seed, value in enumerate(row)])
        for arm, row in zip(results.arms, results.values.values(), strict=True)
    ]
    results = replace(results, arms=tuple(arms), record=replace(results.record, metric=Metric("test_loss")))
    assert [effect.comparison.verdict for effect in effects_of(results)][:2] == ["worse", "worse"]
    table = build_effects(results)
    assert table is not None
    assert table.columns[0].title == "effect"
    assert "points" not in to_markdown(table)


def test_the_effects_stand_in_the_table_and_in_a_file_that_goes_with_them(tmp_path: Path) -> None:
    results = grid()
    write_report(Report(results), tmp_path, pictures=())
    rows = list(csv.DictReader((tmp_path / "effects.csv").open()))
    assert [row["arm"] for row in rows] == ["normed", "he", "normed x he"]
    assert "## Effects of the factors" in (tmp_path / "table.md").read_text()
    plain = replace(results, record=replace(results.record, factors={}))
    write_report(Report(plain), tmp_path, pictures=())
    assert not (tmp_path / "effects.csv").exists()


def test_no_effect_is_estimated_of_some_arms_or_judged_with_few_seeds() -> None:
    assert effects_of(grid().select(["plain+default", "plain+he"])) == ()
    table = build_effects(grid(num_seeds=3))
    assert table is not None
    assert {row.cells[1].lines for row in table.rows} == {("undecided",)}
