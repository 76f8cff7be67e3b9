import keras
import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.encoders import FusedBatchNormalization, build_encoder
from simclr_tf.encoders.batch_norm_folding import fold_batch_norm


def pictures(size, count=2):
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3)).astype(np.uint8)


def with_random_statistics(encoder):
    generator = np.random.default_rng(1)
    for layer in encoder.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights(
                [generator.uniform(0.5, 1.5, np.shape(weight)) for weight in layer.get_weights()]
            )
    return encoder


def normalizations(encoder):
    return [layer for layer in encoder.layers if isinstance(layer, keras.layers.BatchNormalization)]


def assert_same_features(found, expected, tolerance):
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * np.abs(expected).max())


def model_of(*layers):
    return keras.Sequential([keras.Input((4, 4, 3)), *layers])


@pytest.mark.parametrize("name", ["resnet10", "resnet50", "mobilenetv3_small"])
def test_the_features_stay_what_they_are(name):
    encoder = with_random_statistics(build_encoder(name, image_size=32, width=0.25))
    folded = fold_batch_norm(encoder)
    assert folded is not encoder
    images = pictures(32)
    expected = encoder(images, training=False).numpy()
    assert np.ptp(expected, axis=0).max() > 0
    assert_same_features(folded(images, training=False).numpy(), expected, 1e-5)


def test_in_bfloat16_the_features_differ_by_its_rounding():
    # A number of 8 binary digits is off by 1 in 2 ** 9 at most.
    encoder = with_random_statistics(
        build_encoder("resnet10", image_size=16, width=0.25, mixed_precision="bfloat16")
    )
    images = pictures(16)
    expected = encoder(images, training=False).numpy()
    assert_same_features(fold_batch_norm(encoder)(images, training=False).numpy(), expected, 0.05)


def test_nothing_is_computed_by_batch_normalisation_any_more():
    folded = fold_batch_norm(build_encoder("resnet10", image_size=16, width=0.125))
    assert not any("BatchNorm" in operation.type for operation in operations(folded))
    assert any(operation.type == "BiasAdd" for operation in operations(folded))


def operations(model):
    program = tf.function(lambda images: model(images, training=False))
    traced = program.get_concrete_function(tf.TensorSpec((1, 16, 16, 3), tf.uint8))
    return traced.graph.get_operations()


def test_the_encoder_itself_is_not_changed():
    encoder = with_random_statistics(build_encoder("resnet10", image_size=8, width=0.125))
    before = encoder.get_weights()
    fold_batch_norm(encoder)
    assert len(normalizations(encoder)) > 0
    for old, new in zip(before, encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_convolution_with_bias_before_a_normalisation_without_scale():
    # Kernel 2, bias 1: 2 x + 1; mean 3, variance 4, beta 5: (2 x + 1 - 3) / 2 + 5 = x + 4.
    convolution = keras.layers.Conv2D(3, 1, groups=3)
    normalization = FusedBatchNormalization(scale=False, epsilon=1e-7)
    model = model_of(convolution, normalization)
    convolution.set_weights([np.full((1, 1, 1, 3), 2.0), np.ones(3)])
    normalization.set_weights([np.full(3, 5.0), np.full(3, 3.0), np.full(3, 4.0)])
    x = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype(np.float32)
    folded = fold_batch_norm(model)
    assert folded is not model
    np.testing.assert_allclose(folded(x, training=False), x + 4, rtol=1e-5, atol=1e-5)


def test_what_is_used_twice_or_activated_before_stays_as_it_is():
    inputs = keras.Input((4, 4, 3))
    mapped = keras.layers.Conv2D(3, 1)(inputs)
    twice = keras.Model(inputs, keras.layers.Add()([mapped, FusedBatchNormalization()(mapped)]))
    activated = model_of(keras.layers.Conv2D(3, 1, activation="relu"), FusedBatchNormalization())
    for model in (twice, activated):
        assert fold_batch_norm(model) is model


def test_a_network_without_batch_normalisation_is_given_back():
    encoder = build_encoder("resnet10", image_size=8, width=0.125, normalization="group")
    assert fold_batch_norm(encoder) is encoder
