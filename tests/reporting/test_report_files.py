import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from html_pages import seeded_comparison

from fashion_keras.errors import StoreError
from fashion_keras.reporting import (
    Report,
    build_against_report,
    build_differences,
    build_table,
    runs_csv,
    to_csv,
    to_markdown,
    write_report,
)
from fashion_keras.reporting.figures import PICTURES
from fashion_keras.storage.comparison import ComparisonResults

TwoArms = Callable[..., ComparisonResults]


def test_a_report_is_all_tables_the_runs_and_pictures(two_arms: TwoArms, tmp_path: Path) -> None:
    results, folder = two_arms(), tmp_path / "deep" / "two"
    paths = write_report(Report(results), folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in paths)
    pictures = {f"{name}.{kind}" for name in ("curves_by_arm", "curves_overlaid", "forest") for kind in PICTURES}
    tables = {"table": build_table, "differences": build_differences, "against_report": build_against_report}
    assert {path.name for path in paths} == {"table.md", "runs.csv", *(f"{name}.csv" for name in tables), *pictures}
    built = [build(results) for build in tables.values()]
    texts = [to_markdown(table, level=2 if number else 1) for number, table in enumerate(built)]
    assert (folder / "table.md").read_text() == "\n".join(texts)
    for name, table in zip(tables, built, strict=True):
        baseline = "base" if name == "differences" else None
        assert (folder / f"{name}.csv").read_text() == to_csv(table, baseline)
    assert (folder / "runs.csv").read_text() == runs_csv(results)


def test_the_best_arms_stand_above_the_differences(tmp_path: Path) -> None:
    results = seeded_comparison(arm="an_arm_", num_seeds=8)
    write_report(Report(results), tmp_path, pictures=())
    assert "\n## Against base\n\n" in (text := (tmp_path / "table.md").read_text())
    assert text.index("**Best: an_arm\\_; base is worse**") < text.index("| arm | runs | difference")


def test_a_file_in_the_way_is_one_clear_line(two_arms: TwoArms, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StoreError, match=r"cannot write .*a file is in the way; choose another folder with --out$"):
        write_report(Report(two_arms()), tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_tables_need_neither_tensorflow_nor_matplotlib_and_figures_no_pyplot() -> None:
    program = """
import sys, fashion_keras.reporting
assert not {"tensorflow", "keras", "matplotlib"} & set(sys.modules)
import fashion_keras.reporting.figures
assert not {"tensorflow", "keras", "matplotlib.pyplot"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
