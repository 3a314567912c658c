"""Settings of a run that are off by default: what each does to the numbers."""

import sys

import numpy as np
import pytest

from fashion_keras.config.components import Component
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import split_indices
from fashion_keras.errors import ConfigError
from fashion_keras.storage.results import kept_epoch
from fashion_keras.training.run import train_run

OWN_PARTS = """
import keras


def loss(labels, logits, scale=1.0):
    assert labels.shape == logits.shape[:1]
    return scale * keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)


def optimizer(learning_rate=0.02, nesterov=False):
    return keras.optimizers.SGD(learning_rate, momentum=0.5, nesterov=nesterov)


class Stop(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        assert not any(name.startswith("test") for name in logs)
        self.model.stop_training = epoch == 1


def stop():
    return Stop()


def nothing():
    return [None]


def classes(labels, logits):
    return logits


def mean(labels, logits):
    return keras.ops.mean(logits)


def few(labels, logits):
    return logits[:3, 0]


def unsaid(labels, logits):
    pass


def deaf(learning_rate=0.1):
    return keras.optimizers.SGD(0.1)
"""


@pytest.fixture(scope="module")
def base(sample_dataset):
    """Six epochs of four batches; so high a rate that the last epoch is hardly ever the best."""
    return RunConfig(
        model=Component.of("fcn", hidden_units=(16, 8)),
        optimizer=Component.of("sgd", learning_rate=0.3),
        batch_size=64,
        epochs=6,
        validation_fraction=0.6,
        data=sample_dataset.content_hash,
    )


@pytest.fixture(scope="module")
def plain(base, sample_dataset):
    return train_run(base, sample_dataset)


@pytest.fixture
def train(base, sample_dataset):
    return lambda **changes: train_run(base.with_changes(**changes), sample_dataset)


@pytest.fixture
def own_parts(tmp_path, monkeypatch):
    (tmp_path / "own_parts.py").write_text(OWN_PARTS)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield
    sys.modules.pop("own_parts", None)


def assert_same_weights(one, other):
    for values, others in zip(one.weights, other.weights, strict=True):
        np.testing.assert_array_equal(values, others)


@pytest.mark.parametrize(
    ("keep_best", "losses", "epoch"),
    [
        (None, [0.3, 0.1, 0.2], 2),
        ("val_loss", [0.3, 0.1, 0.1, None], 1),
        ("val_accuracy", [0.3, 0.1, 0.3], 0),
        ("val_loss", [None, None], 1),
    ],
)
def test_the_first_of_the_best_epochs_is_kept(keep_best, losses, epoch):
    assert kept_epoch({"val_loss": losses, "val_accuracy": losses}, keep_best) == epoch


def test_the_best_epoch_is_a_run_of_so_many_epochs(plain, train):
    best = kept_epoch(plain.history, "val_loss")
    assert best < 5
    kept = train(keep_best="val_loss")
    assert kept.history["val_loss"] == plain.history["val_loss"]
    shorter = train(epochs=best + 1)
    assert_same_weights(kept, shorter)
    assert kept.final == shorter.final
    stopped = train(keep_best="val_loss", patience=1, epochs=20)
    assert len(stopped.history["val_loss"]) < 20
    assert kept_epoch(stopped.history, "val_loss") == len(stopped.history["val_loss"]) - 2


def test_averaged_weights_are_evaluated_and_end_the_run_and_the_training_does_not_notice(plain, train):
    averaged = train(use_ema=True, ema_momentum=0.9, keep_best="val_accuracy")
    assert averaged.history["train_loss"] == plain.history["train_loss"]
    assert averaged.history["val_loss"] != plain.history["val_loss"]
    last = kept_epoch(averaged.history, "val_accuracy")
    assert averaged.final["test_accuracy"] == pytest.approx(averaged.history["test_accuracy"][last], abs=1e-6)
    unseen = train(use_ema=True, ema_momentum=0.9, keep_best="val_accuracy", evaluate_test="never")
    assert_same_weights(averaged, unseen)


def test_clipped_gradients_take_shorter_steps(plain, train):
    clipped = train(global_clipnorm=1e-6)
    first, last = clipped.history["train_loss"][0], clipped.history["train_loss"][-1]
    assert first == pytest.approx(last, abs=1e-4)
    assert plain.history["train_loss"][-1] < first - 0.1


