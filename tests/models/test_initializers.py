"""The initialisation schemes obey their formulas, leave the biases alone and survive saving."""

import math

import keras
import numpy as np
import pytest

from fashion_keras.config.catalogue import INITIALIZERS
from fashion_keras.config.components import Component
from fashion_keras.models.initializers import FanInUniform, LayerInitializers, build_kernel_initializer
from fashion_keras.models.networks import build_cnn, build_fcn

DENSE_SHAPE, CONVOLUTION_SHAPE = (784, 300), (5, 5, 32, 64)
SHAPES = [DENSE_SHAPE, CONVOLUTION_SHAPE]


def fans(shape):
    """A convolution's unit sees a window of every channel, and is seen by a window of every filter."""
    window = math.prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


def draw(scheme, shape, seed=1):
    component = scheme if isinstance(scheme, Component) else Component(scheme)
    return np.asarray(build_kernel_initializer(component, seed)(shape), np.float64)


def variance_is(values, expected):
    # The deviation of a variance of n values is below sqrt(2/n) of it, 0.6 % for the smaller shape.
    return abs(values.var() / expected - 1) < 0.03 and abs(values.mean()) < 5 * math.sqrt(expected / values.size)


@pytest.mark.parametrize("shape", SHAPES)
def test_pytorch_default_is_uniform_within_one_over_the_root_of_fan_in(shape):
    values, limit = draw("pytorch_default", shape), 1 / math.sqrt(fans(shape)[0])
    assert variance_is(values, 1 / (3 * fans(shape)[0]))
    assert 0.999 * limit < abs(values).max() <= limit
    counts = np.histogram(values, bins=10, range=(-limit, limit))[0]
    assert np.all(abs(counts - values.size / 10) < 5 * math.sqrt(values.size / 10))


@pytest.mark.parametrize("shape", SHAPES)
def test_he_uniform_has_variance_two_over_fan_in_and_its_bound(shape):
    values, limit = draw("he_uniform", shape), math.sqrt(6 / fans(shape)[0])
    assert variance_is(values, 2 / fans(shape)[0])
    assert 0.999 * limit < abs(values).max() <= limit


@pytest.mark.parametrize("shape", SHAPES)
def test_xavier_normal_has_variance_two_over_both_fans(shape):
    assert variance_is(draw("xavier_normal", shape), 2 / sum(fans(shape)))


@pytest.mark.parametrize("shape", SHAPES)
def test_random_normal_has_the_deviation_of_the_option(shape):
    assert variance_is(draw("random_normal", shape), 0.05**2)
    assert variance_is(draw(Component.of("random_normal", stddev=0.2), shape), 0.2**2)


@pytest.mark.parametrize("scheme", ["xavier_normal", "random_normal"])
def test_normal_schemes_are_not_truncated(scheme):
    values = draw(scheme, DENSE_SHAPE)
    scaled = abs(values) / values.std()
    # Keras's truncated normal ends at 2 / 0.88 = 2.27 deviations, because it is widened to keep its variance.
    assert np.mean(scaled > 2.5) == pytest.approx(0.01242, rel=0.1)
    assert scaled.max() > 4


@pytest.mark.parametrize("scheme", INITIALIZERS)
def test_the_seed_alone_decides_the_values(scheme):
    np.testing.assert_array_equal(draw(scheme, (20, 30)), draw(scheme, (20, 30)))
    assert not np.any(draw(scheme, (20, 30), seed=1) == draw(scheme, (20, 30), seed=2))


def test_a_bias_takes_the_fan_that_it_is_given():
    values = np.asarray(FanInUniform(fan_in=784, seed=3)((50_000,)), np.float64)
    assert variance_is(values, 1 / (3 * 784))
    assert 0.999 / 28 < abs(values).max() <= 1 / 28


