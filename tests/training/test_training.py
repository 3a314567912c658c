"""One run: its optimizers against the papers' formulas, its numbers against NumPy, and equal runs bit for bit.

The runs train a tiny network on 60 images, so that a run takes seconds; the 540 validation and 800 test images make two
evaluation batches of 512, the second one partial.
"""

import dataclasses
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from fashion_keras.config.components import Component
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import split_indices
from fashion_keras.data.orders import epoch_orders, num_batches
from fashion_keras.data.pipelines import gather_from, hold_images, make_orders, make_training_dataset
from fashion_keras.errors import ConfigError
from fashion_keras.models.networks import build_model
from fashion_keras.storage.results import HISTORY_KEYS, METRICS
from fashion_keras.training import run as training
from fashion_keras.training.compilation import build_optimizer, compile_model, fuse_training_steps
from fashion_keras.training.run import predict_test, train_run

NUM_TRAIN = 60
# So small that float32 weights stay what they are: every epoch then sees the initial weights.
NO_LEARNING = 1e-30


@pytest.fixture(scope="session")
def dataset(sample_dataset):
    """The sample with all its images in the test part."""
    return dataclasses.replace(
        sample_dataset,
        test_images=np.concatenate([sample_dataset.test_images, sample_dataset.train_images]),
        test_labels=np.concatenate([sample_dataset.test_labels, sample_dataset.train_labels]),
    )


@pytest.fixture(scope="session")
def base(dataset):
    """Four batches an epoch, the last of 12 examples."""
    return RunConfig(
        model=Component.of("fcn", hidden_units=(16, 8)),
        batch_size=16,
        epochs=3,
        validation_fraction=0.9,
        data=dataset.content_hash,
    )


@pytest.fixture(scope="module")
def run(base, dataset):
    return train_run(base, dataset)


def parts_of(config, dataset):
    """Images normalised, float64 [N, 784], and labels of the training, validation and test parts."""
    train, validation = split_indices(len(dataset.train_images), config.validation_fraction, config.seed)
    images = [dataset.train_images[train], dataset.train_images[validation], dataset.test_images]
    labels = [dataset.train_labels[train], dataset.train_labels[validation], dataset.test_labels]
    return [(part.reshape(len(part), -1) / 127.5 - 1, classes) for part, classes in zip(images, labels, strict=True)]


def log_probabilities(weights, images):
    """The network in NumPy, float64."""
    values = images
    for number, (kernel, bias) in enumerate(zip(weights[::2], weights[1::2], strict=True)):
        values = (np.maximum(values, 0) if number else values) @ kernel.astype(np.float64) + bias
    return values - np.log(np.sum(np.exp(values), axis=1, keepdims=True))


def loss_and_accuracy(weights, images, labels):
    logs = log_probabilities(weights, images)
    return -np.mean(logs[np.arange(len(labels)), labels]), np.mean(np.argmax(logs, axis=1) == labels)


def timeless(history):
    return {key: values for key, values in history.items() if key != "seconds"}


def assert_equal_runs(one, other):
    """Bit for bit, times aside."""
    assert timeless(one.history) == timeless(other.history)
    assert one.final == other.final
    for values, repeated in zip(one.weights, other.weights, strict=True):
        np.testing.assert_array_equal(values, repeated)
    for name in ("class_id", "loss", "probabilities", "correct"):
        np.testing.assert_array_equal(getattr(one.predictions, name), getattr(other.predictions, name))


# Optimizers: PyTorch's formulas in float64, on gradients large and small, from a weight of 0.

GRADIENTS = np.array([2.0, -1.0, 1e-2, -1e-3, 1e-4, 1e-6, 1e-7, -1e-8, 1e-9, 1e-10, 0.0])


def take_steps(config, gradients):
    """The weights, float64 [steps, N], after each of some steps with the gradients [steps, N]."""
    optimizer = build_optimizer(config, steps_per_epoch=10)
    weights = keras.Variable(np.zeros(gradients.shape[1], np.float32))
    path = []
    for gradient in gradients:
        optimizer.apply([tf.constant(gradient, tf.float32)], [weights])
        path.append(weights.numpy().astype(np.float64))
    return np.array(path)


