import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simclr_tf.boxes import pairwise_iou
from simclr_tf.data.drawings.background import background_windows, free_of_symbols
from simclr_tf.data.drawings.page_ink import ink_mask, page_paper
from tests.data.drawings.drawn import BOXES, drawn_page

MASK = ink_mask(drawn_page(), page_paper(drawn_page()))


def windows_of(count=10, sides=(12.0, 20.0), seed=0, boxes=BOXES, mask=MASK, **arguments):
    rng = np.random.default_rng(seed)
    return background_windows(
        mask, np.array(boxes, float).reshape(-1, 4), np.array(sides), count, rng, **arguments
    )


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31), side=st.floats(3, 90))
def test_any_window_has_ink_and_no_symbol_and_lies_on_the_page(seed, side):
    windows = windows_of(20, (side,), seed)
    for x_min, y_min, x_max, y_max in windows:
        assert 0 <= x_min < x_max <= 120 and 0 <= y_min < y_max <= 90
        assert x_max - x_min == y_max - y_min == max(1, round(side))
        assert MASK[y_min:y_max, x_min:x_max].mean() >= 0.02
    boxes = np.array(BOXES, float)
    assert (pairwise_iou(windows, boxes) <= 0.1).all()
    low = np.maximum(windows[:, None, :2], boxes[None, :, :2])
    high = np.minimum(windows[:, None, 2:], boxes[None, :, 2:])
    inside = np.maximum(high - low, 0).prod(axis=-1)
    assert (inside < 0.5 * (boxes[:, 2:] - boxes[:, :2]).prod(axis=-1)).all()
    assert (pairwise_iou(windows, windows) - np.eye(len(windows)) <= 0.3).all()


def test_a_large_window_that_holds_a_small_symbol_is_not_free_of_symbols():
    window, box = [[40, 40, 90, 90]], [[50, 60, 58, 68]]
    # 64 of 2500 pixels: the overlap alone would not tell.
    assert pairwise_iou(np.array(window), np.array(box))[0, 0] < 0.03
    assert not free_of_symbols(np.array(window), np.array(box), 0.1)[0]


def test_windows_have_the_sides_that_are_given():
    sides = windows_of(30, (9.0, 14.0))[:, 2:] - windows_of(30, (9.0, 14.0))[:, :2]
    assert set(sides.ravel()) == {9, 14}


def test_the_same_generator_gives_the_same_windows():
    np.testing.assert_array_equal(windows_of(seed=3), windows_of(seed=3))
    assert windows_of(seed=3).tolist() != windows_of(seed=4).tolist()


def test_there_are_at_most_as_many_as_asked_for():
    assert len(windows_of(3)) == 3
    assert 0 < len(windows_of(1000)) < 1000
    assert windows_of(0).shape == (0, 4)


def test_without_ink_or_sides_there_are_none():
    assert windows_of(mask=np.zeros_like(MASK)).shape == (0, 4)
    assert windows_of(sides=()).shape == (0, 4)


def test_a_page_full_of_symbols_has_none():
    assert windows_of(boxes=[[0, 0, 120, 90]], sides=(40.0,)).shape == (0, 4)
