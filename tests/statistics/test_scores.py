"""Scores over the last share of epochs."""

import numpy as np
import pytest

from fashion_keras.statistics import score


@pytest.mark.parametrize(("share", "epochs"), [(0.0, 1), (0.1, 1), (0.11, 2), (0.3, 3), (1.0, 10)])
def test_a_score_is_the_mean_of_the_last_share_of_epochs_rounded_up(share, epochs):
    accuracies = np.arange(10.0)
    assert score(accuracies, share) == accuracies[-epochs:].mean()


@pytest.mark.parametrize(("accuracies", "share"), [([0.5], 1.5), ([], 0.5)])
def test_what_is_no_share_of_epochs_is_refused(accuracies, share):
    with pytest.raises(ValueError, match=r"share must be in \[0, 1\]"):
        score(accuracies, share)