def config_of(name, **options):
    return RunConfig(optimizer=Component.of(name, **options))


def three_gradients():
    return np.stack([GRADIENTS, GRADIENTS / 2, -GRADIENTS])


def pytorch_sgd(gradients, learning_rate, momentum=0.0, nesterov=False):
    weights, velocity, path = 0.0, 0.0, []
    for gradient in gradients:
        velocity = momentum * velocity + gradient
        weights = weights - learning_rate * (gradient + momentum * velocity if nesterov else velocity)
        path.append(weights)
    return np.array(path)


def pytorch_rmsprop(gradients, learning_rate, momentum=0.0):
    weights, square, velocity, path = 0.0, 0.0, 0.0, []
    for gradient in gradients:
        square = 0.99 * square + 0.01 * gradient**2
        velocity = momentum * velocity + gradient / (np.sqrt(square) + 1e-8)
        weights = weights - learning_rate * velocity
        path.append(weights)
    return np.array(path)


def pytorch_adam(gradients, learning_rate, weight_decay=0.0, scaled_epsilon=False):
    weights, mean, square, path = 0.0, 0.0, 0.0, []
    for step, gradient in enumerate(gradients, start=1):
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        bias_1, bias_2 = 1 - 0.9**step, 1 - 0.999**step
        epsilon = 1e-8 / math.sqrt(bias_2) if scaled_epsilon else 1e-8
        weights = weights * (1 - learning_rate * weight_decay)
        weights = weights - learning_rate * (mean / bias_1) / (np.sqrt(square / bias_2) + epsilon)
        path.append(weights)
    return np.array(path)


@pytest.mark.parametrize(
    ("name", "formula", "options", "num_gradients", "rtol", "atol"),
    [
        ("sgd", pytorch_sgd, {"learning_rate": 0.02}, None, 1e-5, 1e-20),
        ("sgd", pytorch_sgd, {"learning_rate": 0.02, "momentum": 0.9}, None, 1e-4, 1e-15),
        ("sgd", pytorch_sgd, {"learning_rate": 0.02, "momentum": 0.9, "nesterov": True}, None, 1e-4, 1e-15),
        ("rmsprop", pytorch_rmsprop, {"learning_rate": 1e-4}, 5, 2e-3, 0),
        ("rmsprop", pytorch_rmsprop, {"learning_rate": 1e-3, "momentum": 0.9}, 4, 1e-3, 0),
        ("adam", pytorch_adam, {"learning_rate": 8e-5}, 4, 2e-3, 1e-10),
        ("adamw", pytorch_adam, {"learning_rate": 1e-3, "weight_decay": 0.1}, 4, 2e-3, 1e-9),
    ],
)
def test_an_optimizer_takes_pytorch_s_steps_where_gradients_are_not_tiny(
    name, formula, options, num_gradients, rtol, atol
):
    gradients = three_gradients()[:, :num_gradients]
    taken = take_steps(config_of(name, **options), gradients)
    np.testing.assert_allclose(taken, formula(gradients, **options), rtol=rtol, atol=atol)


def test_rmsprop_departs_from_pytorch_s_step_by_root_two_at_most():
    """Keras adds epsilon inside the root: sqrt(v + 1e-16), not sqrt(v) + 1e-8, and they differ most at v = 1e-16."""
    steps = take_steps(config_of("rmsprop", learning_rate=1e-4), GRADIENTS[None])[0]
    expected = pytorch_rmsprop(GRADIENTS[None], 1e-4)[0]
    nonzero = GRADIENTS != 0
    ratios = steps[nonzero] / expected[nonzero]
    assert np.all((ratios > 0.999) & (ratios < math.sqrt(2) + 1e-3))
    # Far below epsilon the two meet again, which tells 1e-16 from every other value inside the root.
    assert ratios[-1] == pytest.approx(1, rel=2e-3)
    assert ratios.max() == pytest.approx(math.sqrt(2), rel=1e-3)
    assert steps[~nonzero] == 0


