"""Augmentation: what each part may change of a batch, its seeds, and the labels that mixup shares out."""

import numpy as np
import pytest
import tensorflow as tf

from fashion_keras.config.components import resolve_component
from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import ConfigError
from fashion_keras.models.augmentation import build_augmentation
from fashion_keras.models.losses import build_loss

IMAGES = np.random.default_rng(0).uniform(-0.9, 1, (64, 8, 8, 1)).astype(np.float32)
LABELS = np.arange(64, dtype=np.int32) % 3


def augmented(setting, seed=1, images=IMAGES):
    augment = build_augmentation(resolve_component("augmentation", setting), 3, seed)
    return [values.numpy() for values in augment(tf.constant(images), tf.constant(LABELS))]


def changed(images):
    return np.any(images != IMAGES, axis=(1, 2, 3))


def test_no_augmentation_is_none():
    assert build_augmentation(resolve_component("augmentation", "none"), 3, 0) is None


def test_flips_mirror_some_images_and_leave_the_others():
    images, labels = augmented("flip")
    flipped = changed(images)
    assert 10 < flipped.sum() < 54
    np.testing.assert_array_equal(images[flipped], IMAGES[flipped, :, ::-1])
    np.testing.assert_array_equal(labels, LABELS)


def test_shifts_move_images_by_whole_pixels_over_black():
    images, _ = augmented({"name": "shift", "max_shift": 0.3})
    padded = np.pad(IMAGES, [(0, 0), (2, 2), (2, 2), (0, 0)], constant_values=-1)
    places = np.stack([padded[:, y : y + 8, x : x + 8] for y in range(5) for x in range(5)], axis=1)
    found = np.all(np.isclose(images[:, None], places), axis=(2, 3, 4))
    assert np.all(found.sum(axis=1) == 1)
    assert len(set(found.argmax(axis=1))) > 10


def test_erasing_blackens_a_rectangle_of_as_many_images_as_it_says():
    images, _ = augmented({"name": "erasing", "erasing_rate": 0.3})
    assert 5 < changed(images).sum() < 40
    assert np.all(images[images != IMAGES] == -1)


@pytest.mark.parametrize("name", ["crop", "rotation"])
def test_crops_and_rotations_change_every_image_within_its_pixels(name):
    images, _ = augmented(name)
    assert changed(images).all()
    assert images.min() >= -1
    assert images.max() <= IMAGES.max()


def test_mixup_shares_out_labels_as_it_mixes_images():
    ids = np.broadcast_to(LABELS[:, None, None, None], IMAGES.shape).astype(np.float32)
    images, labels = augmented({"name": "mixup", "mixup_alpha": 1}, images=ids)
    np.testing.assert_allclose(labels.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(images[:, 0, 0, 0], labels @ np.arange(3), atol=1e-6)
    assert np.any((labels > 0.2) & (labels < 0.8))


def test_each_run_s_seed_gives_its_own_changes_again():
    for setting in ("flip+shift+erasing", "mixup"):
        one, again, other = (augmented(setting, seed)[0] for seed in (1, 1, 2))
        np.testing.assert_array_equal(one, again)
        assert np.any(one != other)


@pytest.mark.parametrize("name", ["flop", "flip+flip", "none+flip", ""])
def test_other_names_are_refused(name):
    with pytest.raises(ConfigError, match="augmentation must be none, or several once each"):
        RunConfig(augmentation=name)


def test_runs_without_it_are_what_they_were():
    assert "augmentation" not in RunConfig(augmentation="none").to_json()
    assert RunConfig(augmentation="flip").run_id != RunConfig().run_id


def test_options_of_all_parts_are_settings_of_the_run():
    config = RunConfig().with_changes(augmentation="shift+mixup", max_shift=0.2, mixup_alpha=0.4)
    assert config.augmentation.as_dict() == {"max_shift": 0.2, "mixup_alpha": 0.4}
    assert RunConfig.from_json(config.to_json()) == config


def test_the_loss_of_shares_is_the_weighted_sum_of_the_losses_of_their_classes():
    logits = np.random.default_rng(1).normal(size=(4, 3)).astype(np.float32)
    plain, _ = build_loss(resolve_component("loss", "cross_entropy"))
    mixed, metrics = build_loss(resolve_component("loss", "cross_entropy"), mixes_labels=True)
    of_classes = [float(plain(np.full(4, label), logits)) for label in range(3)]
    shares = np.tile(np.float32([0.5, 0.3, 0.2]), (4, 1))
    assert float(mixed(shares, logits)) == pytest.approx(np.dot([0.5, 0.3, 0.2], of_classes), rel=1e-5)
    for metric, expected in zip(metrics, (np.mean(logits.argmax(axis=1) == 0), of_classes[0]), strict=True):
        assert float(metric(np.zeros(4, np.int32), logits)) == pytest.approx(float(expected), rel=1e-5)


def test_a_loss_of_ids_does_not_go_with_mixup():
    with pytest.raises(ConfigError, match="SparseCategoricalCrossentropy takes ids alone"):
        build_loss(resolve_component("loss", "SparseCategoricalCrossentropy"), mixes_labels=True)
