"""Which found box counts as which true one, and the average precision that follows from it."""

from __future__ import annotations

import numpy as np

# As COCO writes them, so that they are equal to the last bit.
IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALL_LEVELS = np.linspace(0.0, 1.0, 101)

# A threshold of 1 would miss boxes that are equal but for rounding; COCO stops here.
_HIGHEST_THRESHOLD = 1 - 1e-10


def match_detections(ious: np.ndarray, iou_thresholds: np.ndarray = IOU_THRESHOLDS) -> np.ndarray:
    """Gives each found box, from the best score to the worst, the free true box it overlaps most.

    Each true box is given away once. Of equal overlaps the last true box is taken, as COCO does.

    Args:
        ious: Intersection over union of every found box with every true one, `[d, g]`, the found
            ones in falling order of their scores.
        iou_thresholds: Least overlap of a match, `[T]`, each from 0 to 1; COCO's ten by default.

    Returns:
        Row of the true box of each found one, -1 for a false alarm, int64 `[T, d]`.

    Reference:
        Lin et al., "Microsoft COCO: common objects in context" (2014), and its evaluation code,
        https://github.com/cocodataset/cocoapi, `COCOeval.evaluateImg`.
    """
    found, true = ious.shape
    least = np.minimum(iou_thresholds, _HIGHEST_THRESHOLD)
    matches = np.full((len(least), found), -1, np.int64)
    if not true:
        return matches
    free = np.ones((len(least), true), bool)
    every = np.arange(len(least))
    for row in range(found):
        open_ious = np.where(free, ious[row], -1.0)
        last_best = true - 1 - open_ious[:, ::-1].argmax(axis=1)
        hit = open_ious[every, last_best] >= least
        matches[hit, row] = last_best[hit]
        free[every[hit], last_best[hit]] = False
    return matches


def interpolated_average_precision(is_match: np.ndarray, truth_count: int) -> float:
    """Returns the mean of the precision at the recalls 0, 0.01, ..., 1.

    The precision at a recall is the best one at that recall or a higher one, and 0 beyond the
    highest recall that is reached.

    Args:
        is_match: Whether each found box is a match, bool `[n]`, in falling order of the scores.
        truth_count: True boxes there are, at least 1.

    Returns:
        From 0 to 1.

    Example:
        >>> # Precision 1 up to recall 0.5 (the levels 0 to 0.5: 51 of 101), and 2/3 up to 1.
        >>> # (51 * 1 + 50 * 2 / 3) / 101 = 0.83498
        >>> round(interpolated_average_precision(np.array([True, False, True]), 2), 5)
        0.83498

    Reference:
        As `match_detections`; `COCOeval.accumulate`.
    """
    hits = np.cumsum(is_match)
    recall = hits / truth_count
    precision = hits / np.arange(1, len(hits) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(recall, RECALL_LEVELS, side="left")
    return float(np.append(best, 0.0)[places].mean())
