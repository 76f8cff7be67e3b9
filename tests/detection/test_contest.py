"""What overlapping boxes leave one another of their scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simclr_tf.boxes import pairwise_iou
from simclr_tf.detection.contest import contested

HERE, NEARLY_HERE, ELSEWHERE = (0, 0, 10, 10), (1, 0, 11, 10), (50, 50, 60, 60)


def contest(boxes, labels, scores, iou_threshold=0.4):
    rows, left = contested(
        np.array(boxes, float).reshape(-1, 4), np.array(labels), np.array(scores), iou_threshold
    )
    return rows.tolist(), left


def test_another_class_at_the_place_keeps_what_the_best_leaves():
    rows, left = contest([HERE, NEARLY_HERE], [0, 1], [0.8, 0.9])
    # 0.8 * (1 - 0.9) = 0.08.
    assert rows == [1, 0]
    np.testing.assert_allclose(left, [0.9, 0.08])


def test_of_one_class_the_best_box_of_a_place_stays():
    rows, left = contest([HERE, NEARLY_HERE], [3, 3], [0.8, 0.9])
    assert rows == [1]
    np.testing.assert_array_equal(left, [0.9])


def test_boxes_apart_keep_their_scores():
    rows, left = contest([HERE, ELSEWHERE], [0, 1], [0.8, 0.9])
    assert rows == [1, 0]
    np.testing.assert_array_equal(left, [0.9, 0.8])


def test_a_box_that_lost_hardly_takes_from_the_next():
    # The second overlaps the first and the third, which are apart: 1/3 of each, more than 0.3.
    boxes = [(0, 0, 10, 10), (5, 0, 15, 10), (10, 0, 20, 10)]
    rows, left = contest(boxes, [0, 1, 2], [0.9, 0.8, 0.7], iou_threshold=0.3)
    # The second keeps 0.8 * 0.1 = 0.08; the third 0.7 * 0.92 = 0.644, not 0.7 * 0.2.
    assert rows == [0, 2, 1]
    np.testing.assert_allclose(left, [0.9, 0.644, 0.08])


def test_a_box_that_lost_does_not_push_out_the_next_of_its_class():
    # 12 of 28 columns are shared by neighbours: more than 0.4.
    boxes = [(0, 0, 20, 20), (8, 0, 28, 20), (16, 0, 36, 20)]
    rows, left = contest(boxes, [0, 1, 1], [0.95, 0.9, 0.85])
    # The second keeps 0.9 * 0.05 = 0.045; the third 0.85 * 0.955 = 0.81175.
    assert rows == [0, 2, 1]
    np.testing.assert_allclose(left, [0.95, 0.81175, 0.045])


def test_more_boxes_than_are_compared_at_once_give_what_each_place_gives_alone():
    places = 300
    boxes = np.repeat(np.arange(places)[:, None] * 100.0, 2, axis=0) + np.array([0, 0, 10, 10])
    scores = np.tile([0.9, 0.8], places)
    rows, left = contest(boxes, np.tile([0, 1], places), scores)
    assert len(rows) == 2 * places
    np.testing.assert_allclose(left, [0.9] * places + [0.08] * places)


def test_without_boxes_there_is_nothing():
    rows, left = contest([], np.zeros(0, int), [])
    assert rows == [] and left.shape == (0,)


@st.composite
def places(draw):
    count = draw(st.integers(0, 12))
    corners = draw(
        st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=count, max_size=count)
    )
    boxes = np.array([(x, y, x + 10, y + 10) for x, y in corners], float).reshape(-1, 4)
    labels = draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    scores = draw(st.lists(st.floats(0, 1), min_size=count, max_size=count))
    return boxes, np.array(labels, int), np.array(scores, float)


@given(places(), st.sampled_from([0.1, 0.4, 0.7]))
def test_at_no_place_are_two_boxes_rather_right_than_wrong(candidates, iou_threshold):
    boxes, labels, scores = candidates
    rows, left = contested(boxes, labels, scores, iou_threshold)
    assert len(set(rows.tolist())) == len(rows)
    assert (left <= scores[rows]).all() and (left >= 0).all() and (np.diff(left) <= 0).all()
    likely = boxes[rows[left > 0.5]]
    overlap = pairwise_iou(likely, likely) - np.eye(len(likely))
    assert overlap.max(initial=0) <= iou_threshold


def test_boxes_of_a_wrong_shape_are_refused():
    with pytest.raises(ValueError, match="`boxes`"):
        contested(np.zeros((2, 3)), np.zeros(2, int), np.zeros(2), 0.4)
