"""The operations against Pillow, which the AutoAugment family is defined by."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from simclr_tf.augment import operations


def pictures(count=3, height=11, width=13, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), np.uint8)


def with_pillow(function, images):
    return np.stack([np.asarray(function(Image.fromarray(image))) for image in images])


def floating(images):
    return tf.cast(images, tf.float32)


def test_equalize_is_pillow_s_to_the_digit():
    images = pictures(4, 40, 30)
    images[1] //= 9  # few dark values
    images[2, :, :, 0] = 77  # a channel of one value
    images[3, 5:] = 200  # most pixels alike
    expected = with_pillow(ImageOps.equalize, images)
    np.testing.assert_array_equal(operations.equalize(floating(images)), expected)


def test_a_picture_too_small_to_equalize_stays_as_it_is():
    # With 9 pixels the step (9 - 1) // 255 is 0.
    images = pictures(2, 3, 3)
    np.testing.assert_array_equal(operations.equalize(floating(images)), images)


def test_stretching_the_contrast_is_pillow_s_but_for_rounding():
    images = 40 + pictures() // 3
    images[1, :, :, 2] = 9
    expected = with_pillow(ImageOps.autocontrast, images)
    # Pillow cuts to whole numbers.
    np.testing.assert_allclose(operations.stretch_contrast(floating(images)), expected, atol=1)


@pytest.mark.parametrize("bits", range(1, 9))
def test_posterize_is_pillow_s_to_the_digit(bits):
    images = pictures()
    expected = with_pillow(lambda image: ImageOps.posterize(image, bits), images)
    result = operations.posterize(floating(images), tf.fill([3], bits))
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("threshold", [0, 100, 255])
def test_solarize_is_pillow_s_to_the_digit(threshold):
    images = pictures()
    expected = with_pillow(lambda image: ImageOps.solarize(image, threshold), images)
    result = operations.solarize(floating(images), tf.fill([3], float(threshold)))
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("factor", [0.01, 0.6, 1.0, 1.99])
def test_sharpening_is_pillow_s_but_for_rounding(factor):
    images = pictures()
    expected = with_pillow(lambda image: ImageEnhance.Sharpness(image).enhance(factor), images)
    result = operations.sharpen(floating(images), tf.fill([3], factor))
    np.testing.assert_allclose(result, expected, atol=1.5)


def test_the_kernel_of_the_smooth_picture_is_pillow_s():
    images = pictures()
    expected = with_pillow(lambda image: image.filter(ImageFilter.SMOOTH), images)
    result = operations.sharpen(floating(images), tf.zeros([3]))
    np.testing.assert_allclose(result, expected, atol=0.51)


def test_a_warp_by_the_unit_matrix_changes_nothing():
    images = floating(pictures())
    unit = tf.tile(tf.constant([[[1.0, 0, 0], [0, 1, 0]]]), [3, 1, 1])
    np.testing.assert_allclose(operations.warp(images, unit, 0.0), images, atol=1e-3)


def test_every_picture_is_warped_by_its_own_matrix_and_filled_from_outside():
    images = pictures(2, 4, 5)
    # New (x, y) shows old (x + 2, y), and old (x, y - 1).
    matrices = tf.constant([[[1.0, 0, 2], [0, 1, 0]], [[1, 0, 0], [0, 1, -1]]])
    result = operations.warp(floating(images), matrices, 7.0).numpy()
    np.testing.assert_allclose(result[0, :, :3], images[0, :, 2:], atol=1e-3)
    np.testing.assert_allclose(result[1, 1:], images[1, :-1], atol=1e-3)
    assert (result[0, :, 3:] == 7).all()
    assert (result[1, 0] == 7).all()
