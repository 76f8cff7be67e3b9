"""Accuracy in total, per class and as a confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from simclr_tf.checks import check_between

# A matrix of 15,000 classes would take 1.8 GB, and more as JSON.
MOST_CLASSES_IN_MATRIX = 1000


def classification_report(
    labels: np.ndarray, predictions: np.ndarray, class_names: Sequence[str]
) -> dict[str, Any]:
    """Sums up predictions in plain Python numbers, ready for JSON.

    Args:
        labels: True labels `[n]`, each an index into `class_names`.
        predictions: Predicted labels `[n]`, each an index into `class_names`.
        class_names: Names of the `c` classes.

    Returns:
        `count`: n; `accuracy`: fraction right; `macro_accuracy`: mean of the accuracies
        of the classes that occur in `labels`; `per_class`: accuracy by name, for those
        classes; `confusion_matrix`: counts `[c][c]`, row the true and column the
        predicted class, of 1,000 classes at most.

    Raises:
        ValueError: No labels, lengths that differ, or a label outside `class_names`.
    """
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.ndim != 1 or labels.shape != predictions.shape or len(labels) == 0:
        raise ValueError(
            "`labels` and `predictions` must have the same shape [n] with n >= 1. Received: "
            f"labels.shape={labels.shape}, predictions.shape={predictions.shape}"
        )
    classes = len(class_names)
    for name, values in (("labels", labels), ("predictions", predictions)):
        check_between(f"min({name})", int(values.min()), 0, classes - 1)
        check_between(f"max({name})", int(values.max()), 0, classes - 1)
    totals = np.bincount(labels, minlength=classes)
    right = labels == predictions
    hits = np.bincount(labels[right], minlength=classes)
    per_class = {
        name: float(hits[row] / totals[row]) for row, name in enumerate(class_names) if totals[row]
    }
    report: dict[str, Any] = {
        "count": len(labels),
        "accuracy": float(right.mean()),
        "macro_accuracy": float(np.mean(list(per_class.values()))),
        "per_class": per_class,
    }
    if classes <= MOST_CLASSES_IN_MATRIX:
        cells = labels.astype(np.int64) * classes + predictions
        matrix = np.bincount(cells, minlength=classes**2).reshape(classes, classes)
        report["confusion_matrix"] = matrix.tolist()
    return report
