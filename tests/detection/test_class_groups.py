import numpy as np
import pytest

from simclr_tf.boxes import Detections
from simclr_tf.data import AnnotatedDrawing
from simclr_tf.detection.class_groups import group_metrics, repeated_symbols

NAMES = ("a", "b")


def row_of_boxes(count, y=0):
    return np.array([[20 * place, y, 20 * place + 10, y + 10] for place in range(count)], float)


def drawing(labels):
    return AnnotatedDrawing("p", 200, 100, row_of_boxes(len(labels)), np.array(labels))


def found(labels, scores, boxes=None):
    boxes = row_of_boxes(len(labels)) if boxes is None else boxes
    return Detections(boxes, np.array(labels), np.array(scores, float))


def test_a_group_leaves_out_the_boxes_of_others():
    # Class 0 is found once of two times; class 1 is right, beside a false alarm of class 0.
    truth = [drawing([0, 0, 1])]
    detections = [found([0, 1, 0], [0.9, 0.8, 0.7], row_of_boxes(3)[[0, 2, 2]])]
    first, second = (group_metrics(truth, detections, [label], NAMES) for label in (0, 1))
    assert (first["boxes"], second["boxes"]) == (2, 1)
    # Precision 1 up to recall 1/2: 51 of the 101 recall levels.
    assert first["map_50"] == pytest.approx(51 / 101) and second["map_50"] == 1.0
    assert list(first["per_class"]) == ["a"] and list(second["per_class"]) == ["b"]


def test_repeated_symbols_count_cases_with_all_found_and_without_false_alarm():
    four, beside = row_of_boxes(4), row_of_boxes(1, y=50)
    truth = [drawing([0] * 4)] * 3 + [drawing([0] * 3), drawing([1] * 4)]
    detections = [
        found([0] * 4, [0.9] * 4),
        # All four and a false alarm.
        found([0] * 5, [0.9] * 5, np.concatenate([four, beside])),
        # One of them and the false alarm are below the score.
        found([0] * 5, [0.9] * 3 + [0.4] * 2, np.concatenate([four, beside])),
        # Three on the page, and a class that is not asked for, are no cases.
        found([0] * 3, [0.9] * 3),
        found([1] * 4, [0.9] * 4),
    ]
    shares = repeated_symbols(truth, detections, [0])
    assert shares == {
        "times": 4,
        "score": 0.5,
        "cases": 3,
        "all_found": pytest.approx(2 / 3),
        "no_false_alarm": pytest.approx(2 / 3),
        "all_found_no_false_alarm": pytest.approx(1 / 3),
        "boxes_found": pytest.approx(11 / 12),
    }


def test_without_a_case_there_are_no_shares():
    shares = repeated_symbols([drawing([0])], [found([0], [0.9])], [0])
    assert shares["cases"] == 0 and shares["all_found"] is None
