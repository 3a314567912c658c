"""The networks: sizes, shapes, the order of their layers, and one training step."""

import math
from itertools import pairwise

import keras
import numpy as np
import pytest

from fashion_keras.config.components import Component
from fashion_keras.errors import ConfigError
from fashion_keras.models.networks import build_cnn, build_fcn, build_model, build_resnet

SMALL_FCN = {"image_shape": (4, 5, 1), "num_classes": 3, "hidden_units": (8, 6)}
SMALL_CNN = {"image_shape": (8, 8, 1), "num_classes": 3, "filters": (4, 5), "kernel_sizes": (3, 3), "dense_units": (6,)}
ALEXNET = {
    "filters": (32, 64, 128, 128, 64),
    "kernel_sizes": (5, 5, 3, 3, 3),
    "pool_sizes": (2, 2, 1, 1, 2),
    "dense_units": (512, 512),
    "dropout_rate": 0.5,
}


@pytest.fixture
def bfloat16_policy():
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy("float32")


def build_small(build, **options):
    return build(**(SMALL_FCN if build is build_fcn else SMALL_CNN) | options)


def images_for(model, count=4):
    return np.random.default_rng(0).uniform(-1, 1, (count, *model.input_shape[1:])).astype(np.float32)


def biases_without_gradient(model):
    """The paths of the biases right before a batch norm, which subtracts them with the mean.

    All that a step may change of them is what rounding leaves of zero, and that differs from processor to processor.
    """
    chain = pairwise(model.layers)
    return {
        layer.bias.path
        for layer, after in chain
        if isinstance(after, keras.layers.BatchNormalization) and layer.use_bias
    }