def test_adam_departs_from_pytorch_by_the_scale_of_epsilon_alone():
    """Keras corrects the bias after epsilon is added, so that 1e-8 acts like 1e-8/sqrt(1 - beta_2^t): 3e-7 at first."""
    config, gradients = config_of("adam", learning_rate=8e-5), three_gradients()
    expected = pytorch_adam(gradients, 8e-5, scaled_epsilon=True)
    np.testing.assert_allclose(take_steps(config, gradients), expected, rtol=1e-3, atol=1e-10)
    assert not np.allclose(take_steps(config, gradients), pytorch_adam(gradients, 8e-5), rtol=0.1, atol=1e-10)


# Schedules and losses.


def rates(config, steps, steps_per_epoch=10):
    optimizer = build_optimizer(config, steps_per_epoch)
    optimizer.build([])
    found = []
    for step in steps:
        optimizer.iterations.assign(step)
        found.append(float(optimizer.learning_rate))
    return found


def test_a_constant_rate_stays():
    assert rates(RunConfig(epochs=5), [0, 10, 50]) == pytest.approx([0.02] * 3)


def test_the_cosine_goes_from_the_rate_to_zero_over_all_steps():
    config = RunConfig(schedule="cosine", epochs=5)
    expected = [0.02, 0.01 * (1 + math.cos(math.pi / 5)), 0.01, 0]
    assert rates(config, [0, 10, 25, 50]) == pytest.approx(expected, abs=1e-8)


def test_warm_up_rises_linearly_to_the_rate_and_the_cosine_follows():
    config = RunConfig(schedule=Component.of("cosine", warmup_epochs=2), epochs=6)
    assert rates(config, [0, 10, 20, 40, 60]) == pytest.approx([0, 0.01, 0.02, 0.01, 0], abs=1e-8)


@pytest.mark.parametrize("epochs", [2, 3])
def test_a_warm_up_as_long_as_the_run_is_refused(epochs):
    with pytest.raises(ConfigError, match=f"warmup_epochs must be below the {epochs} epochs of the run, got 3"):
        RunConfig(schedule=Component.of("cosine", warmup_epochs=3), epochs=epochs)


def test_the_logged_rate_is_the_one_at_the_epoch_s_end(base, dataset):
    result = train_run(dataclasses.replace(base, schedule=Component.of("cosine", warmup_epochs=1)), dataset)
    assert result.history["learning_rate"] == pytest.approx([0.02, 0.01, 0], abs=1e-8)


def test_label_smoothing_trains_on_smoothed_labels_and_logs_plain_cross_entropy(base, dataset):
    config = base.with_changes(label_smoothing=0.2)
    model = build_model(config.model, (28, 28, 1), 10, seed=0)
    compile_model(model, config, steps_per_epoch=1)
    (images, labels), *_ = parts_of(config, dataset)
    logs = log_probabilities(model.get_weights(), images)
    targets = 0.8 * np.eye(10)[labels] + 0.2 / 10
    metrics = model.evaluate(images.reshape(-1, 28, 28, 1).astype(np.float32), labels, verbose=0, return_dict=True)
    assert metrics["loss"] == pytest.approx(-np.mean(np.sum(targets * logs, axis=1)), rel=1e-5)
    assert metrics["cross_entropy"] == pytest.approx(-np.mean(logs[np.arange(NUM_TRAIN), labels]), rel=1e-5)
    assert metrics["loss"] != pytest.approx(metrics["cross_entropy"], rel=1e-3)


@pytest.mark.parametrize("smoothing", [0.0, 0.5])
def test_losses_of_a_run_are_means_over_examples_of_the_plain_cross_entropy(base, dataset, smoothing):
    config = base.with_changes(label_smoothing=smoothing, epochs=1, learning_rate=NO_LEARNING)
    result = train_run(config, dataset)
    for part, data in zip(("train", "val", "test"), parts_of(config, dataset), strict=True):
        loss, accuracy = loss_and_accuracy(result.weights, *data)
        assert result.final[f"{part}_loss"] == pytest.approx(loss, rel=1e-5)
        assert result.final[f"{part}_accuracy"] == pytest.approx(accuracy, rel=1e-6)


