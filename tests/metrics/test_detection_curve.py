import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simclr_tf.metrics.detection_curve import DetectionCurve, OperatingPoint


def curve_of(found, truth_count, page_count):
    """From (score, is a match, page) of each found box."""
    scores, is_match, pages = (np.array(column) for column in zip(*found, strict=True))
    return DetectionCurve(
        scores.astype(float), is_match.astype(bool), pages, truth_count, page_count
    )


@pytest.fixture
def curve():
    # Two pages with four true boxes; 0.7 comes twice.
    found = [(0.9, True, 0), (0.7, False, 0), (0.8, True, 1), (0.7, True, 0), (0.2, False, 0)]
    return curve_of(found, 4, 2)


def test_boxes_of_equal_scores_go_together(curve):
    assert curve.thresholds.tolist() == [math.inf, 0.9, 0.8, 0.7, 0.2]
    assert curve.hits.tolist() == [0, 1, 2, 3, 3]
    assert curve.false_alarms.tolist() == [0, 0, 0, 1, 2]


def test_precision_and_recall_at_each_threshold(curve):
    np.testing.assert_allclose(curve.precision, [1, 1, 1, 3 / 4, 3 / 5])
    np.testing.assert_allclose(curve.recall, [0, 1 / 4, 2 / 4, 3 / 4, 3 / 4])


def test_a_page_is_clean_until_its_first_false_alarm(curve):
    assert curve.stained_pages.tolist() == [0, 0, 0, 1, 1]


def test_the_point_at_a_recall_has_the_highest_threshold(curve):
    # Three hits and one false alarm on two pages, of which one stays clean.
    assert curve.at_recall(0.75) == OperatingPoint(0.7, 0.75, 0.75, 0.5, 0.5)
    assert curve.at_recall(0.3).score == 0.8
    assert curve.at_recall(0).score == math.inf


def test_a_recall_that_is_never_reached_has_no_point(curve):
    assert math.isnan(curve.at_recall(0.76).false_alarms_per_page)


def test_the_point_at_a_precision_has_the_highest_recall(curve):
    assert curve.at_precision(0.7).recall == 0.75
    assert curve.at_precision(0.95) == OperatingPoint(0.8, 1.0, 0.5, 0.0, 1.0)


def test_where_the_best_box_is_false_nothing_is_reported():
    point = curve_of([(0.9, False, 0), (0.5, True, 0)], 1, 1).at_precision(0.95)
    assert (point.score, point.recall) == (math.inf, 0.0)


@pytest.mark.parametrize(
    ("score", "hits", "false"),
    [(1.0, 0, 0), (0.9, 1, 0), (0.85, 1, 0), (0.7, 3, 1), (0.0, 3, 2)],
)
def test_the_point_at_a_score_reports_what_has_at_least_it(curve, score, hits, false):
    point = curve.at_score(score)
    assert (point.score, point.recall, point.false_alarms_per_page) == (score, hits / 4, false / 2)


def test_without_true_boxes_false_alarms_are_still_counted():
    curve = curve_of([(0.9, False, 0), (0.5, False, 2)], 0, 4)
    assert curve.at_score(0.5).false_alarms_per_page == 0.5
    assert curve.at_score(0.5).clean_pages == 0.5
    assert math.isnan(curve.at_score(0.5).recall)
    assert math.isnan(curve.at_recall(0.5).score)


def test_nothing_found_has_one_point():
    empty = DetectionCurve(np.zeros(0), np.zeros(0, bool), np.zeros(0, int), 3, 2)
    assert empty.at_score(0.1) == OperatingPoint(0.1, 1.0, 0.0, 0.0, 1.0)
    assert empty.at_precision(1.0).score == math.inf


@pytest.mark.parametrize("bad", [-0.1, 1.5, math.nan])
def test_a_share_lies_between_0_and_1(curve, bad):
    with pytest.raises(ValueError, match="`recall` must be between 0.0 and 1.0"):
        curve.at_recall(bad)
    with pytest.raises(ValueError, match="`precision` must be between 0.0 and 1.0"):
        curve.at_precision(bad)


FOUND = st.tuples(st.sampled_from([0.1, 0.4, 0.5, 0.9]), st.booleans(), st.integers(0, 3))


@settings(deadline=None)
@given(st.lists(FOUND, min_size=1, max_size=20), st.integers(0, 3), st.floats(0, 1))
def test_a_point_is_what_counting_gives(found, missed, score):
    truth_count = max(1, sum(match for _, match, _ in found) + missed)
    point = curve_of(found, truth_count, 4).at_score(score)
    reported = [(match, page) for value, match, page in found if value >= score]
    false = [page for match, page in reported if not match]
    hits = len(reported) - len(false)
    np.testing.assert_allclose(point.recall, hits / truth_count)
    np.testing.assert_allclose(point.precision, hits / len(reported) if reported else 1.0)
    np.testing.assert_allclose(point.false_alarms_per_page, len(false) / 4)
    np.testing.assert_allclose(point.clean_pages, 1 - len(set(false)) / 4)
