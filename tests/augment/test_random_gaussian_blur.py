import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from simclr_tf.augment import RandomGaussianBlur
from simclr_tf.augment.plane_layer import from_planes, to_planes
from simclr_tf.augment.random_gaussian_blur import blur, blur_maps

SEED = tf.constant([1, 2])


def pictures(count, height=10, width=13, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), np.uint8)


def convolve(image, sigma):
    """The mirrored picture, shifted by every (dy, dx), weighted by the Gaussian's value there."""
    height, width, _ = image.shape
    reach = min(height, width)
    padded = np.pad(
        image.astype("float64"), [(reach, reach), (reach, reach), (0, 0)], mode="symmetric"
    )
    total, weights = np.zeros(image.shape), 0.0
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            weight = np.exp(-(dy**2 + dx**2) / (2 * sigma**2))
            shifted = padded[reach + dy : reach + dy + height, reach + dx : reach + dx + width]
            total, weights = total + weight * shifted, weights + weight
    return total / weights


def blurred(images, sigma):
    maps = blur_maps(tf.constant(sigma, tf.float32), *images.shape[1:3])
    return from_planes(blur(to_planes(images), *maps)).numpy()


def test_each_picture_equals_the_convolution_with_its_own_sigma():
    images, sigma = pictures(4), np.array([0.3, 0.8, 1.5, 2.0], np.float32)
    expected = [convolve(image, width) for image, width in zip(images, sigma, strict=True)]
    result = blurred(images, sigma)
    # a kernel of 10 pixels' reach is cut at 5 deviations of the widest: 1e-6 of its weight
    np.testing.assert_allclose(result, expected, atol=0.01)


@settings(max_examples=8, deadline=None)
@given(st.integers(6, 12), st.integers(6, 12), st.floats(0.1, 1.2), st.integers(0, 99))
def test_any_picture_equals_the_convolution(height, width, sigma, seed):
    images = pictures(1, height, width, seed)
    result = blurred(images, [sigma])
    np.testing.assert_allclose(result[0], convolve(images[0], sigma), atol=0.01)


def test_a_point_spreads_with_the_variance_of_the_kernel():
    # a point of 255 becomes 255 * g(dy) g(dx); its second moment along an axis is sigma^2
    image = np.zeros((1, 41, 41, 3), np.float32)
    image[0, 20, 20] = 255
    result = blurred(image, [2.5])[0, :, :, 0]
    offsets = np.arange(41) - 20
    assert np.sum(result) == pytest.approx(255, rel=1e-4)
    for axis in (0, 1):
        spread = np.sum(result.sum(axis=axis) * offsets**2) / np.sum(result)
        assert spread == pytest.approx(2.5**2, rel=1e-3)


@pytest.mark.parametrize("sigma", [1e-6, 0.5, 5.0, 1000.0])
def test_an_even_picture_stays_even(sigma):
    even = tf.fill((1, 6, 9, 3), 200.0)
    np.testing.assert_allclose(blurred(even, [sigma]), even, rtol=1e-5)


def test_pictures_not_chosen_are_bit_identical_and_the_share_is_the_probability():
    images = pictures(2000, 4, 4)
    layer = RandomGaussianBlur(sigma=(1, 2), probability=0.3)
    result = layer.transform(tf.constant(images), SEED).numpy()
    changed = result.std(axis=(1, 2, 3)) < 0.8 * images.std(axis=(1, 2, 3))
    assert np.array_equal(result[~changed], images[~changed])
    # 4 standard deviations: 4 * sqrt(0.3 * 0.7 / 2000) = 0.041
    assert np.mean(changed) == pytest.approx(0.3, abs=0.041)


def test_a_chosen_picture_keeps_its_sigma_whoever_else_is_chosen():
    images = tf.cast(pictures(40, 8, 8), tf.float32)
    every, some = (
        RandomGaussianBlur(sigma=(0.5, 3), probability=probability).transform(images, SEED).numpy()
        for probability in (1, 0.5)
    )
    chosen = np.any(some != images.numpy(), axis=(1, 2, 3))
    assert 0 < np.sum(chosen) < 40
    np.testing.assert_allclose(some[chosen], every[chosen], atol=1e-3)


def test_sigma_is_drawn_for_each_picture_uniformly():
    point = np.zeros((2000, 25, 1, 3), np.float32)
    point[:, 12] = 255
    layer = RandomGaussianBlur(sigma=(0.8, 2.0), probability=1)
    result = layer.transform(tf.constant(point), SEED).numpy()[:, :, 0, 0]
    sigma = np.sqrt(np.sum(result * (np.arange(25) - 12) ** 2, axis=1) / 255)
    assert (sigma.min(), sigma.max()) == pytest.approx((0.8, 2.0), abs=0.01)
    # quantiles of U(0.8, 2): 4 * 1.2 * sqrt(0.25 / 2000) = 0.054
    np.testing.assert_allclose(np.quantile(sigma, [0.1, 0.5, 0.9]), [0.92, 1.4, 1.88], atol=0.054)
