import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from simclr_tf.augment import RandomAffineCrop
from simclr_tf.augment.random_affine_crop import resample_affine
from simclr_tf.augment.random_resized_crop import resample_boxes

SEED = tf.constant([5, 6])


def pictures(count=1, height=6, width=6, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), np.uint8)


def mirrored(position, length):
    """Index into a line that is followed by its mirror image, again and again."""
    position %= 2 * length
    return position if position < length else 2 * length - 1 - position


def loop_resample(image, box, angle, shear, size):
    """Bilinear value at the place of every new pixel, as the definition says it."""
    height, width, _ = image.shape
    top, left, bottom, right = box
    result = np.zeros((size, size, 3))
    for row in range(size):
        for column in range(size):
            u = ((column + 0.5) / size - 0.5) * (right - left) * width
            v = ((row + 0.5) / size - 0.5) * (bottom - top) * height
            x = (left + right) / 2 * width + u * math.cos(angle) + v * (shear - math.sin(angle))
            y = (top + bottom) / 2 * height + u * math.sin(angle) + v * math.cos(angle)
            x, y = x - 0.5, y - 0.5
            x0, y0 = math.floor(x), math.floor(y)
            for i, j in ((y0, x0), (y0, x0 + 1), (y0 + 1, x0), (y0 + 1, x0 + 1)):
                weight = (1 - abs(y - i)) * (1 - abs(x - j))
                result[row, column] += weight * image[mirrored(i, height), mirrored(j, width)]
    return result


@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(3, 9),
    width=st.integers(3, 9),
    size=st.integers(1, 9),
    corners=st.lists(st.floats(0, 1, width=32), min_size=4, max_size=4),
    angle=st.floats(-3, 3, width=32),
    shear=st.floats(-0.5, 0.5, width=32),
)
def test_any_box_equals_the_loop_over_its_pixels(height, width, size, corners, angle, shear):
    image = pictures(1, height, width)[0]
    crop = resample_affine(image[None], tf.constant([corners]), [angle], [shear], size)
    expected = loop_resample(image.astype("float64"), corners, angle, shear, size)
    # Between neighbours up to 255 apart, a place that is off by 1e-5 is off by .003.
    np.testing.assert_allclose(crop[0], expected, atol=0.05)


def test_without_rotation_and_shear_it_is_the_upright_crop_inside_the_picture():
    images = pictures(2, 12, 10)
    boxes = tf.constant([[0.2, 0.3, 0.8, 0.7], [0.25, 0.75, 0.75, 0.25]])
    upright = resample_boxes(images, boxes, 5)
    np.testing.assert_allclose(
        resample_affine(images, boxes, tf.zeros(2), tf.zeros(2), 5), upright, atol=1e-2
    )


def test_a_quarter_turn_shows_the_picture_turned():
    image = pictures(1, 5, 5)
    turned = resample_affine(image, [[0.0, 0.0, 1.0, 1.0]], [math.pi / 2], [0.0], 5)
    # A new pixel's row is read along x, backwards, and its column along y.
    np.testing.assert_allclose(turned[0], np.rot90(image[0], k=1), atol=1e-2)


def test_a_shear_moves_rows_sideways_by_their_distance_from_the_middle():
    image = pictures(1, 5, 5)
    slanted = resample_affine(image, [[0.0, 0.0, 1.0, 1.0]], [0.0], [1.0], 5)[0]
    # Row 3 is one row below the middle: it is read 1 pixel further right; row 1, further left.
    np.testing.assert_allclose(slanted[3, :4], image[0, 3, 1:], atol=1e-2)
    np.testing.assert_allclose(slanted[1, 1:], image[0, 1, :4], atol=1e-2)


def test_the_layer_turns_each_picture_by_an_angle_of_its_own():
    layer = RandomAffineCrop(8, rotation=90, scale=(1.0, 1.0), ratio=(1.0, 1.0))
    same = np.repeat(pictures(1, 8, 8), 4, axis=0)
    views = layer.transform(same, SEED).numpy()
    assert len({view.tobytes() for view in views}) == 4


def test_at_strength_0_it_is_the_picture():
    layer = RandomAffineCrop(8, scale=(1.0, 1.0), ratio=(1.0, 1.0))
    images = pictures(3, 8, 8)
    np.testing.assert_allclose(layer.transform(images, SEED), images, atol=1e-2)


def test_the_same_seed_draws_the_same_views_in_a_graph_of_unknown_batch_size():
    layer = RandomAffineCrop(7, rotation=20, shear=0.2, horizontal_flip=0.5)
    images = pictures(3, 9, 8)
    in_graph = tf.function(
        layer.transform,
        input_signature=[tf.TensorSpec((None, 9, 8, 3), tf.uint8), tf.TensorSpec((2,), tf.int32)],
    )
    views = in_graph(images, SEED)
    assert views.shape == (3, 7, 7, 3) and views.dtype == tf.float32
    np.testing.assert_allclose(views, layer.transform(images, SEED), atol=1e-3)


def test_a_copy_from_its_config_is_the_same():
    layer = RandomAffineCrop(
        7, rotation=20, shear=0.2, scale=(0.3, 0.9), ratio=(0.8, 1.2), horizontal_flip=0.5, seed=3
    )
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert copy.get_config() == layer.get_config()
    images = pictures(3, 9, 8)
    np.testing.assert_array_equal(copy.transform(images, SEED), layer.transform(images, SEED))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rotation": -1}, "`rotation` must be between 0 and 180"),
        ({"rotation": 181}, "`rotation` must be between 0 and 180"),
        ({"shear": -0.1}, "`shear` must be at least 0"),
        ({"scale": (0.5, 1.5)}, "`scale` must be two numbers"),
    ],
)
def test_an_argument_out_of_range_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        RandomAffineCrop(8, **arguments)
