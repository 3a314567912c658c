"""The search for similar images; none of it needs TensorFlow."""

import numpy as np
import pytest

from fashion_keras.data import Dataset
from fashion_keras.demo.prediction import NearestImages

IMAGES = np.array([[[10, 0]], [[0, 10]], [[200, 200]], [[0, 0]]], np.uint8)
LABELS = np.array([0, 1, 1, 0], np.int32)


def test_likest_comes_first_and_brightness_does_not_count() -> None:
    found = NearestImages(IMAGES, LABELS, ("left", "right")).find(np.array([[100, 0]], np.uint8), 3)
    assert [index for index, _ in found] == [0, 2, 1]
    assert [similarity for _, similarity in found] == pytest.approx([1.0, 0.5**0.5, 0.0])


def test_black_image_is_like_nothing() -> None:
    nearest = NearestImages(IMAGES, LABELS, ("left", "right"))
    assert nearest.find(IMAGES[3], 1)[0][1] == 0.0
    assert nearest.find(IMAGES[2], 4)[-1][0] == 3


def test_each_test_image_finds_itself(sample_dataset: Dataset) -> None:
    nearest = NearestImages(sample_dataset.test_images, sample_dataset.test_labels, sample_dataset.class_names)
    for index in range(0, len(nearest), 20):
        assert nearest.find(sample_dataset.test_images[index], 1) == [(index, pytest.approx(1.0, abs=1e-6))]