# The whole-epoch function.


@keras.saving.register_keras_serializable("tests")
class CountingModel(keras.Model):
    """A user's own model, with a train step of its own."""

    def __init__(self):
        super().__init__()
        self.stack = [
            keras.layers.Flatten(),
            keras.layers.Dense(12, kernel_initializer=keras.initializers.GlorotUniform(1)),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.3, seed=1),
            keras.layers.Dense(10, kernel_initializer=keras.initializers.GlorotUniform(2)),
        ]
        self.steps = self.add_weight(name="steps", shape=(), initializer="zeros", trainable=False)

    def call(self, inputs, training=None):
        for layer in self.stack:
            inputs = layer(inputs, training=training) if isinstance(layer, keras.layers.Dropout) else layer(inputs)
        return inputs

    def train_step(self, data):
        self.steps.assign_add(1.0)
        return super().train_step(data)


def report_s_model():
    component = Component.of("fcn", hidden_units=(16, 8), dropout_rate=0.2, batch_norm=True)
    return build_model(component, (28, 28, 1), 10, seed=0)


def fit(model, fused, dataset, epochs=3):
    """Train with Adam for some epochs of four batches; return the history and the weights."""
    images, labels = dataset.train_images[:NUM_TRAIN, ..., None], dataset.train_labels[:NUM_TRAIN]
    steps = num_batches(NUM_TRAIN, 16)
    model.compile(
        optimizer=keras.optimizers.Adam(0.01),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
        steps_per_execution=steps if fused else 1,
    )
    data = make_training_dataset(images, labels, batch_size=16, num_epochs=epochs, seed=1)
    if fused:
        fuse_training_steps(model, gather_from(images, labels), batch_size=16)
        data = make_orders(np.arange(NUM_TRAIN, dtype=np.int32), epochs, seed=1)
    history = model.fit(data, epochs=epochs, steps_per_epoch=steps, shuffle=False, verbose=0)
    return history.history, model.get_weights()


@pytest.mark.parametrize("build", [report_s_model, CountingModel])
def test_a_fused_epoch_is_keras_s_own_fit_step_by_step(build, dataset):
    plain_history, plain_weights = fit(build(), False, dataset)
    history, weights = fit(build(), True, dataset)
    assert list(history) == ["accuracy", "loss"]
    for name, values in plain_history.items():
        np.testing.assert_allclose(history[name], values, rtol=1e-5)
    for values, expected in zip(weights, plain_weights, strict=True):
        np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-6)


def test_a_fused_epoch_takes_every_step_of_a_model_s_own(dataset):
    model = CountingModel()
    fit(model, True, dataset, epochs=3)
    assert model.steps.numpy() == 12


def test_compiling_again_gives_a_model_keras_s_fit_back(dataset):
    model = report_s_model()
    fit(model, True, dataset, epochs=1)
    model.compile(loss="mse")
    assert model.train_function is None


def test_a_run_is_keras_s_own_fit_step_by_step(run, base, dataset):
    train, _ = split_indices(len(dataset.train_images), base.validation_fraction, base.seed)
    model = build_model(base.model, dataset.image_shape, 10, base.seed)
    model.compile(
        optimizer=keras.optimizers.SGD(0.02),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
    )
    images = (dataset.train_images[train][..., None] / 127.5 - 1).astype(np.float32)
    labels = dataset.train_labels[train]
    losses = []
    for order in epoch_orders(NUM_TRAIN, base.epochs, base.seed):
        history = model.fit(images[order], labels[order], batch_size=16, epochs=1, shuffle=False, verbose=0)
        losses += history.history["loss"]
    np.testing.assert_allclose(run.history["train_loss"], losses, rtol=1e-5)
    for values, expected in zip(run.weights, model.get_weights(), strict=True):
        np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-6)


