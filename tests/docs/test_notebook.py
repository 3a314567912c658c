"""The notebook of the guides, executed: at once with a training that takes moments, slowly for real."""

import os
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

PROJECT = Path(__file__).parents[2]
NOTEBOOK = PROJECT / "docs" / "compare.ipynb"


@pytest.mark.parametrize("untrained", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_the_notebook_shows_answer_table_and_plot(tmp_path: Path, untrained: bool) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "sample").symlink_to(PROJECT / "tests" / "sample")
    tests = PROJECT / "tests"
    modules = [str(tests / "untrained"), str(tests)] if untrained else []
    path = os.pathsep.join([*modules, *filter(None, sys.path)])
    trainings = {"TRAININGS": str(tmp_path / "trainings"), "DRAWN": "1"}
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path / "docs")}})
    client.execute(env={**os.environ, "PYTHONPATH": path, **trainings})

    shown = {cell.source.splitlines()[-1]: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}
    progress = shown['result = compare(EXPERIMENT, seeds=6, dataset="../tests/sample")']
    texts = [each.data["text/plain"] for each in progress if each.output_type == "display_data"]
    assert 1 <= len(texts) <= 2, "a text that changes for each round of training"
    assert all(re.match(r"(\d+) of \1 runs? done", text) for text in texts)
    (answer,) = shown["result"]
    assert "Best:" in answer.data["text/html"]
    (verdicts,) = shown["result.verdicts"]
    assert "'0.1': " in verdicts.data["text/plain"]
    assert "image/png" in shown["figure"][0].data
    assert (tmp_path / "docs" / "runs" / "rates.html").is_file()


def test_the_notebook_is_committed_as_it_was_executed() -> None:
    text = NOTEBOOK.read_text()
    cells = [cell for cell in nbformat.reads(text, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert all(cell.outputs for cell in cells[1:])  # the first defines the comparison
    assert not re.search(r"/(home|root|tmp|Users|work)/", text)
    assert len(text) < 200_000
