import numpy as np
from scipy import ndimage

from simclr_tf.detection.blur import REACH, SIGMA, blurred


def test_it_is_the_gaussian_filter_of_scipy():
    ink = np.random.default_rng(0).integers(0, 256, (9, 14)).astype(np.uint8)
    expected = ndimage.gaussian_filter(
        ink.astype(np.float32) / 255, SIGMA, mode="constant", truncate=REACH / SIGMA
    )
    result = blurred(ink)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, expected)