# One run.


def test_the_history_has_one_value_per_epoch_under_each_key(run):
    assert tuple(run.history) == HISTORY_KEYS
    assert {len(values) for values in run.history.values()} == {3}
    assert all(isinstance(value, float) for values in run.history.values() for value in values)
    assert run.status == "finished"


def test_training_learns(run):
    assert run.history["train_loss"][-1] < run.history["train_loss"][0]


def test_the_final_values_are_the_last_epoch_s(run):
    assert tuple(run.final) == (*METRICS, "test_macro_f1", "test_balanced_accuracy")
    for name in METRICS:
        assert run.final[name] == pytest.approx(run.history[name][-1], rel=1e-6)


def test_losses_and_accuracies_weigh_every_example_alike(run, base, dataset):
    _, *evaluated = parts_of(base, dataset)
    for part, (images, labels) in zip(("val", "test"), evaluated, strict=True):
        loss, accuracy = loss_and_accuracy(run.weights, images, labels)
        assert run.final[f"{part}_loss"] == pytest.approx(loss, rel=1e-5)
        assert run.final[f"{part}_accuracy"] == pytest.approx(accuracy, rel=1e-6)
        # The mean of the two batches' means is another number here, so that this test can tell.
        halves = [
            loss_and_accuracy(run.weights, images[rows], labels[rows])[0] for rows in (slice(512), slice(512, None))
        ]
        assert abs(np.mean(halves) - loss) > 1e-4 * loss


def test_predictions_are_those_of_the_final_weights(run, base, dataset):
    images, labels = parts_of(base, dataset)[2]
    logs = log_probabilities(run.weights, images)
    predictions = run.predictions
    np.testing.assert_allclose(predictions.loss, -logs[np.arange(800), labels], rtol=1e-4)
    np.testing.assert_allclose(predictions.probabilities, np.exp(logs), atol=1e-3)
    np.testing.assert_array_equal(predictions.class_id, np.argmax(logs, axis=1))
    np.testing.assert_array_equal(predictions.correct, predictions.class_id == labels)
    assert run.final["test_accuracy"] == np.mean(predictions.correct)
    dtypes = [getattr(predictions, name).dtype for name in ("class_id", "loss", "probabilities", "correct")]
    assert dtypes == [np.uint8, np.float32, np.float16, bool]


def test_huge_logits_have_finite_losses():
    class Certain:
        def predict_on_batch(self, images):
            return np.array([[1e4, 0.0], [1e4, 0.0]], np.float32)

    labels = np.array([0, 1], np.int32)
    predictions = predict_test(Certain(), [(None, labels)], labels)
    np.testing.assert_array_equal(predictions.loss, [0, 1e4])
    np.testing.assert_array_equal(predictions.correct, [True, False])


def test_seconds_add_up(run):
    assert run.seconds["train"] == pytest.approx(sum(run.history["seconds"]))
    assert 0 < run.seconds["train"] < run.seconds["total"]
    assert run.seconds["startup"] > 0


def test_the_record_names_versions_and_machine(run):
    assert run.environment["keras"] == keras.__version__
    assert run.environment["tensorflow"] == tf.__version__
    assert all(run.environment.values())


# Equal runs, and what makes them differ.