def train_step(model, count=32):
    """Take one step and return the paths of the weights with a gradient that it left as they were."""
    before = model.get_weights()
    labels = np.arange(count) % model.output_shape[-1]
    model.compile(
        optimizer=keras.optimizers.SGD(0.1), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    loss = model.train_on_batch(images_for(model, count), labels)
    assert np.isfinite(loss)
    same = {weight.path for weight, values in zip(model.weights, before, strict=True) if np.array_equal(weight, values)}
    return sorted(same - biases_without_gradient(model))


def test_the_fully_connected_network_has_the_report_s_297710_parameters():
    assert build_fcn().count_params() == 297_710


def test_the_convolutional_network_has_the_report_s_889354_parameters():
    assert build_cnn().count_params() == 889_354


@pytest.mark.parametrize("build", [build_fcn, build_cnn])
def test_images_become_float32_logits(build):
    model = build()
    logits = model(images_for(model, 3))
    assert logits.shape == (3, 10)
    assert logits.dtype == "float32"
    # No softmax: logits take either sign and their rows do not add up to one.
    assert np.min(logits) < 0 < np.max(logits)
    assert not np.allclose(np.sum(logits, axis=1), 1, atol=0.01)


@pytest.mark.parametrize("build", [build_fcn, build_cnn])
def test_logits_are_float32_in_mixed_precision_too(build, bfloat16_policy):
    model = build_small(build)
    assert model(images_for(model)).dtype == "float32"
    assert model.get_layer("hidden_1").compute_dtype == "bfloat16"
    assert {weight.dtype for weight in model.weights} == {"float32"}


@pytest.mark.parametrize("build", [build_fcn, build_cnn])
def test_builders_return_uncompiled_models(build):
    assert not build_small(build).compiled


def test_the_fully_connected_network_is_sequential_and_the_convolutional_one_functional():
    assert type(build_small(build_fcn)) is keras.Sequential
    assert type(build_small(build_cnn)) is type(keras.Model(inputs=(x := keras.Input((1,))), outputs=x))


def layer_names(model):
    return [layer.name for layer in model.layers if layer.name != "images"]


def test_dropout_follows_each_hidden_relu_and_batch_norm_precedes_it():
    assert layer_names(build_small(build_fcn, dropout_rate=0.1, batch_norm=True)) == [
        "flatten",
        "hidden_1",
        "hidden_1_norm",
        "hidden_1_relu",
        "hidden_1_dropout",
        "hidden_2",
        "hidden_2_norm",
        "hidden_2_relu",
        "hidden_2_dropout",
        "logits",
    ]


def test_convolutions_are_normalised_before_the_relu_and_pooled_after_it():
    assert layer_names(build_small(build_cnn, dropout_rate=0.1, batch_norm=True)) == [
        "conv_1",
        "conv_1_norm",
        "conv_1_relu",
        "pool_1",
        "conv_2",
        "conv_2_norm",
        "conv_2_relu",
        "pool_2",
        "flatten",
        "hidden_1",
        "hidden_1_norm",
        "hidden_1_relu",
        "hidden_1_dropout",
        "logits",
    ]


def test_the_base_has_neither_dropout_nor_batch_norm():
    assert layer_names(build_fcn()) == ["flatten", "hidden_1", "hidden_1_relu", "hidden_2", "hidden_2_relu", "logits"]


@pytest.mark.parametrize("build", [build_fcn, build_cnn])
def test_batch_norm_has_pytorch_s_constants(build):
    norms = [
        layer
        for layer in build_small(build, batch_norm=True).layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert len(norms) == (2 if build is build_fcn else 3)
    assert {(norm.epsilon, norm.momentum) for norm in norms} == {(1e-5, 0.9)}


def test_batch_norm_normalises_as_pytorch_does():
    norm = build_small(build_fcn, batch_norm=True).get_layer("hidden_1_norm")
    values = np.random.default_rng(1).normal(3, 0.01, (50, 8)).astype(np.float32)
    expected = (values - values.mean(axis=0)) / np.sqrt(values.var(axis=0) + 1e-5)
    np.testing.assert_allclose(norm(values, training=True), expected, atol=1e-3)
    np.testing.assert_allclose(norm.moving_mean, 0.1 * values.mean(axis=0), rtol=1e-4)


@pytest.mark.parametrize("build", [build_fcn, build_cnn])
def test_dropout_scales_what_it_keeps_and_is_the_identity_at_inference(build):
    dropout = build_small(build, dropout_rate=0.25).get_layer("hidden_1_dropout")
    ones = np.ones((1000, 6), np.float32)
    dropped = np.asarray(dropout(ones, training=True))
    np.testing.assert_allclose(np.unique(dropped), [0, 1 / 0.75])
    assert np.mean(dropped == 0) == pytest.approx(0.25, abs=5 * math.sqrt(0.25 * 0.75 / dropped.size))
    np.testing.assert_array_equal(dropout(ones, training=False), ones)


def test_every_dropout_layer_drops_other_units():
    model = build_fcn((4, 4, 1), 3, hidden_units=(50, 50), dropout_rate=0.5)
    ones = np.ones((10, 50), np.float32)
    first, second = (np.asarray(model.get_layer(f"hidden_{k}_dropout")(ones, training=True)) for k in (1, 2))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("image_shape", [(4, 5, 1), (6, 5, 3), (32, 32, 3)])
@pytest.mark.parametrize("num_classes", [2, 47])
def test_the_fully_connected_network_takes_other_images_and_classes(image_shape, num_classes):
    model = build_fcn(image_shape, num_classes, hidden_units=(7,))
    assert model.count_params() == (math.prod(image_shape) + 1) * 7 + 8 * num_classes
    assert model(images_for(model)).shape == (4, num_classes)


@pytest.mark.parametrize(("image_shape", "flat"), [((8, 8, 1), 2 * 2), ((11, 7, 3), 2 * 1)])
@pytest.mark.parametrize("num_classes", [2, 47])
def test_the_convolutional_network_takes_other_images_and_classes(image_shape, flat, num_classes):
    model = build_small(build_cnn, image_shape=image_shape, num_classes=num_classes)
    convolutions = (9 * image_shape[2] + 1) * 4 + (9 * 4 + 1) * 5
    assert model.count_params() == convolutions + (flat * 5 + 1) * 6 + 7 * num_classes
    assert model(images_for(model)).shape == (4, num_classes)


def test_without_hidden_layers_the_network_is_linear():
    assert layer_names(build_fcn((4, 5, 1), 3, hidden_units=())) == ["flatten", "logits"]


def test_a_pool_of_one_leaves_the_pooling_out():
    names = layer_names(build_small(build_cnn, pool_sizes=(1, 2)))
    assert "pool_1" not in names
    assert "pool_2" in names


@pytest.mark.parametrize("build", [build_fcn, build_cnn])
@pytest.mark.parametrize("options", [{}, {"batch_norm": True, "dropout_rate": 0.1}])
def test_a_training_step_changes_every_weight(build, options):
    assert train_step(build_small(build, **options)) == []


@pytest.mark.parametrize(
    ("build", "before_norm"), [(build_fcn, ("hidden_1", "hidden_2")), (build_cnn, ("conv_1", "conv_2", "hidden_1"))]
)
def test_a_bias_right_before_a_batch_norm_changes_nothing(build, before_norm):
    model = build_small(build, batch_norm=True)
    biases = [model.get_layer(name).bias for name in before_norm]
    assert biases_without_gradient(model) == {bias.path for bias in biases}
    logits = model(images_for(model, 32), training=True)
    for bias in biases:
        bias.assign(bias + 1)
    np.testing.assert_allclose(model(images_for(model, 32), training=True), logits, atol=1e-4)


@pytest.mark.parametrize("build", [build_fcn, build_cnn])
def test_a_training_step_at_the_report_s_sizes_changes_every_weight(build):
    assert train_step(build()) == []


def test_alexnet_s_layout_is_a_configuration_that_trains():
    model = build_cnn(**ALEXNET)
    assert model.get_layer("flatten").output.shape == (None, 3 * 3 * 64)
    assert train_step(model) == []


def small_resnet(seed=0):
    return build_resnet((8, 8, 1), 3, filters=(4, 5, 6), dropout_rate=0.1, seed=seed)


def test_the_residual_network_is_small_and_every_weight_trains():
    assert build_resnet().count_params() == 265_770
    model = small_resnet()
    assert model.get_layer("pooled").output.shape == (None, 6)
    assert train_step(model) == []


def test_fused_batch_norm_trains_as_keras_s_own():
    model = small_resnet()
    plain = keras.models.clone_model(model)
    plain.set_weights(model.get_weights())
    images = images_for(model, 64)
    np.testing.assert_allclose(model(images, training=False), plain(images, training=False), atol=1e-5)
    norm, own = (each.get_layer("stem_norm") for each in (model, plain))
    features = np.random.default_rng(2).normal(3, 2, (64, 8, 8, 4)).astype(np.float32)
    np.testing.assert_allclose(norm(features, training=True), own(features, training=True), atol=1e-4)
    np.testing.assert_allclose(norm.moving_mean, own.moving_mean, rtol=1e-4)
    np.testing.assert_allclose(norm.moving_variance, own.moving_variance, rtol=1e-3)  # unbiased, and biased


def test_stages_that_leave_no_pixel_are_refused():
    with pytest.raises(ConfigError, match="leave no pixel of a 8x8 image"):
        build_resnet((8, 8, 1), filters=(4, 4, 4, 4, 4))


@pytest.mark.parametrize("build", [build_fcn, build_cnn])
def test_the_seed_alone_decides_the_weights(build):
    one, again, other = (build_small(build, seed=seed).get_weights() for seed in (1, 1, 2))
    for values, repeated, different in zip(one, again, other, strict=True):
        np.testing.assert_array_equal(values, repeated)
        assert not np.any(values == different)


@pytest.mark.parametrize(("kind", "build"), [("fcn", build_fcn), ("cnn", build_cnn), ("resnet", build_resnet)])
def test_the_configured_model_is_the_builder_s(kind, build):
    component = Component.of(kind, dropout_rate=0.1, initializer=Component.of("random_normal", stddev=0.3))
    configured = build_model(component, (8, 8, 1), 3, seed=5)
    direct = build((8, 8, 1), 3, dropout_rate=0.1, initializer=Component.of("random_normal", stddev=0.3), seed=5)
    assert configured.get_config() == direct.get_config()


@pytest.mark.parametrize(
    ("build", "options", "message"),
    [
        (build_fcn, {"dropout_rate": 1.5}, r"dropout_rate must be in \[0, 1\), got 1.5; 0.3 drops 30 % of the units"),
        (build_fcn, {"hidden_units": (0,)}, r"hidden_units must be whole numbers of at least 1, got \(0,\)"),
        (build_fcn, {"batch_norm": 1}, "batch_norm must be True or False, got 1"),
        (build_fcn, {"initializer": "xavier"}, r"initializer must be .*got 'xavier' \(did you mean 'xavier_normal'\?"),
        (build_fcn, {"image_shape": (28, 28)}, r"image_shape must be \(height, width, channels\), got \(28, 28\)"),
        (build_fcn, {"image_shape": (28, 0, 1)}, r"image_shape must be .*, got \(28, 0, 1\)"),
        (build_cnn, {"num_classes": 1}, "num_classes must be at least 2, got 1"),
        (
            build_cnn,
            {"filters": (32, 64, 128)},
            "filters, kernel_sizes and pool_sizes need one value per convolution, got 3 filters, 2 kernel_sizes, 2 poo",
        ),
        (build_cnn, {"pool_sizes": (8, 8)}, r"pool_sizes \(8, 8\) leave no pixel of a 28x28 image"),
        (build_cnn, {"image_shape": (28, 3, 1)}, r"pool_sizes \(2, 2\) leave no pixel of a 28x3 image"),
        (build_cnn, {"kernel_sizes": (5, 2.5)}, r"kernel_sizes must be whole numbers of at least 1, got \(5, 2.5\)"),
        (build_cnn, {"dense_units": "256"}, "dense_units must be whole numbers of at least 1, got '256'"),
    ],
)
def test_a_bad_argument_is_refused_with_what_is_allowed(build, options, message):
    with pytest.raises(ConfigError, match=message):
        build(**options)
