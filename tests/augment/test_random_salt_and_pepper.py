import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.augment import RandomSaltAndPepper

SEED = tf.constant([1, 2])


def sprinkled(count=100, side=40, **arguments):
    """A batch of grey pictures after the layer, and which pixels changed `[count, side, side]`."""
    images = tf.fill([count, side, side, 3], 100.0)
    result = RandomSaltAndPepper(**arguments).transform(images, SEED).numpy()
    return result, (result != 100).any(axis=-1)


def test_a_share_of_the_pixels_becomes_white_or_black_as_a_whole():
    result, changed = sprinkled(amount=(0.1, 0.1), probability=1)
    # 160,000 pixels, 4 standard deviations: 4 · √(.1 · .9 / 160000) = .003
    assert changed.mean() == pytest.approx(0.1, abs=0.003)
    values = result[changed]
    assert set(np.unique(values)) == {0.0, 255.0}
    assert (values == values[:, :1]).all()
    # Half of 16,000: 4 · √(.25 / 16000) = .016
    assert (values[:, 0] == 255).mean() == pytest.approx(0.5, abs=0.016)


def test_the_amount_is_uniform_over_pictures():
    _, changed = sprinkled(count=1000, amount=(0.1, 0.5), probability=1)
    amounts = changed.mean(axis=(1, 2))
    # Each is known to √(.25 / 1600) = .0125 at most
    assert 0.06 < amounts.min() < 0.12 and 0.48 < amounts.max() < 0.54
    # 4 · .4/√12 / √1000 = .015
    assert amounts.mean() == pytest.approx(0.3, abs=0.015)


def test_pixels_and_pictures_are_drawn_independently():
    _, changed = sprinkled(amount=(0.3, 0.3), probability=1)
    pairs = [(changed[1:], changed[:-1]), (changed[:, 1:], changed[:, :-1])]
    for one, other in pairs:  # 156,000 pairs: 4 / √156000 = .0101
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.0102


def test_pictures_not_chosen_are_untouched_and_the_share_is_the_probability():
    _, changed = sprinkled(count=2000, side=8, amount=(0.5, 0.5), probability=0.3)
    # 4 standard deviations: 4 · √(.3 · .7 / 2000) = .041
    assert changed.any(axis=(1, 2)).mean() == pytest.approx(0.3, abs=0.041)
