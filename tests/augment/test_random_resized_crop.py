import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from simclr_tf.augment import RandomResizedCrop
from simclr_tf.augment.random_resized_crop import resample_boxes

INTERPOLATIONS = ["bilinear", "bicubic"]
SEED = tf.constant([5, 6])


def triangle(distance):
    return max(0.0, 1 - abs(distance))


def keys(distance, a=-0.5):
    d = abs(distance)
    if d <= 1:
        return (a + 2) * d**3 - (a + 3) * d**2 + 1
    return a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a if d < 2 else 0.0


def sample(line, position, kernel):
    """The line's value at a position in pixels; beyond its ends it repeats the end."""
    taps = range(math.floor(position) - 1, math.floor(position) + 3)
    return sum(kernel(position - t) * line[min(max(t, 0), len(line) - 1)] for t in taps)


def loop_resample(image, box, size, kernel):
    """New pixel i is at (i + 1/2) / size of the box; old pixel t has its centre at t + 1/2."""
    top, left, bottom, right = box

    def positions(start, end, length):
        return [(start + (end - start) * (i + 0.5) / size) * length - 0.5 for i in range(size)]

    height, width, _ = image.shape
    image = image.astype("float64")
    rows = np.stack([sample(image, y, kernel) for y in positions(top, bottom, height)])
    columns = [sample(rows.swapaxes(0, 1), x, kernel) for x in positions(left, right, width)]
    return np.clip(np.stack(columns, axis=1), 0, 255)


def pictures(count, height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), np.uint8)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@settings(max_examples=20, deadline=None)
@given(
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    size=st.integers(1, 12),
    corners=st.lists(st.floats(0, 1, width=32), min_size=4, max_size=4),
)
def test_any_box_equals_the_loop_over_its_pixels(interpolation, height, width, size, corners):
    images = pictures(2, height, width)
    boxes = np.array([corners, [0, 0, 1, 1]], np.float32)
    kernel = {"bilinear": triangle, "bicubic": keys}[interpolation]
    expected = [
        loop_resample(image, box, size, kernel) for image, box in zip(images, boxes, strict=True)
    ]
    result = resample_boxes(tf.constant(images), tf.constant(boxes), size, interpolation)
    # 0.05 of 255: a position of 9 pixels is known to 1e-6 in float32; aligned corners or a = -0.75
    # are off by tens
    np.testing.assert_allclose(result, expected, atol=0.05)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_enlarging_equals_pillow(interpolation):
    # Pillow takes boxes in pixels and widens its kernel when it makes pictures smaller; away from
    # the border both read the same four by four pixels.
    image = np.random.default_rng(1).uniform(60, 190, (10, 12)).astype(np.float32)
    expected = Image.fromarray(image).resize(
        (16, 16), Image.Resampling[interpolation.upper()], box=(2.5, 3.0, 9.0, 7.25)
    )
    box = tf.constant([[3.0 / 10, 2.5 / 12, 7.25 / 10, 9.0 / 12]])
    images = tf.repeat(tf.constant(image)[None, :, :, None], 3, axis=-1)
    result = resample_boxes(images, box, 16, interpolation)[0, :, :, 0]
    np.testing.assert_allclose(result, expected, atol=0.01)


def test_the_border_is_repeated():
    # Columns 0 and 200, enlarged to four: centres at -0.25, 0.25, 0.75, 1.25 of the old columns
    image = tf.constant([[[[0.0] * 3, [200.0] * 3]]])
    result = resample_boxes(image, tf.constant([[0.0, 0.0, 1.0, 1.0]]), 4)
    np.testing.assert_allclose(result[0, 0, :, 0], [0, 0.25 * 200, 0.75 * 200, 200], atol=1e-3)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_the_whole_picture_at_its_own_size_is_the_picture(interpolation):
    images = pictures(3, 16, 16)
    layer = RandomResizedCrop(16, scale=(1, 1), ratio=(1, 1), interpolation=interpolation)
    np.testing.assert_allclose(layer(images), images, atol=1e-3)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_a_flip_mirrors_the_crop(interpolation):
    images = tf.constant(pictures(8, 16, 16))
    straight, mirrored = (
        RandomResizedCrop(9, horizontal_flip=flip, interpolation=interpolation).transform(
            images, SEED
        )
        for flip in (0, 1)
    )
    np.testing.assert_allclose(mirrored, straight[:, :, ::-1], atol=0.01)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_outside_training_the_whole_picture_is_resized(interpolation):
    images = pictures(2, 6, 10)
    layer = RandomResizedCrop(5, horizontal_flip=1, interpolation=interpolation)
    kernel = {"bilinear": triangle, "bicubic": keys}[interpolation]
    expected = [loop_resample(image, (0, 0, 1, 1), 5, kernel) for image in images]
    np.testing.assert_allclose(layer(images, training=False), expected, atol=0.01)


