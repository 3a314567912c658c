"""What `fashion-keras report` shows of the published runs."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from fashion_keras.reporting import excerpts
from fashion_keras.workflows import report as reports

PUBLISHED = Path(__file__).parents[2] / "experiments"


def test_the_published_numbers_are_the_last_table_printed_and_written(monkeypatch, tmp_path):
    written = {}
    monkeypatch.setattr(reports, "write_report", lambda *_, **tables: written.update(tables) or [])
    console = Console(file=io.StringIO(), width=80, record=True)
    reports.report_comparisons(["learning_rates"], tmp_path, PUBLISHED, console)
    text = console.export_text()
    assert 0 < text.index("Against sgd_0.02") < text.index("Against the report")
    assert "too narrow" not in text
    assert written["against_report"].title == "Against the report"


def test_on_new_images_every_published_interval_holds_the_one_of_this_test_set():
    for results in reports.load_published(PUBLISHED):
        for row in reports.build_differences(results).rows:
            here, new = (cell.fields for cell in row.cells[:2])
            assert new["low"] == pytest.approx(min(new["low"], here["low"]))
            assert new["high"] == pytest.approx(max(new["high"], here["high"]))
            assert -1.0 <= new["low"] <= new["high"] <= 1.0


def test_excerpts_are_the_tables_of_the_published_page():
    (results,) = reports.load_published(PUBLISHED, ["initializers_tuned"])
    page = (PUBLISHED / "initializers_tuned" / "table.md").read_text()
    grids = excerpts(results)
    assert list(grids) == ["table", "verdicts", "tuning", "ordering"]
    assert all(f"\n\n{grid}\n" in page for grid in grids.values())
