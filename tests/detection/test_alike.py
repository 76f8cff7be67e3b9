import numpy as np
import pytest

from simclr_tf.boxes import pairwise_iou
from simclr_tf.detection import find_alike
from simclr_tf.detection.alike import box_of_ink
from tests.detection.drawn import box_at, draw_page

HOUSES = [(15, 110), (150, 20), (100, 110)]


@pytest.fixture(scope="module")
def page():
    houses = [("house", x, y, quarters) for quarters, (x, y) in enumerate(HOUSES)]
    return draw_page([*houses, ("cross", 60, 20, 0), ("arrow", 200, 110, 0)])


def test_all_that_look_like_the_marked_one_are_found_and_nothing_else_is_as_sure(page):
    # The box is drawn by hand: 5 pixels wide of the symbol on each side.
    loose = np.array(box_at(*HOUSES[0])) + [-5, -5, 5, 5]
    found = find_alike(page, loose)
    true = np.array([box_at(*corner) for corner in HOUSES], float)
    best = pairwise_iou(found.boxes[:3], true)
    assert sorted(best.argmax(axis=1).tolist()) == [0, 1, 2] and best.max(axis=1).min() > 0.7
    assert (np.diff(found.scores) <= 0).all() and set(found.labels.tolist()) == {0}
    if len(found.scores) > 3:
        assert found.scores[3] < 0.5 * found.scores[2]


def test_a_box_shrinks_to_the_ink_in_it():
    ink = np.zeros((40, 50), np.uint8)
    ink[10:20, 12:30] = 255
    # Dirt is no ink.
    ink[2, 2] = 63
    assert box_of_ink(ink, [-3, -4.2, 44.6, 1000]) == (12, 10, 30, 20)
    assert box_of_ink(ink, [20, 0, 50, 40]) == (20, 10, 30, 20)


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ([0, 0, 10, 9], "There is nothing drawn in the box"),
        ([100, 100, 120, 120], "There is nothing drawn in the box"),
        ([30, 30, 10, 10], "There is nothing drawn in the box"),
        ([0, 0, 17, 40], "has 5 x 10 pixels; a symbol needs at least 6"),
    ],
)
def test_a_box_without_a_symbol_is_told(box, message):
    ink = np.zeros((40, 50), np.uint8)
    ink[10:20, 12:30] = 255
    with pytest.raises(ValueError, match=message):
        box_of_ink(ink, box)
