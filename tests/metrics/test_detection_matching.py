import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from simclr_tf.metrics.detection_matching import (
    IOU_THRESHOLDS,
    RECALL_LEVELS,
    interpolated_average_precision,
    match_detections,
)


def plain_matches(ious, threshold):
    """The loop of the evaluation code, one threshold."""
    matches, taken = [], set()
    for row in ious:
        best, best_iou = -1, min(threshold, 1 - 1e-10)
        for column, iou in enumerate(row):
            if column not in taken and iou >= best_iou:
                best, best_iou = column, iou
        taken.add(best)
        taken.discard(-1)
        matches.append(best)
    return matches


def plain_average_precision(is_match, truth_count):
    """Precision at a recall: the best of all later points that reach it."""
    points = []
    for count in range(1, len(is_match) + 1):
        hits = sum(is_match[:count])
        points.append((hits / truth_count, hits / count))
    values = []
    for level in RECALL_LEVELS:
        values.append(max((p for recall, p in points if recall >= level), default=0.0))
    return sum(values) / len(values)


IOUS = arrays.arrays(
    np.float64,
    st.tuples(st.integers(0, 6), st.integers(0, 5)),
    elements=st.sampled_from([0.0, 0.3, 0.5, 0.62, 0.75, 0.9, 1.0]),
)


@settings(deadline=None)
@given(IOUS)
def test_matches_are_those_of_the_plain_loop(ious):
    expected = [plain_matches(ious, threshold) for threshold in IOU_THRESHOLDS]
    got = match_detections(ious)
    assert got.shape == (10, ious.shape[0])
    np.testing.assert_array_equal(got, np.reshape(expected, got.shape))


def test_each_true_box_is_given_away_once():
    # Both found boxes like the first true box better; the second gets what is left.
    assert match_detections(np.array([[0.9, 0.6], [0.8, 0.6]]))[0].tolist() == [0, 1]


def test_of_equal_overlaps_the_last_true_box_is_taken():
    assert match_detections(np.array([[0.7, 0.7, 0.2]]))[0].tolist() == [1]


def test_equal_boxes_match_at_a_threshold_of_one():
    assert match_detections(np.array([[1 - 1e-12]]), np.array([1.0])).tolist() == [[0]]


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=30), st.integers(0, 5))
def test_average_precision_is_that_of_the_definition(is_match, missed):
    truth_count = max(1, sum(is_match) + missed)
    got = interpolated_average_precision(np.array(is_match, bool), truth_count)
    np.testing.assert_allclose(got, plain_average_precision(is_match, truth_count), atol=1e-12)


@pytest.mark.parametrize(
    ("is_match", "truth_count", "expected"),
    [
        ([True, True], 2, 1.0),
        ([], 3, 0.0),
        # Recall 1/2 at precision 1: the levels 0, 0.01, ..., 0.50 are 51 of 101.
        ([True], 2, 51 / 101),
        # The one true box is found second: precision 1/2 at every level.
        ([False, True], 1, 0.5),
    ],
)
def test_average_precision_of_short_lists(is_match, truth_count, expected):
    got = interpolated_average_precision(np.array(is_match, bool), truth_count)
    np.testing.assert_allclose(got, expected)
