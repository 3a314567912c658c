"""The tf.data pipelines, on images whose first pixel says which example they are."""

import numpy as np
import pytest
import tensorflow as tf

from fashion_keras.data import pipelines
from fashion_keras.data.orders import epoch_orders
from fashion_keras.data.pipelines import (
    gather_from,
    hold_images,
    make_evaluation_dataset,
    make_orders,
    make_training_dataset,
    normalise,
)

NUM_EXAMPLES = 100


@pytest.fixture(scope="module")
def examples():
    images = np.random.default_rng(0).integers(0, 256, (NUM_EXAMPLES, 5, 4, 1), np.uint8)
    labels = np.arange(NUM_EXAMPLES, dtype=np.int32)
    return images, labels


def make_batches(examples, **changes):
    options = {"batch_size": 32, "num_epochs": 3, "seed": 1, **changes}
    return [(images.numpy(), labels.numpy()) for images, labels in make_training_dataset(*examples, **options)]


def label_order(batches):
    return np.concatenate([labels for _, labels in batches])


def all_values(batches):
    return [np.concatenate(values) for values in zip(*[(x.numpy(), y.numpy()) for x, y in batches], strict=True)]


def test_black_is_minus_one_and_white_is_one():
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    values = normalise(tf.constant(pixels)).numpy()
    assert values.dtype == np.float32
    assert (values.min(), values.max()) == (-1, 1)
    np.testing.assert_allclose(values, pixels / 127.5 - 1, atol=1e-6)


def test_training_batches_are_normalised_images_with_their_own_labels(examples):
    images, _ = examples
    for batch_images, batch_labels in make_batches(examples):
        assert batch_images.dtype == np.float32
        assert batch_labels.dtype == np.int32
        np.testing.assert_allclose(batch_images, images[batch_labels] / 127.5 - 1, atol=1e-6)


def test_the_real_images_lie_between_minus_one_and_one(sample_dataset):
    dataset = make_evaluation_dataset(sample_dataset.test_images[..., None], sample_dataset.test_labels)
    values = np.concatenate([images.numpy() for images, _ in dataset])
    assert values.shape == (200, 28, 28, 1)
    assert (values.min(), values.max()) == (-1, 1)


@pytest.mark.parametrize(
    ("batch_size", "sizes"), [(32, [32, 32, 32, 4]), (100, [100]), (50, [50, 50]), (1000, [100]), (99, [99, 1])]
)
def test_the_last_batch_of_each_epoch_has_what_is_left(examples, batch_size, sizes):
    assert [len(labels) for _, labels in make_batches(examples, batch_size=batch_size)] == sizes * 3


def test_the_number_of_batches_is_known_beforehand(examples):
    dataset = make_training_dataset(*examples, batch_size=32, num_epochs=3, seed=1)
    assert dataset.cardinality() == 12


def test_every_epoch_covers_every_example_once_in_an_order_of_its_own(examples):
    epochs = label_order(make_batches(examples)).reshape(3, NUM_EXAMPLES)
    np.testing.assert_array_equal(np.sort(epochs, axis=1), np.tile(np.arange(NUM_EXAMPLES), (3, 1)))
    assert len({epoch.tobytes() for epoch in epochs}) == 3


def test_batches_come_in_the_order_of_the_seed(examples):
    expected = epoch_orders(NUM_EXAMPLES, 3, seed=1).ravel()
    np.testing.assert_array_equal(label_order(make_batches(examples)), expected)
    np.testing.assert_array_equal(label_order(make_batches(examples, batch_size=7)), expected)


def test_equal_seeds_give_equal_batches_whatever_the_global_seed(examples):
    tf.random.set_seed(1)
    before = make_batches(examples)
    tf.random.set_seed(2)
    for (images, labels), (images_again, labels_again) in zip(before, make_batches(examples), strict=True):
        np.testing.assert_array_equal(images, images_again)
        np.testing.assert_array_equal(labels, labels_again)
    assert not np.array_equal(label_order(before), label_order(make_batches(examples, seed=2)))