def test_class_weights_move_predictions_and_not_the_logged_losses(plain, train):
    alike = train(class_weight=(1,) * 10, epochs=1)
    assert alike.final["train_loss"] == pytest.approx(plain.history["train_loss"][0], rel=1e-5)
    heavy = train(class_weight=(1,) * 9 + (50,), epochs=3)
    assert np.mean(heavy.predictions.class_id == 9) > 2 * np.mean(plain.predictions.class_id == 9)
    assert heavy.final["val_loss"] > plain.history["val_loss"][2]


def test_balanced_weights_are_inverse_to_the_frequency_among_the_training_examples(base, train, sample_dataset):
    examples, _ = split_indices(600, base.validation_fraction, base.seed)
    counts = np.bincount(sample_dataset.train_labels[examples])
    assert len(set(counts)) > 1
    explicit = train(class_weight=(len(examples) / (10 * counts)).tolist(), epochs=1)
    assert_same_weights(train(class_weight="balanced", epochs=1), explicit)


@pytest.mark.usefixtures("own_parts")
def test_a_loss_an_optimizer_and_callbacks_of_ones_own_take_part(plain, train):
    ours = train(loss="own_parts:loss")
    assert ours.final["val_loss"] == pytest.approx(plain.final["val_loss"], rel=1e-4)
    scaled = train(loss={"name": "own_parts:loss", "scale": 0.1}, callbacks="own_parts:stop")
    assert len(scaled.history["train_loss"]) == 2
    assert scaled.history["train_loss"][1] > plain.history["train_loss"][1]
    momentum = train(optimizer="own_parts:optimizer", learning_rate=0.3, schedule="cosine", epochs=2)
    same = train(optimizer={"name": "sgd", "momentum": 0.5}, learning_rate=0.3, schedule="cosine", epochs=2)
    assert_same_weights(momentum, same)


@pytest.mark.usefixtures("own_parts")
def test_what_is_no_callback_is_one_line(train):
    with pytest.raises(ConfigError, match="own_parts:nothing must return callbacks of Keras, got NoneType"):
        train(callbacks="own_parts:nothing")


@pytest.mark.usefixtures("own_parts")
@pytest.mark.parametrize(
    ("name", "got"), [("classes", r"\(7, 10\)"), ("mean", r"\(\)"), ("few", r"\(3,\)"), ("unsaid", "NoneType")]
)
def test_what_is_no_loss_for_each_example_is_refused_though_keras_takes_its_mean(train, name, got):
    with pytest.raises(ConfigError, match=f"own_parts:{name} must return a loss for each example: .* got .*{got}$"):
        train(loss=f"own_parts:{name}")


@pytest.mark.usefixtures("own_parts")
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"keep_best": "test_loss"}, "keep_best must be one of val_accuracy, val_loss; got 'test_loss'"),
        ({"patience": 0}, "patience must be a whole number of at least 1, got 0"),
        ({"class_weight": (1, 0)}, "class_weight must be 'balanced', or a number above 0 for each class"),
        ({"clipnorm": 1.0, "global_clipnorm": 1.0}, "clipnorm and global_clipnorm exclude each other"),
        ({"optimizer": "own_parts:stop", "learning_rate": 1.0}, "own_parts:stop must take a learning_rate"),
        ({"optimizer": "own_parts:deaf", "learning_rate": 1.0}, "deaf does not use its learning_rate"),
        ({"loss": "own_parts:stop"}, "stop must take labels and logits, and then its options"),
        ({"callbacks": {"name": "own_parts:stop", "late": 1}}, "takes as an option one of ; got 'late'"),
    ],
)
def test_settings_that_make_no_sense_are_refused_before_training(base, changes, message):
    with pytest.raises(ConfigError, match=message):
        base.with_changes(**changes)


def test_class_weights_of_another_number_of_classes_are_refused(train):
    with pytest.raises(ConfigError, match="class_weight has 3 numbers, but there are 10 classes"):
        train(class_weight=(1, 2, 3))


@pytest.mark.usefixtures("own_parts")
def test_a_configuration_with_every_setting_comes_back_from_json(base):
    config = base.with_changes(
        stratify=True, class_weight=[1, 2], keep_best="val_loss", patience=2, callbacks="own_parts:stop",
        loss="own_parts:loss", optimizer="own_parts:optimizer", learning_rate=0.1,
    )  # fmt: skip
    again = RunConfig.from_json(config.to_json())
    assert (again, again.run_id, again.label) == (config, config.run_id, config.label)
    sys.path.pop(0)  # as on a machine that has not got the file
    assert RunConfig.from_json(config.to_json()).folder == config.folder