def draw(count=4000, aspect=1.0, **arguments):
    boxes = RandomResizedCrop(8, **arguments).draw_boxes(SEED, count, aspect)
    return np.asarray(boxes, np.float64).T


def assert_uniform(values, low, high):
    """Kolmogorov-Smirnov: 1.95 / sqrt(n) is passed once in a thousand times."""
    values = np.sort((values - low) / (high - low))
    distance = np.max(np.abs(values - (np.arange(len(values)) + 0.5) / len(values)))
    assert distance < 1.95 / math.sqrt(len(values))


@pytest.mark.parametrize("aspect", [1.0, 1.5])
def test_area_is_uniform_and_pixel_aspect_ratio_log_uniform(aspect):
    # Largest side: sqrt(0.5 * 4/3 * 1.5) = 1, so that no box is cut to the picture.
    top, left, bottom, right = draw(aspect=aspect, scale=(0.08, 0.5))
    area = (bottom - top) * (right - left)
    ratio = (right - left) / (bottom - top) * aspect
    assert_uniform(area, 0.08, 0.5)
    assert_uniform(np.log(ratio), np.log(3 / 4), np.log(4 / 3))
    assert abs(np.corrcoef(area, np.log(ratio))[0, 1]) < 0.06  # 3.8 / sqrt(4000)


def test_position_is_uniform_over_what_the_box_leaves_free():
    top, left, bottom, right = draw(scale=(0.08, 0.5))
    down, across = top / (1 - (bottom - top)), left / (1 - (right - left))
    assert_uniform(down, 0, 1)
    assert_uniform(across, 0, 1)
    assert abs(np.corrcoef(down, across)[0, 1]) < 0.06


def test_boxes_lie_in_the_picture_and_long_ones_are_cut_to_it():
    top, left, bottom, right = draw(scale=(0.9, 1), ratio=(0.5, 2))
    sides = np.stack([bottom - top, right - left])
    assert min(top.min(), left.min()) >= 0
    assert max(bottom.max(), right.max()) <= 1 + 1e-6
    # With ratio at least 1 / 0.9 or at most 0.9 the longer side exceeds the picture.
    assert np.mean(sides.max(axis=0) > 1 - 1e-6) > 0.8


def test_the_share_of_mirrored_boxes_is_the_flip_probability():
    _, left, _, right = draw(horizontal_flip=0.3)
    # 4 standard deviations of a share: 4 * sqrt(0.3 * 0.7 / 4000) = 0.029
    assert np.mean(left > right) == pytest.approx(0.3, abs=0.029)


def test_a_square_crop_of_a_wide_picture_covers_a_square_of_pixels():
    # 20 x 40 pixels, area 1/8: 100 pixels, so 10 x 10: half the height, a quarter of the width
    top, left, bottom, right = draw(10, aspect=2.0, scale=(1 / 8, 1 / 8), ratio=(1, 1))
    np.testing.assert_allclose(bottom - top, 1 / 2, rtol=1e-5)
    np.testing.assert_allclose(right - left, 1 / 4, rtol=1e-5)


def test_the_layer_resamples_the_boxes_it_draws():
    images = tf.constant(pictures(6, 10, 15))
    layer = RandomResizedCrop(7, horizontal_flip=0.5)
    boxes = layer.draw_boxes(SEED, 6, aspect=1.5)
    expected = [
        loop_resample(image, box, 7, triangle)
        for image, box in zip(images.numpy(), boxes.numpy(), strict=True)
    ]
    np.testing.assert_allclose(layer.transform(images, SEED), expected, atol=0.01)
