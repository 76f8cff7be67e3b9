import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simclr_tf.data.drawings.page_ink import InkShare, ink_mask, page_paper
from tests.data.drawings.drawn import PAPER, drawn_page


def test_paper_is_the_median_of_every_channel():
    # Noise of the page is symmetric around its paper.
    np.testing.assert_array_equal(page_paper(drawn_page()), PAPER)


def test_the_paper_of_a_large_page_is_sampled():
    page = np.full((3000, 2000, 3), PAPER, np.uint8)
    page[:, :900] = 0
    np.testing.assert_array_equal(page_paper(page), PAPER)


@pytest.mark.parametrize("paper", [PAPER, (20, 40, 120), (250, 250, 250)])
def test_ink_is_what_differs_by_more_than_40_in_some_channel(paper):
    page = np.full((2, 4, 3), paper, np.uint8)
    signs = np.where(np.array(paper) > 127, -1, 1)
    page[0, 1] = paper + 40 * signs
    page[0, 2, 1] = paper[1] + 41 * signs[1]
    page[1, 3] = paper + 90 * signs
    expected = np.zeros((2, 4), bool)
    expected[0, 2] = expected[1, 3] = True
    np.testing.assert_array_equal(ink_mask(page, np.array(paper, np.uint8)), expected)


@given(
    st.integers(-5, 12), st.integers(-5, 12), st.integers(1, 9), st.integers(1, 9), st.integers(0)
)
def test_the_share_of_ink_is_that_of_the_loop_over_pixels(left, top, width, height, seed):
    mask = np.random.default_rng(seed).random((8, 10)) < 0.4
    window = np.array([[left, top, left + width, top + height]])
    inside = [
        mask[row, column]
        for row in range(max(top, 0), min(top + height, 8))
        for column in range(max(left, 0), min(left + width, 10))
    ]
    assert InkShare(mask).of(window)[0] == pytest.approx(sum(inside) / (width * height))
