"""The images that the page shows of one's own data: found where the comparison left them, or where one says."""

import pytest

from fashion_keras.errors import ConfigError
from fashion_keras.workflows.report import _find_data
from fashion_keras.workflows.session import DataOptions


@pytest.fixture(autouse=True)
def no_fashion_mnist(monkeypatch):
    monkeypatch.setenv("FASHION_KERAS_DATA", "/nowhere")


def results_on(data):
    """Something with a record that says which data."""
    return type("Results", (), {"record": type("Record", (), {"data": data})})


def test_data_is_found_where_the_comparison_left_it(sample_dir, sample_dataset):
    found = results_on({"name": "sample", "content_hash": sample_dataset.content_hash, "path": str(sample_dir)})
    (dataset,) = _find_data([found], DataOptions())
    assert dataset.content_hash == sample_dataset.content_hash


def test_data_that_has_gone_may_be_named_and_must_be_the_same(sample_dir, sample_dataset, tmp_path):
    gone = {"name": "sample", "content_hash": sample_dataset.content_hash, "path": str(tmp_path / "gone")}
    assert list(_find_data([results_on(gone)], DataOptions())) == []
    named = DataOptions(dataset=str(sample_dir))
    assert [each.name for each in _find_data([results_on(gone)], named)] == ["sample"]
    with pytest.raises(ConfigError, match=r"none of the data that these comparisons were run on \(digits\)"):
        list(_find_data([results_on({"name": "digits", "content_hash": "0"})], named))
