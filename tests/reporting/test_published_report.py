"""What `fashion-keras report` shows of the published runs."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from fashion_keras.reporting import build_differences
from fashion_keras.workflows.published import load_published
from fashion_keras.workflows.report import report_comparisons

PUBLISHED = Path(__file__).parents[2] / "experiments"


def printed(tmp_path: Path, **options) -> str:
    console = Console(file=io.StringIO(), width=80, record=True)
    report_comparisons(["learning_rates"], tmp_path, PUBLISHED, console, (), **options)
    return console.export_text()


def test_all_tables_are_printed_where_they_are_to_be_explained(tmp_path):
    text = printed(tmp_path, explain=True)
    assert 0 < text.index("Against sgd_0.02") < text.index("Against the report") < text.rindex("beats")
    assert "too narrow" not in text
    assert "Against the report" not in printed(tmp_path)


def test_on_new_images_every_published_interval_holds_the_one_of_this_test_set():
    for results in load_published(PUBLISHED):
        for row in build_differences(results).rows:
            here, new = (cell.fields for cell in row.cells[:2])
            assert new["low"] == pytest.approx(min(new["low"], here["low"]))
            assert new["high"] == pytest.approx(max(new["high"], here["high"]))
            assert -1.0 <= new["low"] <= new["high"] <= 1.0
