"""Keras's classes by their names: what they take, and what a run makes of them."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from fashion_keras.config.catalogue import REQUIRED
from fashion_keras.config.components import Component, option_values, resolve_component
from fashion_keras.config.keras_classes import class_names, default_rate, keras_signature
from fashion_keras.config.run_config import RunConfig
from fashion_keras.config.values import to_hashable
from fashion_keras.errors import ConfigError
from fashion_keras.models.initializers import build_kernel_initializer
from fashion_keras.models.losses import build_loss
from fashion_keras.training.compilation import build_optimizer

MODULES = {
    "optimizer": keras.optimizers,
    "schedule": keras.optimizers.schedules,
    "loss": keras.losses,
    "initializer": keras.initializers,
}
CLASSES = [(kind, name) for kind in MODULES for name in class_names(kind)]
BASES = {
    "optimizer": keras.optimizers.Optimizer,
    "schedule": keras.optimizers.schedules.LearningRateSchedule,
    "loss": keras.losses.Loss,
    "initializer": keras.initializers.Initializer,
}


def public_classes(kind):
    """The classes of a kind under their own names, without the base."""
    found = {name: value for name, value in vars(MODULES[kind]).items() if inspect.isclass(value)}
    return {n for n, value in found.items() if issubclass(value, BASES[kind]) and value.__name__ == n} - {
        BASES[kind].__name__
    }


@pytest.mark.parametrize(
    ("kind", "left_out"),
    [
        ("optimizer", {"LossScaleOptimizer", "MultiOptimizer"}),
        ("schedule", set()),
        ("loss", {"CTC", "Circle"}),
        ("initializer", {"STFT", "RandomInitializer"}),
    ],
)
def test_every_class_is_offered_but_for_a_few(kind, left_out):
    assert public_classes(kind) - left_out == set(class_names(kind))


@pytest.mark.parametrize(("kind", "name"), CLASSES)
def test_arguments_and_defaults_are_those_of_the_class(kind, name):
    parameters = inspect.signature(getattr(MODULES[kind], name)).parameters
    for option, declared in keras_signature(kind, name).options.items():
        default = parameters[option].default
        assert declared.default == (REQUIRED if default is inspect.Parameter.empty else to_hashable(default))
    left_out = set(parameters) - set(keras_signature(kind, name).options)
    assert left_out <= {
        "name", "kwargs", "ema_overwrite_frequency", "initial_learning_rate", "dtype",
        "reduction", "from_logits", "seed", "args",
    }  # fmt: skip


@pytest.mark.parametrize("name", class_names("optimizer"))
def test_the_rates_that_are_known_without_keras_are_its_own(name):
    assert default_rate(name) == keras_signature("optimizer", name).options["learning_rate"].default


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"optimizer": "Nadamm"}, r"optimizer must, as a class of Keras, be one of .*did you mean 'Nadam'"),
        ({"optimizer": "nadam"}, r"one of adam, adamw, rmsprop, sgd; got 'nadam' \(did you mean 'Nadam'\?\)"),
        ({"optimizer": {"name": "Lion", "beta_3": 1}}, r"'Lion' takes as an option one of .*did you mean 'beta_"),
        ({"optimizer": {"name": "Lion", "learning_rate": 0}}, "learning_rate must be a number above 0, got 0"),
        ({"optimizer": {"name": "Lion", "ema_overwrite_frequency": 1}}, "got 'ema_overwrite_frequency'"),
        ({"schedule": "ExponentialDecay"}, "schedule 'ExponentialDecay' needs the option decay_steps"),
        ({"loss": {"name": "Dice", "axis": object()}}, "axis must be a plain value"),
        ({"model": {"name": "fcn", "initializer": "GlorotNormall"}}, "did you mean 'GlorotNormal'"),
        ({"model": "Resnet"}, "model must be one of cnn, fcn, resnet; got 'Resnet'.*a custom model is module:function"),
    ],
)
def test_a_mistake_is_one_line(settings, message):
    with pytest.raises(ConfigError, match=message):
        RunConfig(**settings)


def test_an_arm_s_settings_reach_the_class():
    config = RunConfig().with_changes(optimizer="Lion", learning_rate=0.001, weight_decay=0.1, beta_1=0.9)
    assert config.optimizer == Component.of("Lion", weight_decay=0.1), "0.001 and 0.9 are Keras's defaults"
    assert option_values("optimizer", config.optimizer)["learning_rate"] == 0.001
    assert config.label == "fcn-Lion-0.001-weight_decay=0.1"
    optimizer = build_optimizer(config, steps_per_epoch=10)
    assert type(optimizer) is keras.optimizers.Lion
    assert optimizer.weight_decay == 0.1


def test_a_class_of_keras_without_a_rate_beside_it_is_refused():
    with pytest.raises(ConfigError, match="optimizer='Nadam' needs a learning_rate beside it"):
        RunConfig().with_changes(optimizer="Nadam")


def test_a_schedule_starts_at_the_optimizer_s_rate():
    schedule = {"name": "ExponentialDecay", "decay_steps": 10, "decay_rate": 0.5}
    optimizer = build_optimizer(RunConfig(schedule=schedule), steps_per_epoch=10)
    assert float(optimizer.learning_rate) == pytest.approx(0.02)
    optimizer.iterations.assign(10)
    assert float(optimizer.learning_rate) == pytest.approx(0.01)


def test_a_schedule_may_state_all_its_rates():
    schedule = {"name": "PiecewiseConstantDecay", "boundaries": [5], "values": [0.5, 0.25]}
    optimizer = build_optimizer(RunConfig(schedule=schedule), steps_per_epoch=10)
    assert float(optimizer.learning_rate) == 0.5
    optimizer.iterations.assign(6)
    assert float(optimizer.learning_rate) == 0.25


LOGITS = np.array([[2.0, -1.0, 0.5], [0.0, 1.0, -2.0]], np.float32)
LABELS = np.array([2, 0])
ONE_HOT = np.eye(3, dtype=np.float32)[LABELS]


def softmax(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def loss_of(name, **options):
    loss, metrics = build_loss(resolve_component("loss", {"name": name, **options}))
    assert [metric.name for metric in metrics] == ["accuracy", "cross_entropy"]
    return float(loss(tf.constant(LABELS), tf.constant(LOGITS)))


def test_losses_get_the_labels_and_scores_that_they_take():
    cross_entropy = -np.log(softmax(LOGITS)[np.arange(2), LABELS])
    assert loss_of("SparseCategoricalCrossentropy") == pytest.approx(cross_entropy.mean(), rel=1e-5)
    assert loss_of("CategoricalCrossentropy") == pytest.approx(cross_entropy.mean(), rel=1e-5)
    assert loss_of("MeanSquaredError") == pytest.approx(np.mean((LOGITS - ONE_HOT) ** 2), rel=1e-5)
    assert loss_of("KLDivergence") == pytest.approx(cross_entropy.mean(), rel=1e-4)
    p = softmax(LOGITS)[np.arange(2), LABELS]
    assert loss_of("CategoricalGeneralizedCrossEntropy", q=0.7) == pytest.approx(np.mean((1 - p**0.7) / 0.7), rel=1e-5)
    assert loss_of("CategoricalFocalCrossentropy", alpha=1.0, gamma=2.0) == pytest.approx(
        np.mean((1 - p) ** 2 * cross_entropy), rel=1e-4
    )


@pytest.mark.parametrize("name", class_names("loss"))
def test_every_loss_is_a_number(name):
    assert np.isfinite(loss_of(name))


def test_an_initializer_has_the_layer_s_seed():
    scheme = resolve_component("initializer", {"name": "VarianceScaling", "scale": 2.0, "mode": "fan_out"})
    first, again, other = (np.asarray(build_kernel_initializer(scheme, seed)((20, 30))) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.std() == pytest.approx(np.sqrt(2 / 30), rel=0.2)
    constant = build_kernel_initializer(resolve_component("initializer", {"name": "Constant", "value": 0.5}), 1)
    np.testing.assert_array_equal(constant((2, 2)), 0.5)