@pytest.mark.parametrize(
    "changes",
    [
        {"dropout_rate": 0.3, "batch_norm": True, "optimizer": "adam", "learning_rate": 1e-3, "schedule": "cosine"},
        {"optimizer": "ScheduleFreeAdamW", "learning_rate": 1e-3, "seed": 3, "initializer": "xavier_normal"},
        {"use_ema": True, "ema_momentum": 0.9, "class_weight": (1,) * 9 + (3,)},
        {"model": "cnn", "filters": (2, 2), "dense_units": (8,), "precision": "mixed_bfloat16"},
    ],
)
def test_a_run_after_another_seed_and_initializer_is_that_run_alone(base, dataset, changes, monkeypatch):
    config = base.with_changes(epochs=2, **changes)
    with monkeypatch.context() as patch:
        patch.setattr(training, "_is_shareable", lambda _: False)
        alone = train_run(config, dataset)
    training._traced_model.cache_clear()
    train_run(config.with_changes(seed=4, initializer="he_uniform"), dataset)
    again = train_run(config, dataset)
    assert training._traced_model.cache_info().misses == 1
    for values, expected in zip(again.weights, alone.weights, strict=True):
        np.testing.assert_array_equal(values, expected)
    assert again.history | {"seconds": None} == alone.history | {"seconds": None}
    np.testing.assert_array_equal(again.predictions.probabilities, alone.predictions.probabilities)


@pytest.mark.parametrize("changes", [{"augmentation": "flip"}, {"class_weight": "balanced"}])
def test_a_run_whose_graph_depends_on_the_seed_shares_no_model(base, dataset, changes):
    training._traced_model.cache_clear()
    train_run(base.with_changes(epochs=1, **changes), dataset)
    assert training._traced_model.cache_info().currsize == 0


def test_augmented_runs_repeat_themselves_bit_for_bit_and_mixup_learns_from_shares(base, dataset, run):
    config = base.with_changes(augmentation="flip+shift+mixup")
    one, again = train_run(config, dataset), train_run(config, dataset)
    assert one.history["train_loss"] == again.history["train_loss"] != run.history["train_loss"]
    for values, repeated in zip(one.weights, again.weights, strict=True):
        np.testing.assert_array_equal(values, repeated)
    assert one.final["test_accuracy"] == float(np.mean(one.predictions.correct))


def test_one_seed_twice_is_one_run_bit_for_bit_and_the_callback_hears_of_every_epoch(run, base, dataset):
    heard = []
    again = train_run(base, dataset, lambda number, record: heard.append((number, record)))
    assert_equal_runs(run, again)
    assert [number for number, _ in heard] == [1, 2, 3]
    for key in HISTORY_KEYS:
        assert [record[key] for _, record in heard] == again.history[key]


def test_images_held_in_bfloat16_train_the_same_weights_as_images_cast_batch_by_batch(base, dataset, monkeypatch):
    mixed = dataclasses.replace(base, precision="mixed_bfloat16")
    held = []
    monkeypatch.setattr(training, "hold_images", lambda *given: held.append(hold_images(*given)) or held[-1])
    training.preload_dataset.cache_clear()
    weights = train_run(mixed, dataset).weights
    assert {images.dtype for images in held} == {tf.bfloat16}
    monkeypatch.setattr(training, "image_dtype", lambda _: "float32")
    for got, expected in zip(train_run(mixed, dataset).weights, weights, strict=True):
        np.testing.assert_array_equal(got, expected)
    assert held[-1].dtype == tf.float32


def test_a_run_after_one_in_mixed_precision_is_as_before(run, base, dataset):
    mixed = train_run(dataclasses.replace(base, precision="mixed_bfloat16"), dataset)
    assert timeless(mixed.history) != timeless(run.history)
    assert mixed.history["train_loss"] == pytest.approx(run.history["train_loss"], rel=0.05)
    assert {values.dtype for values in mixed.weights} == {np.dtype(np.float32)}
    assert_equal_runs(run, train_run(base, dataset))


def test_a_run_has_its_own_precision_and_leaves_the_caller_s(run, base, dataset):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        assert_equal_runs(run, train_run(base, dataset))
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")


def test_a_shorter_run_begins_like_a_longer_one(run, base, dataset):
    shorter = train_run(dataclasses.replace(base, epochs=2), dataset)
    for key, values in timeless(shorter.history).items():
        assert values == run.history[key][:2], key


