import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.image import imread

from fashion_keras.data import load, locate
from fashion_keras.reporting import samples


@pytest.fixture
def drawn(monkeypatch) -> list[tuple[np.ndarray, str]]:
    """What is drawn, image by image, with its caption."""
    calls = []
    draw_image = samples._draw_image

    def record(axis: Axes, image: np.ndarray, caption: str) -> None:
        calls.append((image, caption))
        draw_image(axis, image, caption)

    monkeypatch.setattr(samples, "_draw_image", record)
    return calls


def test_the_first_sample_of_each_batch_is_drawn_in_the_order_given(sample_dataset, tmp_path, drawn):
    order = np.arange(600)[::-1]
    samples.draw_first_of_batches(sample_dataset, order, tmp_path / "first.png", batch_size=30)
    assert len(drawn) == 16
    for batch, (image, caption) in enumerate(drawn):
        index = order[30 * batch]
        np.testing.assert_array_equal(image, sample_dataset.train_images[index])
        assert caption == f"{batch + 1}: {sample_dataset.class_names[sample_dataset.train_labels[index]]}"
    assert imread(tmp_path / "first.png").std() > 0.1


def test_a_short_epoch_gives_fewer_pictures(sample_dataset, tmp_path, drawn):
    samples.draw_first_of_batches(sample_dataset, np.arange(540), tmp_path / "first.png")
    assert len(drawn) == 2


def test_the_grid_shows_64_images_under_their_class_names(sample_dataset, tmp_path, drawn):
    samples.draw_grid(sample_dataset, tmp_path / "grid.png")
    assert [caption for _, caption in drawn] == [
        sample_dataset.class_names[k] for k in sample_dataset.train_labels[:64]
    ]


def test_colour_images_are_drawn_under_any_class_name(write_data_set, tmp_path, drawn):
    pixels = np.random.default_rng(0).integers(0, 256, (12, 6, 5, 3))
    folder = write_data_set(train_images=pixels, test_images=pixels[:6])
    names = "$x^$\nb\na name too long to stand above a picture\n"  # the first is no formula
    (folder / "labels.txt").write_text(names)
    samples.draw_grid(load(locate(dataset=folder)), tmp_path / "grid.svg")
    assert [caption for _, caption in drawn] == ["$x^$", "b", "a name too lo…"] * 4
