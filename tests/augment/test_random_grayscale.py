import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.augment import RandomGrayscale


def pictures(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 4, 5, 3), np.uint8)


def luma(images):
    return np.repeat((images @ np.array([0.299, 0.587, 0.114]))[..., None], 3, axis=-1)


def test_grey_is_the_luma_in_all_three_channels():
    images = pictures(3)
    np.testing.assert_allclose(RandomGrayscale(1.0)(images), luma(images), atol=1e-3)


def test_the_primaries_have_the_weights_of_bt_601():
    # 255 * (0.299, 0.587, 0.114)
    image = 255 * np.eye(3, dtype=np.uint8)[None, None]
    result = RandomGrayscale(1.0)(image)[0, 0, :, 0]
    np.testing.assert_allclose(result, [76.245, 149.685, 29.07], rtol=1e-5)


def test_pictures_not_chosen_are_untouched_and_the_share_is_the_probability():
    images = pictures(4000)
    result = RandomGrayscale(0.2).transform(tf.constant(images), tf.constant([1, 2])).numpy()
    grey = np.all(result == result[..., :1], axis=(1, 2, 3))
    assert np.array_equal(result[~grey], images[~grey])
    np.testing.assert_allclose(result[grey], luma(images[grey]), atol=1e-3)
    # 4 standard deviations: 4 * sqrt(0.2 * 0.8 / 4000) = 0.025
    assert np.mean(grey) == pytest.approx(0.2, abs=0.025)
