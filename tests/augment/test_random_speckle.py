import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.augment import RandomSpeckle

SEED = tf.constant([1, 2])


def factors(value=100.0, count=16, side=40, **arguments):
    """What the layer multiplies each pixel and channel of equal pictures with."""
    images = tf.fill([count, side, side, 3], value)
    return RandomSpeckle(**arguments).transform(images, SEED).numpy() / value


def test_the_factor_is_normal_around_1_and_the_same_for_all_channels():
    found = factors(sigma=(0.1, 0.1), probability=1)
    assert np.ptp(found, axis=-1).max() == 0
    noise = (found[..., 0].ravel() - 1) / 0.1
    # 25,600 values: mean 0 ± 4 / √n = .025, deviation 1 ± 4 / √(2 n) = .018
    assert np.mean(noise) == pytest.approx(0, abs=0.025)
    assert np.std(noise) == pytest.approx(1, abs=0.018)


def test_bright_pixels_get_more_noise_than_dark_ones():
    images = np.zeros((1, 60, 60, 3), np.float32)
    images[:, :30], images[:, 30:50] = 150, 15
    layer = RandomSpeckle(sigma=(0.2, 0.2), probability=1)
    result = layer.transform(tf.constant(images), SEED).numpy()[0, :, :, 0]
    # 1,800 and 1,200 values: each deviation is known to 4 / √(2 · 1200) = 8 %
    assert result[:30].std() == pytest.approx(30, rel=0.08)
    assert result[30:50].std() == pytest.approx(3, rel=0.08)
    assert (result[50:] == 0).all()


def test_white_paper_is_clipped():
    found = factors(255.0, sigma=(0.2, 0.2), probability=1)
    assert found.max() == 1
    # Half of the factors are above 1: 25,600 values, 4 · √(.25 / n) = .0125
    assert (found[..., 0] == 1).mean() == pytest.approx(0.5, abs=0.0125)


def test_the_strength_is_uniform_over_pictures():
    found = factors(count=1000, side=12, sigma=(0.05, 0.25), probability=1)
    deviations = found[..., 0].std(axis=(1, 2))
    # Quantiles of U(.05, .25): 4 · .2 · √(.25 / 1000) = .0126
    np.testing.assert_allclose(
        np.quantile(deviations, [0.1, 0.5, 0.9]), [0.07, 0.15, 0.23], atol=0.0126
    )


def test_pictures_not_chosen_are_untouched_and_the_share_is_the_probability():
    found = factors(count=2000, side=4, sigma=(0.2, 0.2), probability=0.3)
    # 4 standard deviations: 4 · √(.3 · .7 / 2000) = .041
    assert (found != 1).any(axis=(1, 2, 3)).mean() == pytest.approx(0.3, abs=0.041)
