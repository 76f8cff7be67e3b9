import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.encoders.frozen.frozen_encoder import FrozenEncoder


class Recorder:
    """A network that gives the mean colours of what came to it."""

    def __init__(self, dtype="float32", quantised=False, size=(None, None)):
        self.height, self.width = size
        self.picture_dtype = dtype
        self.is_quantised = quantised

    def __call__(self, pictures):
        self.pictures = pictures
        return tf.reduce_mean(pictures, [1, 2])


def raw(number=2, size=6, value=255):
    return tf.constant(np.full((number, size, size, 3), value, np.uint8))


def test_raw_pictures_are_scaled_and_fitted():
    network = Recorder(size=(6, 4))
    features = FrozenEncoder(network, "zero_to_one", "crop", "m")(raw())
    assert network.pictures.shape == (2, 6, 4, 3)
    np.testing.assert_allclose(features, np.ones((2, 3)))


def test_a_network_of_any_size_gets_the_pictures_as_large_as_they_are():
    network = Recorder()
    FrozenEncoder(network, "none", "crop", "m")(raw(size=9))
    assert network.pictures.shape == (2, 9, 9, 3)


def test_a_map_of_features_is_averaged():
    network = Recorder()
    network.__class__ = type("Map", (Recorder,), {"__call__": lambda self, pictures: pictures})
    features = FrozenEncoder(network, "none", "crop", "m")(raw(value=7))
    np.testing.assert_allclose(features, np.full((2, 3), 7.0))


@pytest.mark.parametrize("dtype", ["uint8", "int8"])
def test_whole_numbers_need_no_scaling(dtype):
    network = Recorder(dtype, quantised=True)
    FrozenEncoder(network, "auto", "crop", "m")(raw(value=200))
    assert np.all(network.pictures.numpy() == 200)


def test_floating_numbers_need_one():
    with pytest.raises(ValueError, match="`frozen_scaling` must say how m wants its pictures"):
        FrozenEncoder(Recorder(), "auto", "crop", "m")


def test_floating_numbers_may_have_a_default():
    network = Recorder()
    FrozenEncoder(network, "auto", "crop", "m", "facenet")(raw())
    np.testing.assert_allclose(network.pictures, 127.5 / 128)


def test_whole_numbers_without_a_scale_cannot_be_scaled():
    with pytest.raises(ValueError, match="`frozen_scaling` must be auto for m, which takes whole"):
        FrozenEncoder(Recorder("uint8"), "zero_to_one", "crop", "m")


def test_it_cannot_be_trained():
    encoder = FrozenEncoder(Recorder(), "none", "crop", "m")
    with pytest.raises(ValueError, match="A frozen encoder cannot be trained"):
        encoder(raw(), training=True)
