import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simclr_tf.detection.windows import InkSums, windows_with_ink


@given(
    seed=st.integers(0, 1000),
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    share=st.floats(0, 1),
)
def test_no_window_above_the_share_is_left_out(seed, height, width, share):
    rng = np.random.default_rng(seed)
    ink = rng.integers(0, 256, (12, 10)) * (rng.random((12, 10)) < 0.4)
    found = windows_with_ink(InkSums(ink.astype(np.uint8)), height, width, share)
    assert found.shape == (13 - height, 11 - width)
    for y in range(found.shape[0]):
        for x in range(found.shape[1]):
            total = int(ink[y : y + height, x : x + width].sum())
            assert found[y, x] == (total >= share * 255.0 * height * width)


def test_some_windows_have_the_sums_that_they_have_among_all():
    sums = InkSums(np.random.default_rng(0).integers(0, 256, (12, 10)).astype(np.uint8))
    ys, xs = np.array([0, 3, 8]), np.array([6, 0, 2])
    np.testing.assert_array_equal(sums.at(ys, xs, 4, 3), sums.of_windows(4, 3)[ys, xs])


@pytest.mark.parametrize(("height", "width", "shape"), [(6, 2, (0, 4)), (2, 9, (4, 0))])
def test_a_window_larger_than_the_page_has_no_sums(height, width, shape):
    assert InkSums(np.ones((5, 5), np.uint8)).of_windows(height, width).shape == shape
