import keras
import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.encoders import FusedBatchNormalization


def pictures(seed=0, shape=(4, 5, 3, 6)):
    generator = np.random.default_rng(seed)
    offset, scale = generator.normal(size=shape[-1]), generator.uniform(0.5, 3, shape[-1])
    return (offset + scale * generator.normal(size=shape)).astype("float32")


def both_layers(seed=1, **kwargs):
    """This layer and Keras's with the same arguments and the same random weights."""
    arguments = {"momentum": 0.8, "epsilon": 1e-3, **kwargs}
    layers = FusedBatchNormalization(**arguments), keras.layers.BatchNormalization(**arguments)
    generator = np.random.default_rng(seed)
    for layer in layers:
        layer.build((None, 5, 3, 6))
    weights = [generator.uniform(0.5, 2, weight.shape) for weight in layers[0].weights]
    for layer in layers:
        layer.set_weights(weights)
    return layers


@pytest.mark.parametrize("kwargs", [{}, {"center": False}, {"scale": False}])
@pytest.mark.parametrize("training", [True, False])
def test_the_output_equals_that_of_keras(training, kwargs):
    fused, plain = both_layers(**kwargs)
    for seed in range(2):
        x = pictures(seed)
        expected = plain(x, training=training)
        np.testing.assert_allclose(fused(x, training=training), expected, rtol=1e-5, atol=1e-5)


def test_the_moving_statistics_equal_those_of_keras():
    fused, plain = both_layers()
    for seed in range(3):
        fused(pictures(seed), training=True)
        plain(pictures(seed), training=True)
    for name in ("moving_mean", "moving_variance"):
        np.testing.assert_allclose(getattr(fused, name), getattr(plain, name), rtol=1e-5)


def test_the_moving_variance_is_that_of_the_batch_by_hand():
    # momentum .5 from 1: .5 * 1 + .5 * var([0, 2, 4, 6]) = .5 + .5 * 5 = 3; mean .5 * 3 = 1.5.
    layer = FusedBatchNormalization(momentum=0.5)
    layer(np.float32([0, 2, 4, 6]).reshape(1, 2, 2, 1), training=True)
    np.testing.assert_allclose(layer.moving_variance, [3.0])
    np.testing.assert_allclose(layer.moving_mean, [1.5])


def test_a_single_value_leaves_finite_statistics():
    # One value has the variance 0: .9 * 1 + .1 * 0 = .9.
    layer = FusedBatchNormalization(momentum=0.9)
    output = layer(np.full((1, 1, 1, 1), 7, "float32"), training=True)
    np.testing.assert_allclose(layer.moving_variance, [0.9])
    np.testing.assert_allclose(output, np.zeros((1, 1, 1, 1)), atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_the_gradients_equal_those_of_keras(training):
    x = tf.constant(pictures())
    direction = tf.constant(pictures(seed=5))
    found = []
    for layer in both_layers():
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(direction * tf.square(layer(x, training=training)))
        found.append(tape.gradient(total, [x, *layer.trainable_variables]))
    for fused, plain in zip(*found, strict=True):
        np.testing.assert_allclose(fused, plain, rtol=1e-4, atol=1e-4)


def test_a_frozen_layer_uses_its_moving_statistics_even_in_training():
    layer, _ = both_layers()
    layer.trainable = False
    before = layer.get_weights()
    expected = layer(pictures(), training=False)
    np.testing.assert_array_equal(layer(pictures(), training=True), expected)
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_inference_is_the_default():
    layer, _ = both_layers()
    np.testing.assert_array_equal(layer(pictures()), layer(pictures(), training=False))


@pytest.mark.parametrize("precision, tolerance", [("bfloat16", 2**-8), ("float16", 2**-11)])
def test_half_precision_keeps_float32_statistics(precision, tolerance):
    layer = FusedBatchNormalization(dtype=f"mixed_{precision}", momentum=0.0)
    x = tf.cast(pictures() + 100, precision)
    output = layer(x, training=True)
    assert output.dtype == precision
    assert {weight.dtype for weight in layer.weights} == {"float32"}
    exact = tf.cast(x, "float64").numpy()
    mean, variance = exact.mean((0, 1, 2)), exact.var((0, 1, 2))
    np.testing.assert_allclose(layer.moving_mean, mean, rtol=1e-6)
    np.testing.assert_allclose(layer.moving_variance, variance, rtol=1e-3)
    expected = (exact - mean) / np.sqrt(variance + 1e-5)
    np.testing.assert_allclose(tf.cast(output, "float64"), expected, rtol=tolerance, atol=1e-3)


def test_scale_and_offset_are_not_rounded_to_half_precision():
    layer = FusedBatchNormalization(dtype="mixed_bfloat16", center=False)
    layer.build((None, 1, 1, 1))
    layer.gamma.assign([1.02])
    layer.moving_variance.assign([1.0 - 1e-5])
    output = layer(tf.fill([1, 1, 1, 1], 100.0), training=False)
    # 102 is a bfloat16; with gamma rounded to 1.0234 (the nearest of 1 + n / 128) it is 102.5.
    assert float(tf.cast(output, "float32")[0, 0, 0, 0]) == 102.0


def test_weights_have_the_names_and_the_order_of_keras():
    fused, plain = both_layers()
    assert [w.name for w in fused.weights] == [w.name for w in plain.weights]
    assert [w.name for w in fused.trainable_weights] == ["gamma", "beta"]


@pytest.mark.parametrize("other", ["rank", "axis"])
def test_inputs_of_another_rank_or_axis_are_normalised_as_keras_does(other):
    axis = 1 if other == "axis" else -1
    x = pictures(shape=(6, 4) if other == "rank" else (3, 4, 4, 4))
    fused, plain = (
        FusedBatchNormalization(axis=axis),
        keras.layers.BatchNormalization(axis=axis, momentum=0.9, epsilon=1e-5),
    )
    np.testing.assert_allclose(fused(x, training=True), plain(x, training=True), atol=1e-6)
    np.testing.assert_allclose(fused.moving_variance, plain.moving_variance, rtol=1e-6)


def test_every_argument_is_in_the_config():
    layer = FusedBatchNormalization(0.7, 1e-2, False, center=False, name="bn7")
    config = layer.get_config()
    expected = {"momentum": 0.7, "epsilon": 1e-2, "synchronized": False, "center": False}
    assert expected.items() <= config.items()
    copy = FusedBatchNormalization.from_config(config)
    assert (copy.momentum, copy.epsilon, copy.synchronized, copy.name) == (0.7, 1e-2, False, "bn7")


def test_statistics_are_synchronised_by_default():
    assert FusedBatchNormalization().synchronized


def test_a_saved_layer_gives_the_same_output(tmp_path):
    layer, _ = both_layers()
    model = keras.Sequential([keras.Input((5, 3, 6)), layer])
    model.save(tmp_path / "layer.keras")
    loaded = keras.models.load_model(tmp_path / "layer.keras")
    assert isinstance(loaded.layers[0], FusedBatchNormalization)
    np.testing.assert_array_equal(loaded(pictures()), model(pictures()))


@pytest.mark.parametrize("to_keras", [True, False])
def test_weights_move_to_the_layer_of_keras_and_back(to_keras):
    source, target = both_layers() if to_keras else both_layers()[::-1]
    source.set_weights([weight + 1 for weight in source.get_weights()])
    target.set_weights(source.get_weights())
    np.testing.assert_allclose(target(pictures()), source(pictures()), rtol=1e-5, atol=1e-5)
