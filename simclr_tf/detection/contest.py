"""What several classes leave one another where all of them fit."""

from __future__ import annotations

import numpy as np

from simclr_tf.boxes import non_maximum_suppression, pairwise_iou


def contested(
    boxes: np.ndarray, labels: np.ndarray, scores: np.ndarray, iou_threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    """Returns which boxes stay, and what is left of their scores.

    Only one symbol stands at a place. Of overlapping boxes of one class the best stays. Those of
    other classes stay too, for the best may be wrong, but with no more than what it leaves: their
    score times the probability that it is wrong. So no two of them are rather right than wrong.

    Args:
        boxes: `[n, 4]`.
        labels: Class of each, int `[n]`.
        scores: The probability of each to be right, seen alone, from 0 to 1, `[n]`.
        iou_threshold: Overlap from which two boxes are at one place, from 0 to 1.

    Returns:
        Rows of the boxes that stay, int64 `[k]`, and their scores, float64 `[k]`, falling.

    Example:
        Of a square with a score of .9 and a square with a dot at the same place with .8, the
        second keeps .8 * (1 - .9) = .08.
    """
    rows = non_maximum_suppression(boxes, scores, labels, iou_threshold=iou_threshold)
    left = np.asarray(scores, np.float64)[rows]
    same_place = pairwise_iou(boxes[rows], boxes[rows]) > iou_threshold
    for place in range(1, len(rows)):
        left[place] *= 1 - left[:place].max(initial=0, where=same_place[place, :place])
    order = np.argsort(-left, kind="stable")
    return rows[order], left[order]
