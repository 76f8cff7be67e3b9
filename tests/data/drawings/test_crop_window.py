import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simclr_tf.data.drawings.crop_window import crop_windows, cut_window
from tests.data.drawings.drawn import PAPER, drawn_page


@pytest.mark.parametrize(
    ("box", "margin", "expected"),
    [
        ([10, 20, 30, 40], 0, [10, 20, 30, 40]),
        # A tenth of 20 on each side.
        ([10, 20, 30, 40], 0.1, [8, 18, 32, 42]),
        # The longer side decides, about the same centre: 10 ± 20 and 50 ± 20.
        ([0, 30, 20, 70], 0, [-10, 30, 30, 70]),
        ([5, 5, 5.2, 5.2], 0, [5, 5, 6, 6]),
    ],
)
def test_a_window_is_square_round_the_middle_of_its_box(box, margin, expected):
    assert crop_windows(np.array([box]), margin).tolist() == [expected]


def test_no_boxes_have_no_windows():
    assert crop_windows(np.zeros((0, 4)), 0.1).shape == (0, 4)


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(1, 60), st.floats(1, 60))
def test_any_window_holds_its_box_up_to_rounding(left, top, width, height):
    (window,) = crop_windows(np.array([[left, top, left + width, top + height]]), 0.0)
    assert window[2] - window[0] == window[3] - window[1] >= 1
    assert window[0] <= left + 1 and window[1] <= top + 1
    assert window[2] >= left + width - 1 and window[3] >= top + height - 1


def test_a_crop_is_the_part_of_the_page():
    page = drawn_page()
    crop = cut_window(page, np.array([5, 7, 45, 47]), np.array(PAPER, np.uint8))
    np.testing.assert_array_equal(crop, page[7:47, 5:45])
    crop[:] = 0
    np.testing.assert_array_equal(page, drawn_page())


def test_beyond_the_page_there_is_paper():
    page = drawn_page()
    crop = cut_window(page, np.array([100, -10, 140, 30]), np.array(PAPER, np.uint8))
    np.testing.assert_array_equal(crop[10:, :20], page[:30, 100:])
    assert (crop[:10] == PAPER).all() and (crop[:, 20:] == PAPER).all()
    beside = cut_window(page, np.array([200, 200, 204, 204]), np.array(PAPER, np.uint8))
    assert (beside == PAPER).all()
