import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.augment import RandomGaussianNoise

SEED = tf.constant([1, 2])


def noise_on(value, shape, **arguments):
    """The pictures' change where nothing is clipped."""
    images = tf.fill(shape, np.float32(value))
    return (RandomGaussianNoise(**arguments).transform(images, SEED) - value).numpy()


def test_noise_is_normal_with_the_standard_deviation_given():
    noise = noise_on(128, (16, 20, 20, 3), sigma=(8, 8), probability=1).ravel() / 8
    # 19,200 values: mean 0 +- 4 / sqrt(n) = 0.029, deviation 1 +- 4 / sqrt(2 n) = 0.021
    assert np.mean(noise) == pytest.approx(0, abs=0.029)
    assert np.std(noise) == pytest.approx(1, abs=0.021)
    # the normal distribution's share within one and two deviations, 4 * sqrt(.68 * .32 / n)
    assert np.mean(np.abs(noise) < 1) == pytest.approx(0.6827, abs=0.014)
    assert np.mean(np.abs(noise) < 2) == pytest.approx(0.9545, abs=0.007)


def test_pixels_channels_and_pictures_get_their_own_noise():
    noise = noise_on(128, (8, 40, 40, 3), sigma=(8, 8), probability=1)
    pairs = [
        (noise[:, 1:], noise[:, :-1]),
        (noise[:, :, 1:], noise[:, :, :-1]),
        (noise[..., 1:], noise[..., :-1]),
        (noise[1:], noise[:-1]),
    ]
    for one, other in pairs:  # at least 25,600 pairs: 4 / sqrt(25600) = 0.025
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.025


def test_the_standard_deviation_is_uniform_over_pictures():
    noise = noise_on(128, (2000, 10, 10, 3), sigma=(5, 20), probability=1)
    deviations = np.sort(noise.std(axis=(1, 2, 3)))
    # Each is known to 1 / sqrt(600) = 4 %; quantiles of U(5, 20), 4 * 15 * sqrt(.25 / 2000) = 0.7
    quantiles = np.quantile(deviations, [0.1, 0.5, 0.9])
    np.testing.assert_allclose(quantiles, [6.5, 12.5, 18.5], atol=0.7)


@pytest.mark.parametrize("extreme", [0, 255])
def test_the_sum_is_clipped(extreme):
    change = noise_on(extreme, (4, 30, 30, 3), sigma=(10, 10), probability=1)
    # half of the normal values point out of the range: 10,800 values, 4 * sqrt(.25 / n) = 0.02
    assert np.mean(change == 0) == pytest.approx(0.5, abs=0.02)
    assert np.max(np.abs(change)) > 20


def test_pictures_not_chosen_are_untouched_and_the_share_is_the_probability():
    change = noise_on(128, (4000, 2, 2, 3), sigma=(5, 9), probability=0.3)
    noisy = np.any(change != 0, axis=(1, 2, 3))
    # 4 standard deviations: 4 * sqrt(0.3 * 0.7 / 4000) = 0.029
    assert np.mean(noisy) == pytest.approx(0.3, abs=0.029)
