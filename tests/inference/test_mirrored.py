"""Shoes are known whichever way they point, and all else as it was."""

import numpy as np
import pytest
from PIL import Image

from fashion_keras.data import Dataset
from fashion_keras.inference.classifier import _average_directions, load_model


@pytest.mark.parametrize("name", ["cnn", "fcn"])
def test_shoes_are_known_in_both_directions_and_what_else_stays(name: str, sample_dataset: Dataset) -> None:
    model = load_model(name)

    def accuracy(images: np.ndarray, chosen: np.ndarray) -> float:
        predictions = model.predict([Image.fromarray(image) for image in images[chosen]])
        return float(np.mean(predictions.class_id == sample_dataset.test_labels[chosen]))

    images, shoes = sample_dataset.test_images, np.isin(sample_dataset.test_labels, (5, 7, 9))
    assert accuracy(images[:, :, ::-1], shoes) > 0.85
    assert accuracy(images, shoes) > 0.85
    # What is no shoe keeps its name: of the 10,000 test images either model loses no more than it wins.
    plain, both = model.predict(images[~shoes]), model.predict([Image.fromarray(image) for image in images[~shoes]])
    assert np.mean(plain.class_id != both.class_id) < 0.05


def test_directions_count_by_how_sure_the_model_is_of_a_shoe() -> None:
    bag, boot, shirt = np.eye(10, dtype=np.float32)[[[8], [9], [6]]]
    assert _average_directions(bag, boot).argmax() == _average_directions(boot, bag).argmax() == 9
    assert _average_directions(bag, shirt).argmax() == 8
    np.testing.assert_allclose(_average_directions(boot, bag).sum(), 1, atol=1e-6)
