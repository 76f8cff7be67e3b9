import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy.fft import dctn, idctn

from simclr_tf.augment import RandomJpegArtifacts
from simclr_tf.augment.random_jpeg_artifacts import compress, quantisation_steps

SEED = tf.constant([1, 2])


def drawing(height=40, width=53, seed=0):
    """Dark strokes and a smooth coloured ramp on paper, uint8 `[height, width, 3]`."""
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    picture = np.stack([250 - rows, 240 - columns, 220 - rows // 2], axis=-1).astype(float)
    for _ in range(5):
        row, column = generator.integers(0, height), generator.integers(0, width)
        picture[row : row + 2] = generator.integers(0, 90, 3)
        picture[:, column : column + 1] = generator.integers(0, 90, 3)
    return np.clip(picture, 0, 255).astype(np.uint8)


def compressed(picture, quality):
    images = tf.constant(picture[None], tf.float32)
    return compress(images, tf.constant([quality], tf.float32))[0].numpy()


def pillow(picture, quality):
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=quality, subsampling=0)
    return np.asarray(Image.open(stream)).astype(float)


@pytest.mark.parametrize("quality", [10, 40, 50, 75, 95])
def test_the_steps_are_the_tables_that_pillow_writes(quality):
    stream = io.BytesIO()
    Image.fromarray(drawing()).save(stream, "JPEG", quality=quality)
    tables = Image.open(stream).quantization
    steps = quantisation_steps(tf.constant([quality], tf.float32))[0].numpy()
    # Pillow gives them row by row.
    for channel, table in enumerate((tables[0], tables[1], tables[1])):
        assert steps[:, :, channel].ravel().tolist() == list(table)


@pytest.mark.parametrize("quality", [10, 50, 90])
def test_the_result_is_pillow_s_up_to_rounding(quality):
    picture = drawing()
    found, expected = compressed(picture, quality), pillow(picture, quality)
    change = np.abs(expected - picture).mean()
    # Its transform is in whole numbers: a wave half-way between two steps may go the other way.
    assert np.abs(found - expected).mean() < 0.15 * change
    assert (np.abs(found - expected) <= 2).mean() > 0.98


def test_one_channel_equals_the_cosine_transform_of_scipy():
    grey = drawing(16, 24)[..., :1].repeat(3, axis=-1)
    # Grey has no differences of colour: only its luminance is quantised.
    steps = quantisation_steps(tf.constant([30.0]))[0, :, :, 0].numpy()
    expected = np.empty((16, 24))
    for row in range(0, 16, 8):
        for column in range(0, 24, 8):
            block = grey[row : row + 8, column : column + 8, 0].astype(float) - 128
            waves = np.round(dctn(block, norm="ortho") / steps) * steps
            expected[row : row + 8, column : column + 8] = idctn(waves, norm="ortho")
    expected = np.clip(np.round(expected + 128), 0, 255)
    difference = np.abs(compressed(grey, 30)[..., 0] - expected)
    assert (difference <= 1).mean() > 0.99


def test_sizes_that_are_no_multiple_of_8_repeat_the_border():
    picture = drawing(13, 21)
    extended = np.pad(picture, [(0, 3), (0, 3), (0, 0)], mode="edge")
    np.testing.assert_array_equal(compressed(picture, 40), compressed(extended, 40)[:13, :21])


def test_a_lower_quality_changes_more():
    picture = drawing()
    changes = [np.abs(compressed(picture, quality) - picture).mean() for quality in (90, 50, 10)]
    assert changes[0] < changes[1] < changes[2]


def test_the_quality_is_drawn_for_each_picture_within_its_range():
    copies = np.repeat(drawing(16, 16)[None], 300, axis=0)
    layer = RandomJpegArtifacts(quality=(20, 22), probability=1)
    result = layer.transform(tf.constant(copies), SEED).numpy()
    expected = [compressed(copies[0], quality).tobytes() for quality in (20, 21, 22)]
    found = [picture.tobytes() for picture in result]
    assert set(found) == set(expected)


def test_pictures_not_chosen_are_untouched_and_the_share_is_the_probability():
    copies = np.repeat(drawing(8, 8)[None], 2000, axis=0)
    layer = RandomJpegArtifacts(quality=(5, 5), probability=0.3)
    result = layer.transform(tf.constant(copies), SEED).numpy()
    # 4 standard deviations: 4 · √(.3 · .7 / 2000) = .041
    assert (result != copies).any(axis=(1, 2, 3)).mean() == pytest.approx(0.3, abs=0.041)
