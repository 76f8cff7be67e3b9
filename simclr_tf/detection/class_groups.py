"""A detector measured on groups of classes apart, and on one symbol that a page has often."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from simclr_tf.boxes import Detections, pairwise_iou
from simclr_tf.data import AnnotatedDrawing
from simclr_tf.metrics import evaluate_detections
from simclr_tf.metrics.detection_matching import match_detections


def group_metrics(
    truth: Sequence[AnnotatedDrawing],
    found: Sequence[Detections],
    labels: Collection[int],
    class_names: Sequence[str],
) -> dict[str, Any]:
    """Returns how right a detector is with some of its classes, on all pages.

    Args:
        truth: The true boxes of each page.
        found: What was found on each, in the same order.
        labels: The classes; boxes of others are left out, true and found ones.
        class_names: Names of all labels.

    Returns:
        What `DetectionReport.summary` has.

    Raises:
        ValueError: There is no page, or the lengths differ.
    """
    wanted = np.array(sorted(labels), np.int64)
    some_truth, some_found = [], []
    for drawing, detections in zip(truth, found, strict=True):
        rows = np.isin(drawing.labels, wanted)
        some_truth.append(
            dataclasses.replace(drawing, boxes=drawing.boxes[rows], labels=drawing.labels[rows])
        )
        rows = np.isin(detections.labels, wanted)
        some_found.append(Detections(*(part[rows] for part in detections)))
    return evaluate_detections(some_truth, some_found).summary(class_names)


def repeated_symbols(
    truth: Sequence[AnnotatedDrawing],
    found: Sequence[Detections],
    labels: Collection[int],
    *,
    times: int = 4,
    score: float = 0.5,
) -> dict[str, Any]:
    """Returns how often all boxes of a symbol that a page has several times are found.

    Args:
        truth: The true boxes of each page.
        found: What was found on each, in the same order.
        labels: Classes that count.
        times: How often the page has the symbol, default 4.
        score: From which a box counts as found, 0..1, default 0.5.

    Returns:
        `cases`: classes with so many boxes on a page; `all_found`: share of the cases in which all
        are found at an overlap of 0.5; `no_false_alarm`: in which no other box of the class is;
        `all_found_no_false_alarm`: in which both holds; `boxes_found`: share of their boxes. The
        shares are None without a case.
    """
    complete, clean, hits = [], [], []
    for drawing, detections in zip(truth, found, strict=True):
        for label in sorted(labels):
            true = drawing.boxes[drawing.labels == label]
            if len(true) == times:
                rows = (detections.labels == label) & (detections.scores >= score)
                ious = pairwise_iou(detections.boxes[rows], true)
                matched = int((match_detections(ious, np.array([0.5]))[0] >= 0).sum())
                complete.append(matched == times)
                clean.append(matched == rows.sum())
                hits.append(matched / times)
    both = np.logical_and(complete, clean)
    return {
        "times": times,
        "score": score,
        "cases": len(both),
        "all_found": _mean(complete),
        "no_false_alarm": _mean(clean),
        "all_found_no_false_alarm": _mean(both),
        "boxes_found": _mean(hits),
    }


def _mean(values: Any) -> float | None:
    return float(np.mean(values)) if len(values) else None