def test_every_layer_and_part_has_values_of_its_own():
    initializers = LayerInitializers(Component("pytorch_default"), seed=0)
    drawn = [part((40, 40)) for _ in range(3) for part in initializers.next_layer(40).values()]
    correlations = np.corrcoef([np.ravel(values) for values in drawn])
    assert np.all(abs(correlations - np.eye(6)) < 5 / 40)


def weights_of(model):
    """By the layer's name and the part, such as hidden_1/kernel."""
    return {f"{layer.name}/{weight.name}": weight.numpy() for layer in model.layers for weight in layer.weights}


def build_small(kind, **options):
    if kind == "fcn":
        return build_fcn((4, 5, 1), 3, hidden_units=(30, 20), **options)
    return build_cnn((8, 8, 1), 3, filters=(6, 8), kernel_sizes=(3, 3), dense_units=(30,), **options)


@pytest.mark.parametrize("kind", ["fcn", "cnn"])
@pytest.mark.parametrize("scheme", [name for name in INITIALIZERS if name != "pytorch_default"])
def test_a_scheme_replaces_every_layer_s_weights_and_no_bias(kind, scheme):
    base, other = weights_of(build_small(kind)), weights_of(build_small(kind, initializer=scheme))
    assert set(base) == set(other)
    for path, values in base.items():
        assert np.array_equal(values, other[path]) == path.endswith("bias"), path


@pytest.mark.parametrize("kind", ["fcn", "cnn"])
def test_biases_are_pytorch_s_in_every_layer(kind):
    model = build_small(kind)
    for layer in (layer for layer in model.layers if layer.weights):
        kernel, bias = layer.get_weights()
        limit = 1 / math.sqrt(math.prod(kernel.shape[:-1]))
        assert 0 < abs(bias).max() <= limit, layer.name
        assert abs(bias).max() > limit / 4, layer.name


def test_a_wide_layer_s_biases_have_pytorch_s_variance():
    model = build_fcn((4, 5, 1), 3, hidden_units=(20_000,))
    assert variance_is(model.get_layer("hidden_1").get_weights()[1].astype(np.float64), 1 / (3 * 20))


@pytest.mark.parametrize("kind", ["fcn", "cnn"])
@pytest.mark.parametrize("options", [{"dropout_rate": 0.5}, {"batch_norm": True}])
@pytest.mark.parametrize("scheme", INITIALIZERS)
def test_dropout_and_batch_norm_shift_no_layer_s_weights(kind, options, scheme):
    base = weights_of(build_small(kind, initializer=scheme))
    other = weights_of(build_small(kind, initializer=scheme, **options))
    for path, values in base.items():
        np.testing.assert_array_equal(values, other[path], err_msg=path)


def test_a_layer_more_shifts_no_earlier_layer_s_weights():
    base = weights_of(build_fcn((4, 5, 1), 3, hidden_units=(30, 20), seed=4))
    deeper = weights_of(build_fcn((4, 5, 1), 3, hidden_units=(30, 20, 10), seed=4))
    for path in ("hidden_1/kernel", "hidden_1/bias", "hidden_2/kernel", "hidden_2/bias"):
        np.testing.assert_array_equal(base[path], deeper[path])


@pytest.mark.parametrize("scheme", INITIALIZERS)
def test_a_model_survives_saving(scheme, tmp_path):
    model = build_small("cnn", initializer=scheme, batch_norm=True, dropout_rate=0.1)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    assert [layer.get_config() for layer in loaded.layers] == [layer.get_config() for layer in model.layers]
    for saved, restored in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(saved, restored)


@pytest.mark.parametrize("kind", ["fcn", "cnn"])
def test_a_model_s_own_configuration_builds_the_same_initial_weights(kind):
    model = build_small(kind)
    again = type(model).from_config(model.get_config())
    for values, repeated in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(values, repeated)


def test_an_initializer_survives_its_configuration():
    original = FanInUniform(fan_in=12, seed=5)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(original))
    np.testing.assert_array_equal(original((7,)), again((7,)))