def test_dropout_differs_between_epochs(base, dataset):
    config = base.with_changes(learning_rate=NO_LEARNING, batch_size=NUM_TRAIN)
    without = train_run(config, dataset).history["train_loss"]
    dropped = train_run(config.with_changes(dropout_rate=0.5), dataset).history["train_loss"]
    assert without == pytest.approx([without[0]] * 3, rel=1e-5)
    assert min(abs(one - other) for one, other in [dropped[:2], dropped[1:], dropped[::2]]) > 1e-3


# What a run gets, without training it.


class Stopped(Exception):  # noqa: N818
    """Ends a run where it would train."""


@pytest.fixture
def inputs_of(monkeypatch, dataset):
    """Return the function from a configuration to what `fit` would have got: weights, batches and validation data."""

    fused = []

    def stop(model, orders, epochs, validation_data, **_options):
        weights = {
            f"{layer.name}/{weight.name}": weight.numpy()
            for layer in model.layers
            for weight in layer.weights
            if not isinstance(layer, keras.layers.BatchNormalization | keras.layers.Dropout)
        }
        gather, size = fused[-1]
        taken = [order[start : start + size] for order in orders.take(epochs) for start in range(0, len(order), size)]
        batches = [gather(indices) for indices in taken]
        parts = [[(images.numpy(), labels.numpy()) for images, labels in part] for part in (batches, validation_data)]
        raise Stopped(weights, *parts)

    def inputs(config, data=dataset):
        with pytest.raises(Stopped) as stopped:
            train_run(config, data)
        return stopped.value.args

    monkeypatch.setattr(training, "_is_shareable", lambda _: False)
    monkeypatch.setattr(training, "fuse_training_steps", lambda _model, *given: fused.append(given))
    monkeypatch.setattr(keras.Model, "fit", stop)
    return inputs


def assert_same_batches(one, other):
    for (images, labels), (other_images, other_labels) in zip(one, other, strict=True):
        np.testing.assert_array_equal(images, other_images)
        np.testing.assert_array_equal(labels, other_labels)


@pytest.mark.parametrize(
    "changes",
    [
        {"dropout_rate": 0.1},
        {"batch_norm": True, "learning_rate": 0.008},
        {"optimizer": "adam", "learning_rate": 1e-3},
        {"initializer": "he_uniform"},
    ],
)
def test_arms_of_a_seed_share_split_and_batch_order_and_the_weights_of_a_scheme(inputs_of, base, changes):
    weights, batches, validation = inputs_of(base)
    other_weights, other_batches, other_validation = inputs_of(base.with_changes(**changes))
    assert set(weights) == set(other_weights)
    assert len(weights) == 6
    equal = {np.array_equal(values, other_weights[path]) for path, values in weights.items()}
    assert (equal == {True}) is ("initializer" not in changes)
    assert_same_batches(batches, other_batches)
    assert_same_batches(validation, other_validation)


def test_another_seed_has_another_split_order_and_weights(inputs_of, base):
    weights, batches, validation = inputs_of(base)
    other_weights, other_batches, other_validation = inputs_of(dataclasses.replace(base, seed=1))
    assert not np.array_equal(validation[0][0], other_validation[0][0])
    assert not np.array_equal(batches[0][0], other_batches[0][0])
    assert not any(np.array_equal(values, other_weights[path]) for path, values in weights.items())


def distinct_images(batches):
    return {image.tobytes() for images, _ in batches for image in images}


def test_no_training_image_is_a_validation_image(inputs_of, base):
    _, batches, validation = inputs_of(base)
    assert len(distinct_images(batches)) == NUM_TRAIN
    assert len(distinct_images(validation)) == 540
    assert not distinct_images(batches) & distinct_images(validation)


def test_fewer_training_examples_are_a_random_part_of_the_split(inputs_of, base, dataset):
    by_class = np.argsort(dataset.train_labels, kind="stable")
    ordered = dataclasses.replace(
        dataset, train_images=dataset.train_images[by_class], train_labels=dataset.train_labels[by_class]
    )
    whole, part = dataclasses.replace(base, validation_fraction=0.1), 100
    _, all_batches, validation = inputs_of(whole, ordered)
    _, batches, same_validation = inputs_of(dataclasses.replace(whole, train_examples=part), ordered)
    assert len(distinct_images(batches)) == part
    assert distinct_images(batches) < distinct_images(all_batches)
    assert_same_batches(validation, same_validation)
    # The first hundred of such data would be of two classes.
    assert {int(label) for _, labels in batches for label in labels} == set(range(10))


