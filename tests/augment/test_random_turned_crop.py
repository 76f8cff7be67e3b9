import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.augment import RandomTurnedCrop
from simclr_tf.augment.random_affine_crop import resample_affine

SEED = tf.constant([5, 6])
PAPER = (240, 230, 200)


def drawings(count=1, size=16):
    """Paper with a dark mark off the middle."""
    pictures = np.full((count, size, size, 3), PAPER, np.uint8)
    pictures[:, 3:9, 6:8] = 10, 20, 30
    return pictures


def still(size=16, **arguments):
    """A crop that moves nothing but for the arguments."""
    settings = {"scale": (1, 1), "ratio": (1, 1), "shift": 0.0, "rotation": 0.0}
    return RandomTurnedCrop(size, **{**settings, "quarter_turns": 0.0, **arguments})


def test_quarter_turns_are_exact_and_equally_often():
    pictures = drawings(2000)
    result = still(quarter_turns=1.0).transform(pictures, SEED).numpy()
    counts = [
        (np.abs(result - np.rot90(pictures[0], turns)).max(axis=(1, 2, 3)) < 0.1).sum()
        for turns in range(4)
    ]
    assert sum(counts) == 2000
    # 4 standard deviations: 4 · √(2000 · .25 · .75) = 77
    np.testing.assert_allclose(counts, 500, atol=77)


def test_a_share_of_the_pictures_is_turned():
    result = still(quarter_turns=0.4).transform(drawings(2000), SEED).numpy()
    upright = (np.abs(result - drawings()).max(axis=(1, 2, 3)) < 0.1).mean()
    # Of those that are turned a quarter is turned by 0: 1 − .4 · .75 = .7; 4 · √(.21 / 2000)
    assert upright == pytest.approx(0.7, abs=0.041)


@pytest.mark.parametrize(
    "arguments", [{"rotation": 45}, {"scale": (1.5, 1.5)}, {"shift": 0.5}, {"ratio": (3, 3)}]
)
def test_beyond_the_picture_there_is_its_own_paper(arguments):
    blank = np.full((40, 16, 16, 3), PAPER, np.uint8)
    blank[20:] = 10, 60, 160
    result = still(**arguments).transform(blank, SEED)
    np.testing.assert_allclose(result, blank, atol=0.01)


def test_a_fill_takes_the_place_of_paper():
    result = still(scale=(2, 2), fill=7.0).transform(drawings(), SEED).numpy()[0]
    # The picture is the middle half, blended with what is outside over a pixel.
    np.testing.assert_allclose(result[:3], 7, atol=0.01)
    np.testing.assert_allclose(result[5, 5], PAPER, atol=0.01)


def test_what_is_inside_is_the_affine_crop():
    layer = RandomTurnedCrop(11, scale=(0.3, 0.4), shift=0.1, rotation=30)
    pictures = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), np.uint8)
    box_seed, angle_seed = tf.unstack(tf.random.split(SEED, 2), num=2)
    boxes, angles = layer.draw_boxes(box_seed, 20), layer.draw_angles(angle_seed, 20)
    # No corner of these boxes leaves the picture: .1 + .4 · √2 / 2 · 1.06 < .5.
    expected = resample_affine(pictures, boxes, angles, tf.zeros(20), 11)
    np.testing.assert_allclose(layer.transform(pictures, SEED), expected, atol=0.01)


def test_boxes_have_the_sides_and_centres_asked_for():
    layer = RandomTurnedCrop(8, scale=(0.5, 2.0), ratio=(0.8, 1.25), shift=0.1)
    top, left, bottom, right = layer.draw_boxes(SEED, 2000).numpy().T
    height, width = bottom - top, right - left
    scale, ratio = np.sqrt(height * width), width / height
    assert 0.5 <= scale.min() < 0.51 and 1.98 < scale.max() <= 2.001
    assert 0.8 <= ratio.min() + 1e-5 and ratio.min() < 0.802
    assert 1.246 < ratio.max() <= 1.2501
    # Log-uniform around 1: 4 · 2 ln 2 / √12 / √2000 = .036
    assert np.log(scale).mean() == pytest.approx(0, abs=0.036)
    for centre in ((top + bottom) / 2, (left + right) / 2):
        assert 0.4 <= centre.min() < 0.401 and 0.599 < centre.max() <= 0.6001


def test_free_angles_are_uniform_around_the_quarter_turns():
    layer = RandomTurnedCrop(8, rotation=10)
    degrees = np.degrees(layer.draw_angles(SEED, 2000).numpy())
    turns = np.round(degrees / 90)
    assert set(turns) == {0, 1, 2, 3}
    free = degrees - 90 * turns
    assert -10.001 <= free.min() < -9.9 and 9.9 < free.max() <= 10.001
    # 4 · 20/√12 / √2000 = .52
    assert free.mean() == pytest.approx(0, abs=0.52)


def test_outside_training_pictures_are_resized_only():
    assert still(8)(drawings(), training=False).shape == (1, 8, 8, 3)
    np.testing.assert_array_equal(still()(drawings(), training=False), drawings())