@pytest.mark.parametrize("batch_size", [1, 7, 100, 512])
def test_evaluation_keeps_the_given_order_with_any_batch_size(examples, batch_size):
    images, labels = examples
    dataset = make_evaluation_dataset(*examples, batch_size=batch_size)
    assert len(list(dataset)) == -(-NUM_EXAMPLES // batch_size)
    pixels, classes = all_values(dataset)  # read a second time
    np.testing.assert_array_equal(classes, labels)
    np.testing.assert_allclose(pixels, images / 127.5 - 1, atol=1e-6)


def test_colour_images_keep_their_channels():
    images = np.zeros((10, 6, 5, 3), np.uint8)
    images[..., 1] = 255
    (batch, _), *_ = make_evaluation_dataset(images, np.zeros(10, np.int32))
    assert batch.shape == (10, 6, 5, 3)
    np.testing.assert_array_equal(batch.numpy()[0, 0, 0], [-1, 1, -1])


@pytest.mark.parametrize("make", [make_evaluation_dataset, make_training_dataset])
def test_images_too_large_to_hold_give_the_same_bits(examples, make, monkeypatch):
    options = {"batch_size": 32} | ({"num_epochs": 2, "seed": 1} if make is make_training_dataset else {})
    held = all_values(make(*examples, **options))
    monkeypatch.setattr(pipelines, "HELD_BYTES", 0)
    assert hold_images(examples[0]).dtype == tf.uint8
    for first, second in zip(held, all_values(make(*examples, **options)), strict=True):
        np.testing.assert_array_equal(first, second)


def test_held_images_are_the_normalised_ones_over_several_chunks(examples, monkeypatch):
    monkeypatch.setattr(pipelines, "_CHUNK_EXAMPLES", 32)
    np.testing.assert_array_equal(hold_images(examples[0]), normalise(tf.constant(examples[0])))


def test_a_part_of_the_examples_is_what_its_indices_say(examples):
    images, labels = examples
    part = np.array([7, 3, 99], np.int32)
    (batch, found), *_ = make_evaluation_dataset(images, labels, part)
    np.testing.assert_array_equal(found, [7, 3, 99])
    np.testing.assert_array_equal(batch, normalise(tf.constant(images[part])))
    seen = all_values(make_training_dataset(images, labels, part, batch_size=2, num_epochs=2, seed=1))[1]
    assert sorted(seen[:3]) == sorted(seen[3:]) == [3, 7, 99]


def test_a_graph_takes_the_batches_of_the_pipelines(examples, monkeypatch):
    part = np.array([7, 3, 99, 20, 4], np.int32)
    for held_bytes in (pipelines.HELD_BYTES, 0):
        monkeypatch.setattr(pipelines, "HELD_BYTES", held_bytes)
        gather, orders = gather_from(*examples), make_orders(part, num_epochs=3, seed=1)
        taken = [gather(order[start : start + 2]) for order in orders.take(3) for start in (0, 2, 4)]
        assert_same_batches(taken, make_training_dataset(*examples, part, batch_size=2, num_epochs=3, seed=1))


def assert_same_batches(taken, expected):
    for pair in zip(taken, expected, strict=True):
        for values, others in zip(*pair, strict=True):
            np.testing.assert_array_equal(values, others)


@pytest.mark.parametrize("augment", [None, lambda images, labels: (images, tf.one_hot(labels, NUM_EXAMPLES))])
def test_examples_have_the_weights_of_their_classes(examples, augment):
    weights = np.arange(NUM_EXAMPLES) / 7
    _, _, found = gather_from(*examples, augment, weights.tolist())(tf.constant([5, 99, 0]))
    assert found.dtype == tf.float32
    np.testing.assert_allclose(found, weights[[5, 99, 0]], rtol=1e-6)
