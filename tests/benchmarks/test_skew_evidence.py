"""The document on skew, its package file, and the simulation behind both."""

import json

import numpy as np
import pytest

from benchmarks import skew_evidence
from benchmarks.skew_evidence import MEASURED, NUM_TABLES, OUTPUT, false_at, likely_skew, pairing_coverage, sample_skews
from benchmarks.statistics_evidence import share
from fashion_keras.statistics.old import measured_false_verdicts


def test_the_footnotes_shares_are_those_of_the_document():
    known, text = measured_false_verdicts(), OUTPUT.read_text()
    for skew, expected in ((known.largest_skew, known.at_largest_skew), (known.likely_skew, known.at_likely_skew)):
        (line,) = [line for line in text.splitlines() if line.startswith(f"| gamma, skew {abs(skew):.2f} |")]
        last = line.split(" | ")[-1]  # five arms
        assert last.startswith(f"{100 * expected:.1f} (")
    assert f"{known.largest_skew:+.2f}, is that of {known.arm} in {known.comparison}" in text


def test_the_footnotes_share_at_the_largest_skew_comes_out_again():
    known = measured_false_verdicts()
    shown = false_at(known.largest_skew, known.num_arms)
    assert len(shown) == NUM_TABLES
    assert shown.mean() == known.at_largest_skew
    assert share(shown) in OUTPUT.read_text()


def test_the_likely_skew_is_one_that_ten_numbers_show_in_the_median():
    assert np.median(sample_skews(likely_skew(1.5))) == pytest.approx(1.5, abs=0.05)
    assert likely_skew(1.5) > 1.5


@pytest.mark.parametrize(("common", "ratio"), [(0.0, 1.0), (0.5, 1.0), (0.9, 1.0), (0.5, 3.0)])
def test_the_interval_of_the_variance_saved_covers_it(common, ratio):
    assert pairing_coverage("normal", common, ratio, 400).mean() > 0.92


@pytest.mark.slow
def test_the_document_and_the_footnotes_numbers_are_what_the_script_writes():
    skews = skew_evidence.published_skews()
    known = skew_evidence.measure(skews)
    assert json.loads(MEASURED.read_text()) == vars(known)
    assert OUTPUT.read_text() == skew_evidence.document(skews, known)
