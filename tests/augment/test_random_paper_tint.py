import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.augment import RandomPaperTint

SEED = tf.constant([1, 2])
PAPER, INK = (240.0, 250.0, 230.0), (20.0, 40.0, 60.0)


def drawings(count):
    pictures = np.full((count, 7, 7, 3), PAPER, np.float32)
    pictures[:, 3, 1:6] = INK
    return pictures


def aged(count=2000, **arguments):
    """Paper and ink `[count, 3]` of equal drawings after the layer."""
    images = tf.constant(drawings(count))
    result = RandomPaperTint(**arguments).transform(images, SEED).numpy()
    assert (np.ptp(result[:, 0], axis=1) == 0).all()
    return result[:, 0, 0], result[:, 3, 3]


def test_every_channel_keeps_a_uniform_share():
    paper, ink = aged(tint=0.4, fade=0.0, probability=1)
    gains = paper / PAPER
    np.testing.assert_allclose(ink / INK, gains, rtol=1e-5)
    assert 0.6 <= gains.min() < 0.602 and 0.998 < gains.max() <= 1
    # 4 standard deviations: 4 · .4/√12 / √2000 = .0104
    np.testing.assert_allclose(gains.mean(axis=0), 0.8, atol=0.0104)
    # 4 / √2000 = .089
    assert np.abs(np.corrcoef(gains.T) - np.eye(3)).max() < 0.089


def test_ink_fades_towards_paper_and_paper_stays():
    paper, ink = aged(tint=0.0, fade=0.6, probability=1)
    np.testing.assert_allclose(paper, np.tile(PAPER, (2000, 1)), rtol=1e-5)
    faded = (ink - INK) / (np.array(PAPER) - INK)
    np.testing.assert_allclose(faded, faded[:, :1].repeat(3, axis=1), atol=1e-4)
    assert 0 <= faded.min() < 0.003 and 0.597 < faded.max() <= 0.6001
    # 4 standard deviations: 4 · .6/√12 / √2000 = .0155
    assert faded[:, 0].mean() == pytest.approx(0.3, abs=0.0155)


def test_both_are_applied_one_after_the_other():
    paper, ink = aged(5, tint=0.3, fade=0.5, probability=1)
    gains = paper / PAPER
    faded = (ink / gains - INK) / (np.array(PAPER) - INK)
    np.testing.assert_allclose(faded, faded[:, :1].repeat(3, axis=1), atol=1e-4)
    assert faded.min() > 0


def test_pictures_not_chosen_are_untouched_and_the_share_is_the_probability():
    paper, _ = aged(tint=0.5, fade=0.5, probability=0.3)
    # 4 standard deviations: 4 · √(.3 · .7 / 2000) = .041
    assert (paper != PAPER).any(axis=1).mean() == pytest.approx(0.3, abs=0.041)
