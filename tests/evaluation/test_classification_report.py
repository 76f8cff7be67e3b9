from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simclr_tf.evaluation import classification_report

LABELS = np.array([0, 0, 0, 0, 1, 1])
PREDICTIONS = np.array([0, 0, 0, 1, 1, 2])


def test_accuracies_and_counts_of_a_case_worked_by_hand() -> None:
    report = classification_report(LABELS, PREDICTIONS, ["cat", "dog", "owl"])
    assert report["count"] == 6
    assert report["accuracy"] == pytest.approx(4 / 6)  # 3 cats and 1 dog of 6
    assert report["per_class"] == {"cat": 3 / 4, "dog": 1 / 2}
    assert report["macro_accuracy"] == pytest.approx((3 / 4 + 1 / 2) / 2)  # no owl occurs
    assert report["confusion_matrix"] == [[3, 1, 0], [0, 1, 1], [0, 0, 0]]


def test_the_report_survives_json() -> None:
    report = classification_report(LABELS, PREDICTIONS, ["cat", "dog", "owl"])
    assert json.loads(json.dumps(report)) == report


@given(st.data())
def test_the_confusion_matrix_equals_a_slow_count(data: st.DataObject) -> None:
    classes = data.draw(st.integers(1, 5))
    pairs = data.draw(
        st.lists(st.tuples(st.integers(0, classes - 1), st.integers(0, classes - 1)), min_size=1)
    )
    labels, predictions = np.array(pairs).T
    names = [f"class {label}" for label in range(classes)]
    report = classification_report(labels, predictions, names)
    for true in range(classes):
        for predicted in range(classes):
            assert report["confusion_matrix"][true][predicted] == pairs.count((true, predicted))
    assert report["accuracy"] == sum(true == predicted for true, predicted in pairs) / len(pairs)


def test_labels_of_small_integer_types_do_not_overflow() -> None:
    labels = np.full(3, 199, np.uint8)
    report = classification_report(labels, labels, [str(label) for label in range(200)])
    assert report["confusion_matrix"][199][199] == 3


def test_of_very_many_classes_there_is_no_matrix() -> None:
    labels = np.array([0, 14_999, 14_999])
    names = [str(label) for label in range(15_000)]
    report = classification_report(labels, np.array([0, 14_999, 3]), names)
    assert "confusion_matrix" not in report
    assert report["accuracy"] == pytest.approx(2 / 3)
    assert report["per_class"] == {"0": 1.0, "14999": 0.5}


@pytest.mark.parametrize(
    ("labels", "predictions", "message"),
    [
        ([], [], r"same shape \[n\] with n >= 1"),
        ([0, 1], [0], "Received: labels.shape=\\(2,\\), predictions.shape=\\(1,\\)"),
        ([0, -1], [0, 0], r"`min\(labels\)` must be between 0 and 1"),
        ([0, 1], [0, 2], r"`max\(predictions\)` must be between 0 and 1"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels: list, predictions: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        classification_report(
            np.array(labels, int), np.array(predictions, int), class_names=["a", "b"]
        )
