import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.augment import RandomFlip

# Mirror axes of a batch: 1 top to bottom, 2 left to right.
KINDS = {(0, 0): (), (1, 0): (2,), (0, 1): (1,), (1, 1): (1, 2)}


def pictures(count):
    return np.random.default_rng(0).integers(0, 256, (count, 3, 5, 3), np.uint8)


@pytest.mark.parametrize(("horizontal", "vertical"), KINDS)
def test_a_certain_flip_mirrors_its_own_axis(horizontal, vertical):
    images = pictures(3)
    expected = np.flip(images, KINDS[horizontal, vertical])
    assert np.array_equal(RandomFlip(horizontal, vertical)(images), expected)


def test_both_flips_are_drawn_independently_with_their_probabilities():
    images = np.repeat(pictures(1), 4000, axis=0)
    result = RandomFlip(0.3, 0.6).transform(tf.constant(images), tf.constant([1, 2])).numpy()
    shares = {
        kind: np.mean(np.all(result == np.flip(images, axes), axis=(1, 2, 3)))
        for kind, axes in KINDS.items()
    }
    # 4 standard deviations of a share: at most 4 * sqrt(0.42 * 0.58 / 4000) = 0.031
    expected = {(0, 0): 0.7 * 0.4, (1, 0): 0.3 * 0.4, (0, 1): 0.7 * 0.6, (1, 1): 0.3 * 0.6}
    assert shares == pytest.approx(expected, abs=0.031)
