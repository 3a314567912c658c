"""Shoes that point right get a word, and nothing else does."""

import numpy as np
import pytest
from PIL import Image

from fashion_keras.data import FASHION_MNIST_HASH, Dataset
from fashion_keras.images.reading import read_picture
from fashion_keras.inference.classifier import load_model
from fashion_keras.inference.mirrored import advise_on_shoes


@pytest.mark.parametrize("name", ["cnn", "fcn"])
def test_shoes_that_point_right_are_told_and_nothing_else_is(name: str, sample_dataset: Dataset) -> None:
    model = load_model(name)
    assert model.info.data_hash == FASHION_MNIST_HASH

    def advised(images: np.ndarray) -> np.ndarray:
        pictures = [read_picture(Image.fromarray(image), invert="off") for image in images]
        return np.array([bool(one.advice) for one in advise_on_shoes(model, pictures, model.predict(images))])

    images, shoes = sample_dataset.test_images, np.isin(sample_dataset.test_labels, (5, 7, 9))
    assert not advised(images).any()
    mirrored = advised(np.ascontiguousarray(images[:, :, ::-1]))
    assert mirrored[shoes].mean() > 0.25
    assert not mirrored[~shoes].any()
