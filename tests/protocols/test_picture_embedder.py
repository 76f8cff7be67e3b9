import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.protocols import EmbeddingSettings, PictureEmbedder

SIZE = 8


def first_pixels(pictures, training=False):
    """An encoder that looks at the upper left corner only, and so tells the views apart."""
    return tf.cast(pictures[:, 0, :2, 0], tf.float32) + 1.0


def pictures(size):
    return np.random.default_rng(0).integers(0, 256, (3, size, size, 3), np.uint8)


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_one_view_is_left_as_the_encoder_gives_it():
    shown = pictures(SIZE)
    embed = PictureEmbedder(first_pixels, EmbeddingSettings(image_size=SIZE, batch_size=2))
    np.testing.assert_allclose(embed(shown), first_pixels(shown))


@pytest.mark.parametrize("flip", [False, True])
def test_views_are_averaged_as_unit_vectors(flip):
    settings = EmbeddingSettings(image_size=SIZE, crops=5, flip_average=flip, batch_size=2)
    assert settings.decoded_size == 9  # 8 / 0.875 = 9.14
    shown = pictures(9)
    # Corners of 8 of 9 pixels, and the centre (0.5 rounded down).
    crops = [
        shown[:, t : t + 8, left : left + 8] for t, left in [(0, 0), (0, 1), (1, 0), (1, 1), (0, 0)]
    ]
    views = [view for crop in crops for view in ([crop, crop[:, :, ::-1]] if flip else [crop])]
    expected = unit(sum(unit(first_pixels(view).numpy()) for view in views))
    embed = PictureEmbedder(first_pixels, settings)
    np.testing.assert_allclose(embed(shown), expected, atol=1e-6)


def test_crops_of_a_larger_picture_have_the_usual_share_of_it():
    # AlexNet's: 224 of 256.
    assert EmbeddingSettings(image_size=224, crops=5).decoded_size == 256
    assert EmbeddingSettings(image_size=224).decoded_size == 224
