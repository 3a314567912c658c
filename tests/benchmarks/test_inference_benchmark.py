"""The pure parts of the benchmark of answers: turns, figures and the page."""

import sys
import time

import pytest

from benchmarks.inference import MODELS, WAYS, _rotate, render, show, show_ratio, time_command


def test_each_round_starts_with_another_way() -> None:
    rounds = [_rotate(["a", "b", "c"], number) for number in range(4)]
    assert rounds == [["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"], ["a", "b", "c"]]


def test_figures_are_medians_with_their_range() -> None:
    assert show([4.0, 1.0, 2.0], 2) == "2.00 (1.00–4.00)"
    assert show([1234.5], 0) == "1,234 (1,234–1,234)"


def test_ratio_is_taken_within_each_round() -> None:
    # The medians alone, 4 and 2, would say 2.
    assert show_ratio([1.0, 4.0, 9.0], [1.0, 8.0, 2.0]) == "1.00"


def test_command_is_timed_to_its_first_line_and_a_failure_is_none() -> None:
    program = "import time; print('first', flush=True); time.sleep(0.5); bytearray(50_000_000)"
    started = time.perf_counter()
    seconds, peak = time_command([sys.executable, "-c", program])
    assert 0 < seconds < time.perf_counter() - started - 0.5
    assert peak > 50
    with pytest.raises(RuntimeError, match="failed"):
        time_command([sys.executable, "-c", "raise SystemExit(3)"])


def test_page_has_a_line_for_each_model_and_way() -> None:
    one = {"latency_sec": [0.002], "many_sec": [2.0], "load_sec": 3.0, "peak_mb": 400.0, "num_other_classes": 0}
    record = {
        "machine": "a machine",
        "date": "2026-01-02",
        "load_before": 0.1,
        "versions": {"python": "3"},
        "settings": {"rounds": 1, "images": 10_000, "single": 5},
        "warm": [{"model": model, "way": way, **one} for model in MODELS for way in WAYS],
        "cold": [{"model": model, "first_answer_sec": [4.0], "peak_mb": [500.0]} for model in MODELS],
        "seconds": 99.0,
    }
    lines = render(record).splitlines()
    for label, *_ in WAYS.values():
        expected = f"| {label} | 2.00 (2.00–2.00) | 1.00 | 5,000 (5,000–5,000) | 1.00 | 3.0 | 400 | 0 |"
        assert lines.count(expected) == len(MODELS)
    assert "| cnn | 4.00 (4.00–4.00) | 500 (500–500) |" in lines
