import hashlib
from dataclasses import replace

import numpy as np
import pytest

from fashion_keras.data import split_dataset, split_indices
from fashion_keras.errors import ConfigError, DataError


def test_the_report_s_split_is_54000_and_6000_and_every_example_is_in_exactly_one_part():
    train, validation = split_indices(60_000, 0.1, seed=0)
    assert (len(train), len(validation)) == (54_000, 6_000)
    assert train.dtype == validation.dtype == np.int32
    np.testing.assert_array_equal(np.sort(np.concatenate([train, validation])), np.arange(60_000))
    assert hashlib.sha256(validation.astype("<i4").tobytes()).hexdigest()[:16] == "86315868d6f09abb"  # for ever
    assert not np.array_equal(validation, split_indices(60_000, 0.1, seed=1)[1])


def test_the_validation_part_is_random_over_the_whole_range():
    validation = split_indices(60_000, 0.1, seed=3)[1]
    counts = np.histogram(validation, bins=10, range=(0, 60_000))[0]
    assert np.all(abs(counts - 600) < 5 * np.sqrt(600))


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, float("nan")])
def test_a_fraction_out_of_range_is_an_error(fraction):
    with pytest.raises(ConfigError, match=r"validation_fraction must be in \(0, 1\)"):
        split_indices(100, fraction, seed=0)


@pytest.mark.parametrize(("num_examples", "fraction"), [(3, 0.1), (3, 0.9), (1, 0.5), (0, 0.5)])
def test_an_empty_part_is_an_error(num_examples, fraction):
    with pytest.raises(DataError, match="both parts need at least one"):
        split_indices(num_examples, fraction, seed=0)


def test_a_stratified_split_holds_back_the_same_share_of_each_class(sample_dataset):
    skewed = replace(sample_dataset, train_labels=np.repeat([0, 1, 2], [570, 29, 1]).astype(np.int32))
    train, validation = split_dataset(skewed, 0.1, seed=0, stratify=True)
    assert np.bincount(skewed.train_labels[validation], minlength=3).tolist() == [57, 3, 0]
    np.testing.assert_array_equal(np.sort(np.concatenate([train, validation])), np.arange(600))
    assert split_dataset(skewed, 0.1, seed=1, stratify=True)[1].tolist() != validation.tolist()
    np.testing.assert_array_equal(split_dataset(skewed, 0.1, seed=0)[1], split_indices(600, 0.1, 0)[1])


def test_data_with_a_validation_part_is_not_split(sample_dataset):
    own = replace(sample_dataset, val_images=sample_dataset.test_images, val_labels=sample_dataset.test_labels)
    train, validation = split_dataset(own, 0.1, seed=0)
    assert (train.tolist(), validation.tolist()) == ([*range(600)], [*range(200)])
