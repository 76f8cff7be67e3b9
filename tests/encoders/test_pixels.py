import numpy as np
import pytest

from simclr_tf.encoders.pixels import Pixels
from simclr_tf.evaluation import extract_features
from simclr_tf.similarity import l2_normalize


def pictures(number=3, size=8):
    return np.random.default_rng(0).integers(0, 100, (number, size, size, 3), np.uint8)


def test_the_cosine_of_pixels_is_the_correlation_of_the_pictures():
    shown = pictures()
    vectors = l2_normalize(extract_features(Pixels().load(), shown))
    assert vectors.shape == (3, 8 * 8 * 3)
    expected = np.corrcoef(shown.reshape(3, -1))
    np.testing.assert_allclose(vectors @ vectors.T, expected, atol=1e-5)


def test_brightness_and_contrast_do_not_matter():
    shown = pictures(1)
    brighter = (2 * shown + 40).astype(np.uint8)
    vectors = l2_normalize(extract_features(Pixels().load(), np.concatenate([shown, brighter])))
    assert vectors[0] @ vectors[1] == pytest.approx(1, abs=1e-5)
