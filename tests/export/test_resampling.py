"""Resizing in the graph against the decoder of training, on pictures without loss."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from simclr_tf.data.decode import decode_content
from simclr_tf.export.resampling import resize_to_square
from tests.export.conftest import pictures

MODES = ("crop", "pad", "stretch")


def noise(height, width, count=1):
    return np.random.default_rng(height * width).integers(0, 256, (count, height, width, 3))


def as_in_training(picture, size, mode):
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "PNG")
    return decode_content(content.getvalue(), size, mode)


# Larger, smaller, just above and below twice and three times the size, odd borders, thin ones.
@pytest.mark.parametrize(
    "height, width",
    [(16, 17), (33, 32), (67, 41), (64, 64), (65, 131), (200, 97), (5, 9), (1, 40), (300, 8)],
)
@pytest.mark.parametrize("mode", MODES)
def test_pixels_are_those_of_training(height, width, mode):
    picture = noise(height, width)[0].astype(np.uint8)
    found = resize_to_square(tf.constant(picture)[None], 16, mode)[0].numpy()
    expected = as_in_training(picture, 16, mode).astype(np.float32)
    # Pillow rounds its weights to 22 bits: only a value at a tie comes out one level off.
    differs = found != expected
    assert np.abs(found - expected).max() <= 1
    assert differs.mean() < 0.005


@pytest.mark.parametrize("mode", MODES)
def test_every_picture_of_a_batch_is_resized_alone(mode):
    batch = tf.constant(noise(40, 30, count=3).astype(np.uint8))
    together = resize_to_square(batch, 16, mode)
    for number in range(3):
        alone = resize_to_square(batch[number : number + 1], 16, mode)
        np.testing.assert_array_equal(together[number], alone[0])


@pytest.mark.parametrize("mode", MODES)
def test_a_square_of_the_wanted_size_is_unchanged_also_between_levels(mode):
    picture = pictures(2, 16).astype(np.float32) + 0.25
    np.testing.assert_array_equal(resize_to_square(tf.constant(picture), 16, mode), picture)


def test_the_size_is_known_to_the_graph():
    function = tf.function(
        lambda x: resize_to_square(x, 16, "pad"),
        input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8)],
    )
    assert function.get_concrete_function().output_shapes == (None, 16, 16, 3)
