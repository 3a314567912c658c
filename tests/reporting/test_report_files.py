import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from html_pages import seeded_comparison

from fashion_keras.errors import StoreError
from fashion_keras.reporting import (
    build_against_report,
    build_differences,
    build_table,
    runs_csv,
    to_csv,
    to_markdown,
    write_report,
)
from fashion_keras.storage.comparison import ComparisonResults

TwoArms = Callable[..., ComparisonResults]


def test_a_report_is_table_runs_and_curves(two_arms: TwoArms, tmp_path: Path) -> None:
    results, folder = two_arms(), tmp_path / "deep" / "two"
    paths = write_report(results, folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in paths)
    assert {path.name for path in paths} == {
        "table.md", "table.csv", "runs.csv",
        "curves_by_arm.png", "curves_by_arm.svg", "curves_overlaid.png", "curves_overlaid.svg",
    }  # fmt: skip
    table = build_table(results)
    assert (folder / "table.md").read_text() == to_markdown(table)
    assert (folder / "table.csv").read_text() == to_csv(table)
    assert (folder / "runs.csv").read_text() == runs_csv(results)


def test_the_differences_follow_the_table(two_arms: TwoArms, tmp_path: Path) -> None:
    results = two_arms()
    differences = build_differences(results)
    assert differences is not None
    paths = write_report(results, tmp_path, differences=differences)
    assert {"forest.png", "forest.svg"} <= {path.name for path in paths}
    text = (tmp_path / "table.md").read_text()
    assert text == to_markdown(build_table(results)) + "\n" + to_markdown(differences, level=2)
    assert (tmp_path / "differences.csv").read_text() == to_csv(differences, baseline="base")


def test_the_best_arms_stand_above_the_differences(tmp_path: Path) -> None:
    results = seeded_comparison(arm="an_arm_", num_seeds=8)
    write_report(results, tmp_path, differences=build_differences(results), pictures=())
    assert "\n## Against base\n\n" in (text := (tmp_path / "table.md").read_text())
    assert text.index("**Best: an_arm\\_; base is worse**") < text.index("| arm | runs | difference")


def test_a_file_in_the_way_is_one_clear_line(two_arms: TwoArms, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StoreError, match=r"cannot write .*a file is in the way; choose another folder with --out$"):
        write_report(two_arms(), tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_tables_need_neither_tensorflow_nor_matplotlib_and_figures_no_pyplot() -> None:
    program = """
import sys, fashion_keras.reporting
assert not {"tensorflow", "keras", "matplotlib"} & set(sys.modules)
import fashion_keras.reporting.figures
assert not {"tensorflow", "keras", "matplotlib.pyplot"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_what_is_set_against_the_report_is_the_last_table(two_arms: TwoArms, tmp_path: Path) -> None:
    results = two_arms()
    differences, against = build_differences(results), build_against_report(results)
    assert differences is not None
    assert against is not None
    write_report(results, tmp_path, differences=differences, against_report=against)
    parts = [build_table(results), differences, against]
    text = (tmp_path / "table.md").read_text()
    assert text == "\n".join(to_markdown(table, level=2 if number else 1) for number, table in enumerate(parts))
    assert (tmp_path / "against_report.csv").read_text() == to_csv(against)
