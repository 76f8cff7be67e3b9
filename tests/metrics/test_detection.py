import json
import math
from types import SimpleNamespace

import numpy as np
import pytest

from simclr_tf.boxes import Detections
from simclr_tf.files import plain
from simclr_tf.metrics import evaluate_detections

SQUARE = [0.0, 0.0, 10.0, 10.0]


def truth(*labelled):
    return SimpleNamespace(
        boxes=[box for _, box in labelled], labels=[label for label, _ in labelled]
    )


def found(*scored):
    return Detections(
        [box for _, _, box in scored],
        [label for label, _, _ in scored],
        [score for _, score, _ in scored],
    )


def test_finding_everything_and_nothing_else_is_perfect():
    report = evaluate_detections(
        [truth((0, SQUARE), (3, [20, 20, 30, 40])), truth()],
        [found((3, 0.6, [20, 20, 30, 40]), (0, 0.9, SQUARE)), found()],
    )
    assert (report.map_50, report.map_50_95, report.average_recall) == (1.0, 1.0, 1.0)
    assert report.false_alarms_per_page(1.0) == 0.0
    assert report.localisation() == {"iou": 1.0, "centre_pixels": 0.0, "centre_share": 0.0}


def test_a_box_of_the_wrong_class_is_a_miss_and_a_false_alarm():
    report = evaluate_detections([truth((0, SQUARE))], [found((1, 0.9, SQUARE))])
    assert report.labels.tolist() == [0, 1]
    assert report.map_50 == 0.0
    assert math.isnan(report.average_precision[1, 0])
    assert report.curve.at_score(0.5).false_alarms_per_page == 1.0


def test_nothing_found_has_no_precision():
    report = evaluate_detections([truth((0, SQUARE))], [found()])
    assert (report.map_50, report.average_recall) == (0.0, 0.0)
    assert math.isnan(report.false_alarms_per_page(0.5))


def test_pages_without_true_boxes_still_count_false_alarms():
    report = evaluate_detections([truth()] * 2, [found((0, 0.9, SQUARE)), found()])
    assert math.isnan(report.map_50)
    assert report.curve.at_score(0.0).false_alarms_per_page == 0.5


def test_the_localisation_error_is_that_of_the_matches():
    # Moved by (3, 4): 7 * 6 = 42 shared, 158 together: no match. Moved by (0, 2): 80 / 120.
    report = evaluate_detections(
        [truth((0, SQUARE), (0, [50, 50, 60, 60]))],
        [found((0, 0.9, [3, 4, 13, 14]), (0, 0.8, [50, 52, 60, 62]))],
    )
    got = report.localisation()
    np.testing.assert_allclose(got["iou"], 80 / 120)
    np.testing.assert_allclose(got["centre_pixels"], 2)
    np.testing.assert_allclose(got["centre_share"], 2 / math.hypot(10, 10))


def test_only_the_best_boxes_of_a_page_and_class_count():
    page = found((0, 0.9, [50, 50, 60, 60]), (0, 0.8, SQUARE), (1, 0.1, SQUARE))
    report = evaluate_detections([truth((0, SQUARE), (1, SQUARE))], [page], max_detections=1)
    assert report.recall[:, 0].tolist() == [0.0, 1.0]


def test_the_order_of_the_boxes_on_a_page_does_not_matter():
    boxes = [(0, 0.9, SQUARE), (0, 0.3, [1, 1, 9, 9]), (1, 0.5, [4, 4, 9, 9])]
    true = [truth((0, SQUARE), (1, [4, 4, 9, 8]))]
    first = evaluate_detections(true, [found(*boxes)])
    second = evaluate_detections(true, [found(*boxes[::-1])])
    np.testing.assert_array_equal(first.average_precision, second.average_precision)


def test_the_measures_of_a_class_go_by_its_name():
    report = evaluate_detections(
        [truth((0, SQUARE), (0, [20, 0, 30, 10]), (1, SQUARE))], [found((0, 0.9, SQUARE))]
    )
    per_class = report.per_class(["pump", "valve"])
    assert list(per_class) == ["pump", "valve"]
    # One of two found: 51 of the 101 recall levels, at every threshold.
    assert per_class["pump"] == {
        "count": 2,
        "ap_50": pytest.approx(51 / 101),
        "ap_50_95": pytest.approx(51 / 101),
        "recall_50": 0.5,
    }
    # The mean weighs both classes alike.
    assert report.map_50 == pytest.approx(51 / 101 / 2)


def test_the_summary_is_ready_for_json():
    report = evaluate_detections([truth((0, SQUARE))], [found((1, 0.9, SQUARE))])
    summary = json.loads(json.dumps(plain(report.summary()), allow_nan=False))
    assert summary["map_50"] == 0.0
    assert summary["false_alarms_per_page"] is None
    assert summary["per_class"]["1"] == {
        "count": 0,
        "ap_50": None,
        "ap_50_95": None,
        "recall_50": None,
    }
    assert (summary["pages"], summary["boxes"]) == (1, 1)


@pytest.mark.parametrize(
    ("true", "other", "message"),
    [
        ([], [], "one entry for each of the same pages. Received: 0 and 0 entries"),
        ([truth()], [], "Received: 1 and 0 entries"),
        ([truth((0, [5, 0, 1, 1]))], [found()], r"`truth\[0\].boxes` must be finite"),
        ([truth()], [Detections([SQUARE], [], [0.1])], r"`found\[0\].labels` must be one whole"),
        ([truth()], [Detections([SQUARE], [0.5], [0.1])], "whole number.*dtype=float64"),
        ([truth()], [Detections([SQUARE], [0], [])], r"`found\[0\].scores` must be one finite"),
        ([truth()], [Detections([SQUARE], [0], [math.nan])], "one finite number"),
    ],
)
def test_what_does_not_fit_is_refused(true, other, message):
    with pytest.raises(ValueError, match=message):
        evaluate_detections(true, other)


def test_at_least_one_box_counts():
    with pytest.raises(ValueError, match="`max_detections` must be at least 1"):
        evaluate_detections([truth()], [found()], max_detections=0)
