import numpy as np
from matplotlib.figure import Figure
from matplotlib.image import imread

from fashion_keras.data import load, locate
from fashion_keras.reporting import samples


def drawn(figure: Figure) -> list[tuple[np.ndarray, str]]:
    """The images of a sheet with their captions."""
    return [(axis.images[0].get_array(), axis.get_title()) for axis in figure.axes if axis.images]


def test_the_first_sample_of_each_batch_is_drawn_in_the_order_given(sample_dataset):
    order = np.arange(600)[::-1]
    shown = drawn(samples.draw_first_of_batches(sample_dataset, order, batch_size=30))
    assert len(shown) == 16
    for batch, (image, caption) in enumerate(shown):
        index = order[30 * batch]
        np.testing.assert_array_equal(image, sample_dataset.train_images[index])
        assert caption == f"{batch + 1}: {sample_dataset.class_names[sample_dataset.train_labels[index]]}"


def test_a_short_epoch_gives_fewer_pictures(sample_dataset, tmp_path):
    assert len(drawn(samples.draw_first_of_batches(sample_dataset, np.arange(540)))) == 2
    first, grid = samples.draw_data(sample_dataset, np.arange(540), tmp_path)
    assert (first.name, grid.name) == ("first_of_batches.png", "grid.png")
    assert imread(grid).std() > 0.1


def test_the_grid_shows_64_images_under_their_class_names(sample_dataset):
    names = [sample_dataset.class_names[label] for label in sample_dataset.train_labels[:64]]
    assert [caption for _, caption in drawn(samples.draw_grid(sample_dataset))] == names


def test_colour_images_are_drawn_under_any_class_name(write_data_set, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (12, 6, 5, 3))
    folder = write_data_set(train_images=pixels, test_images=pixels[:6])
    names = "$x^$\nb\na name too long to stand above a picture\n"  # the first is no formula
    (folder / "labels.txt").write_text(names)
    dataset = load(locate(dataset=folder))
    assert [caption for _, caption in drawn(samples.draw_grid(dataset))] == ["$x^$", "b", "a name too lo…"] * 4
    assert len(samples.draw_data(dataset, np.arange(12), tmp_path)) == 2


def test_pictures_on_a_light_ground_are_drawn_as_they_are_and_others_as_negatives(sample_dataset):
    for images, colours in ((sample_dataset.test_images, "gray_r"), (255 - sample_dataset.test_images, "gray")):
        figure = samples.draw_images(images[:6], [""] * 6, [])
        assert {axis.images[0].get_cmap().name for axis in figure.axes} == {colours}
