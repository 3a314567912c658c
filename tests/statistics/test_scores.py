"""Scores over the last share of epochs."""

import numpy as np
import pytest

from fashion_keras.statistics import num_scored_epochs, score, share_correct


def test_the_last_share_is_rounded_up_and_is_one_epoch_at_least():
    assert [num_scored_epochs(10, share) for share in (0.0, 0.1, 0.11, 1.0)] == [1, 1, 2, 10]
    assert num_scored_epochs(30, 0.1) == 3


def test_a_score_is_the_mean_of_the_last_epochs():
    assert score([0.1, 0.2, 0.8, 0.9], 0.0) == 0.9
    assert score([0.1, 0.2, 0.8, 0.9], 0.5) == pytest.approx(0.85)


def test_the_mean_of_what_was_right_is_the_score():
    correct = np.random.default_rng(0).random((3, 50)) < 0.8
    assert share_correct(correct).mean() == pytest.approx(score(correct.mean(axis=1), 1.0))


def test_what_is_no_share_or_no_bits_is_refused():
    with pytest.raises(ValueError, match=r"share must be in \[0, 1\]"):
        num_scored_epochs(10, 1.5)
    with pytest.raises(ValueError, match="correct must be bool"):
        share_correct([[0.5, 1.0]])
