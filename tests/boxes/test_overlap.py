import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simclr_tf.boxes import best_overlap, pairwise_iou
from tests.boxes import plain


def random_boxes(count, seed=0):
    corners = np.random.default_rng(seed).uniform(0, 100, (count, 2, 2))
    return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)


def test_half_overlapping_squares_share_a_third():
    # 2 * 4 = 8 shared; 16 + 16 - 8 = 24 together.
    np.testing.assert_allclose(pairwise_iou([[0, 0, 4, 4]], [[2, 0, 6, 4]]), [[1 / 3]])


@pytest.mark.parametrize("other", [[4, 0, 8, 4], [0, 4, 4, 8], [9, 9, 10, 10], [1, 1, 1, 1]])
def test_boxes_that_touch_or_have_no_area_share_nothing(other):
    assert pairwise_iou([[0, 0, 4, 4]], [other]).tolist() == [[0.0]]


def test_two_points_at_one_place_share_nothing():
    assert pairwise_iou([[1, 1, 1, 1]], [[1, 1, 1, 1]]).tolist() == [[0.0]]


@settings(deadline=None)
@given(plain.box_lists(), plain.box_lists())
def test_the_overlap_is_that_of_the_definition(boxes, others):
    expected = [[plain.iou(box, other) for other in others] for box in boxes]
    got = pairwise_iou(boxes, others)
    assert got.shape == (len(boxes), len(others))
    np.testing.assert_allclose(got, np.reshape(expected, got.shape), rtol=1e-12)


@settings(deadline=None)
@given(plain.box_lists())
def test_overlap_is_symmetric_and_lies_between_0_and_1(boxes):
    ious = pairwise_iou(boxes, boxes)
    np.testing.assert_array_equal(ious, ious.T)
    assert ((ious >= 0) & (ious <= 1 + 1e-12)).all()


def test_many_rows_are_compared_in_blocks_with_the_same_result():
    boxes, others = random_boxes(3000), random_boxes(100, seed=1)
    one_by_one = np.concatenate([pairwise_iou(box[None], others) for box in boxes])
    np.testing.assert_array_equal(pairwise_iou(boxes, others), one_by_one)


@settings(deadline=None)
@given(plain.box_lists(), plain.box_lists(), st.integers(1, 5))
def test_the_best_overlap_is_the_first_greatest(boxes, others, block_size):
    ious, rows = best_overlap(boxes, others, block_size)
    for row, box in enumerate(boxes):
        all_ious = [plain.iou(box, other) for other in others]
        greatest = max(all_ious, default=0.0)
        np.testing.assert_allclose(ious[row], greatest, rtol=1e-12)
        assert (rows[row] == -1) == (greatest == 0)
        if greatest > 0:
            assert rows[row] == int(np.argmax(pairwise_iou([box], others)[0]))


def test_the_memory_of_the_best_overlap_does_not_grow_with_the_boxes():
    boxes, others = random_boxes(20_000), random_boxes(2000, seed=1)
    tracemalloc.start()
    best_overlap(boxes, others)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # All pairs would take 20,000 * 2000 * 8 bytes = 320 MB; a block takes 256 * 2000 * 8 = 4 MB.
    assert peak < 20e6


def test_a_block_holds_at_least_one_box():
    with pytest.raises(ValueError, match="`block_size` must be at least 1. Received: block_size=0"):
        best_overlap([], [], 0)
