import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.augment import RandomErasing


def erased_masks(layer, count=2000, height=40, width=60, seed=(1, 2)):
    """Bool `[count, height, width]`: what became 7 in pictures of 200."""
    images = np.full((count, height, width, 3), 200, np.uint8)
    result = layer.transform(tf.constant(images), tf.constant(seed)).numpy()
    assert set(np.unique(result)) <= {7.0, 200.0}
    return (result == 7).all(axis=-1)


def test_what_is_erased_is_one_rectangle_of_the_area_and_aspect_ratio_asked_for():
    masks = erased_masks(RandomErasing(1.0, scale=(0.1, 0.3), ratio=(0.5, 2.0), fill=7.0))
    heights, widths = masks.any(axis=2).sum(axis=1), masks.any(axis=1).sum(axis=1)
    # A rectangle is as large as its two sides say, and its rows and columns follow one another.
    np.testing.assert_array_equal(masks.sum(axis=(1, 2)), heights * widths)
    for sides in (masks.any(axis=2), masks.any(axis=1)):
        assert (np.abs(np.diff(sides.astype(int), axis=1)).sum(axis=1) <= 2).all()
    # Sides are rounded to pixels: at most half of one is lost of 11 or more.
    areas = heights * widths / (40 * 60)
    assert 0.1 * 0.9 < areas.min() < 0.12
    assert 0.28 < areas.max() < 0.3 * 1.1
    # Uniform: 4 standard deviations of the mean: 4 · .0577 / √2000 = .0052
    assert areas.mean() == pytest.approx(0.2, abs=0.0052 + 0.001)
    ratios = widths / heights
    assert 0.45 < ratios.min() < 0.55
    assert 1.8 < ratios.max() < 2.2
    # Log-uniform around 1: 4 · .4 / √2000 = .036
    assert np.log(ratios).mean() == pytest.approx(0, abs=0.036)


def test_every_pixel_may_be_erased():
    masks = erased_masks(RandomErasing(1.0, fill=7.0))
    assert masks.any(axis=0).all()


def test_the_share_of_changed_pictures_is_the_probability():
    masks = erased_masks(RandomErasing(0.3, scale=(0.1, 0.1), fill=7.0))
    # 4 standard deviations: 4 · √(.3 · .7 / 2000) = .041
    assert masks.any(axis=(1, 2)).mean() == pytest.approx(0.3, abs=0.041)


def test_without_a_fill_every_erased_pixel_and_channel_is_noise():
    images = np.full((50, 20, 20, 3), 0.25, np.float32)
    layer = RandomErasing(1.0, scale=(0.5, 0.5), ratio=(1, 1))
    result = layer.transform(tf.constant(images), tf.constant([3, 4])).numpy()
    noise = result[result != 0.25]
    # 14 · 14 pixels of 3 channels each
    assert len(noise) == pytest.approx(50 * 14 * 14 * 3, rel=0.01)
    assert len(np.unique(noise)) > 0.99 * len(noise)
    # 4 standard deviations of the mean: 4 · 73.6 / √29400 = 1.7
    assert noise.mean() == pytest.approx(127.5, abs=1.7)


def test_a_rectangle_longer_than_the_picture_is_cut_to_it():
    masks = erased_masks(RandomErasing(1.0, scale=(0.9, 0.9), ratio=(9, 9), fill=7.0), count=4)
    # √(.9 · 2400 · 9) = 139 wide, cut to 60; √(.9 · 2400 / 9) = 15.5 high.
    assert masks.any(axis=1).sum(axis=1).tolist() == [60] * 4
    assert set(masks.any(axis=2).sum(axis=1)) <= {15, 16}
