"""Evaluation of found boxes against true ones, as COCO defines it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from simclr_tf.boxes import check_boxes, pairwise_iou
from simclr_tf.checks import check_at_least
from simclr_tf.metrics.detection_curve import DetectionCurve
from simclr_tf.metrics.detection_matching import (
    IOU_THRESHOLDS,
    interpolated_average_precision,
    match_detections,
)
from simclr_tf.metrics.detection_report import DetectionReport


class LabelledBoxes(Protocol):
    """The true boxes of a page: anything with `boxes` `[n, 4]` and `labels` int `[n]`."""

    @property
    def boxes(self) -> Any: ...

    @property
    def labels(self) -> Any: ...


class ScoredBoxes(LabelledBoxes, Protocol):
    """The found boxes of a page: `scores` `[n]` too, as in `simclr_tf.boxes.Detections`."""

    @property
    def scores(self) -> Any: ...


class _Checked(NamedTuple):
    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray

    def of(self, rows: np.ndarray) -> _Checked:
        return _Checked(self.boxes[rows], self.labels[rows], self.scores[rows])


class _Matches(NamedTuple):
    """The found boxes of one class on one page and what they match, T thresholds."""

    label: int
    page: int
    scores: np.ndarray  # [d]
    is_match: np.ndarray  # [T, d]
    geometry: np.ndarray  # [matches at the first threshold, 3]: IoU, centre distance, share


def evaluate_detections(
    truth: Sequence[LabelledBoxes],
    found: Sequence[ScoredBoxes],
    *,
    max_detections: int = 100,
) -> DetectionReport:
    """Measures how well found boxes match the true ones of the same pages.

    On each page, the boxes of each class are matched by `match_detections`. Average precision is
    COCO's: 101 recall levels, ten thresholds of intersection over union, classes without true
    boxes left out of the mean, of equal scores the box of the earlier page first. There are no
    crowd regions, and boxes of every size count. Beside it stand the operating points at an
    overlap of 0.5, where boxes of classes without true ones count as false alarms.

    Args:
        truth: True boxes of each page, such as `simclr_tf.data.AnnotatedDrawing`.
        found: Found boxes of each page in the same order, such as `simclr_tf.boxes.Detections`.
        max_detections: Of each page and class, only so many boxes with the best scores count, at
            least 1; default 100, as in COCO.

    Returns:
        The report.

    Raises:
        ValueError: The lengths differ, there is no page, or boxes, labels or scores are faulty.

    Reference:
        Lin et al., "Microsoft COCO: common objects in context" (2014), and its evaluation code,
        https://github.com/cocodataset/cocoapi.
    """
    check_at_least("max_detections", max_detections, 1)
    if not len(truth) or len(truth) != len(found):
        raise ValueError(
            "`truth` and `found` must have one entry for each of the same pages. "
            f"Received: {len(truth)} and {len(found)} entries"
        )
    true_labels = [np.zeros(0, np.int64)]
    matches: list[_Matches] = []
    for page, (true, other) in enumerate(zip(truth, found, strict=True)):
        true_boxes = _checked(f"truth[{page}]", true, np.zeros(len(true.labels)))
        found_boxes = _checked(f"found[{page}]", other, np.asarray(other.scores, np.float64))
        true_labels.append(true_boxes.labels)
        matches += _matches_of_page(page, true_boxes, found_boxes, max_detections)
    return _report(np.concatenate(true_labels), matches, len(truth))


def _checked(name: str, page: LabelledBoxes, scores: np.ndarray) -> _Checked:
    boxes = check_boxes(f"{name}.boxes", page.boxes)
    labels = np.asarray(page.labels)
    if not labels.size:
        labels = labels.astype(np.int64)
    if labels.shape != (len(boxes),) or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"`{name}.labels` must be one whole number for each of the {len(boxes)} boxes. "
            f"Received: shape={labels.shape}, dtype={labels.dtype}"
        )
    if scores.shape != labels.shape or not np.isfinite(scores).all():
        raise ValueError(
            f"`{name}.scores` must be one finite number for each of the {len(boxes)} boxes. "
            f"Received: shape={scores.shape}"
        )
    return _Checked(boxes, labels.astype(np.int64), scores)


def _matches_of_page(
    page: int, truth: _Checked, found: _Checked, max_detections: int
) -> list[_Matches]:
    matches = []
    best_first = found.of(np.argsort(-found.scores, kind="stable"))
    for label in np.unique(found.labels).tolist():
        mine = best_first.of(np.flatnonzero(best_first.labels == label)[:max_detections])
        true = truth.of(np.flatnonzero(truth.labels == label))
        ious = pairwise_iou(mine.boxes, true.boxes)
        rows = match_detections(ious)
        hits = np.flatnonzero(rows[0] >= 0)
        geometry = _geometry(ious[hits, rows[0, hits]], mine.boxes[hits], true.boxes[rows[0, hits]])
        matches.append(_Matches(label, page, mine.scores, rows >= 0, geometry))
    return matches


def _geometry(ious: np.ndarray, boxes: np.ndarray, true: np.ndarray) -> np.ndarray:
    offsets = (boxes[:, :2] + boxes[:, 2:] - true[:, :2] - true[:, 2:]) / 2
    distances = np.hypot(offsets[:, 0], offsets[:, 1])
    diagonals = np.hypot(true[:, 2] - true[:, 0], true[:, 3] - true[:, 1])
    return np.stack([ious, distances, distances / diagonals], axis=1)


def _report(true_labels: np.ndarray, matches: list[_Matches], page_count: int) -> DetectionReport:
    labels = np.union1d(true_labels, [match.label for match in matches]).astype(np.int64)
    counts = np.array([np.sum(true_labels == label) for label in labels], np.int64)
    precision = np.full((len(labels), len(IOU_THRESHOLDS)), np.nan)
    recall = precision.copy()
    for row in np.flatnonzero(counts):
        of_class = [match for match in matches if match.label == labels[row]]
        scores = np.concatenate([np.zeros(0), *(match.scores for match in of_class)])
        empty = np.zeros((len(IOU_THRESHOLDS), 0), bool)
        is_match = np.concatenate([empty, *(match.is_match for match in of_class)], axis=1)
        is_match = is_match[:, np.argsort(-scores, kind="stable")]
        recall[row] = is_match.sum(axis=1) / counts[row]
        precision[row] = [
            interpolated_average_precision(line, int(counts[row])) for line in is_match
        ]
    pages = [np.full(len(match.scores), match.page) for match in matches]
    curve = DetectionCurve(
        scores=np.concatenate([np.zeros(0), *(match.scores for match in matches)]),
        is_match=np.concatenate([np.zeros(0, bool), *(match.is_match[0] for match in matches)]),
        pages=np.concatenate([np.zeros(0, np.int64), *pages]),
        truth_count=len(true_labels),
        page_count=page_count,
    )
    geometry = np.concatenate([np.zeros((0, 3)), *(match.geometry for match in matches)])
    return DetectionReport(labels, counts, precision, recall, curve, *geometry.T)