def test_more_training_examples_than_there_are_is_refused(base, dataset):
    with pytest.raises(ConfigError, match="train_examples must be at most 60 here, got 61"):
        train_run(dataclasses.replace(base, train_examples=61), dataset)


def test_other_data_than_the_configuration_names_is_refused(base, dataset):
    with pytest.raises(ConfigError, match="names the data 000000000000, but .* holds " + dataset.content_hash[:12]):
        train_run(dataclasses.replace(base, data="0" * 64), dataset)


def test_another_number_of_threads_is_refused_once_tensorflow_runs(run, base, dataset):
    with pytest.raises(
        ConfigError, match=r"a run of 2 threads needs a process .* \(here with 1\); call training.use_t"
    ):
        train_run(dataclasses.replace(base, threads=2), dataset)


# Runs that end badly, and runs that keep from the test set.


def test_a_diverged_run_keeps_its_epochs_says_so_and_ends(base, dataset):
    # The decay multiplies every weight by -9 a step: three layers overflow float32 in the fourth epoch.
    optimizer = Component.of("adamw", learning_rate=1.0, weight_decay=10.0)
    result = train_run(dataclasses.replace(base, optimizer=optimizer, epochs=8), dataset)
    assert result.status == "diverged"
    *before, last = result.history["train_loss"]
    assert len(before) == 3
    assert None not in before
    assert last is None
    assert {len(values) for values in result.history.values()} == {4}
    assert result.final["train_loss"] is None
    assert 0 <= result.final["train_accuracy"] <= 1
    assert 0 <= result.final["test_accuracy"] <= 1


def test_a_run_that_diverges_in_its_last_step_is_diverged(base, dataset):
    config = base.with_changes(learning_rate=1e38, batch_size=NUM_TRAIN, epochs=1)
    result = train_run(config, dataset)
    assert result.final["train_loss"] is not None
    assert result.final["val_loss"] is None
    assert result.status == "diverged"


def poisoned(dataset):
    """Other test images, and labels that no loss can be computed of."""
    return dataclasses.replace(
        dataset, test_images=255 - dataset.test_images, test_labels=np.full_like(dataset.test_labels, 99)
    )


def test_a_run_that_never_evaluates_the_test_set_does_not_look_at_it(run, base, dataset):
    never = dataclasses.replace(base, evaluate_test="never")
    result = train_run(never, poisoned(dataset))
    assert result.predictions is None
    assert result.history["test_loss"] == result.history["test_accuracy"] == [None] * 3
    assert result.final["test_accuracy"] is None
    assert result.status == "finished"
    for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy"):
        assert result.history[name] == run.history[name]
    for values, expected in zip(result.weights, run.weights, strict=True):
        np.testing.assert_array_equal(values, expected)


def test_the_poison_works_in_a_run_that_evaluates_the_test_set(base, dataset):
    with pytest.raises(tf.errors.InvalidArgumentError, match="99"):
        train_run(base, poisoned(dataset))


# Estimates.


@pytest.mark.parametrize(
    "changes",
    [
        {},
        # Longer than the epochs that are tried.
        {"schedule": Component.of("cosine", warmup_epochs=2)},
        # Diverges in the first epoch.
        {"learning_rate": 1e30},
        # 299 to train and 300 to validate: halves are rounded to even.
        {"validation_fraction": 0.5},
    ],
)
def test_the_seconds_of_a_run_can_be_estimated(base, dataset, changes):
    odd = dataclasses.replace(dataset, train_images=dataset.train_images[:599], train_labels=dataset.train_labels[:599])
    each, once = training.estimate_run_seconds(base.with_changes(**changes), odd)
    assert each > 0
    assert once >= 0
