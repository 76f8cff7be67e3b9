"""What boxes leave one another where several of them fit."""

from __future__ import annotations

import numpy as np

from simclr_tf.boxes import pairwise_iou

# Rows that are compared with all before them at once.
_BLOCK = 256


def contested(
    boxes: np.ndarray, labels: np.ndarray, scores: np.ndarray, iou_threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    """Returns which boxes stay, and what is left of their scores.

    Only one symbol stands at a place. Boxes of other classes than the best one stay, for the best
    may be wrong, but with no more than what it leaves: their score times the probability that it is
    wrong. So no two of them are rather right than wrong. Of one class only the box with most left
    stays.

    Args:
        boxes: `[n, 4]`.
        labels: Class of each, int `[n]`.
        scores: The probability of each to be right, seen alone, from 0 to 1, `[n]`.
        iou_threshold: Overlap above which two boxes are at one place, from 0 to 1.

    Returns:
        Rows of the boxes that stay, int64 `[k]`, and their scores, float64 `[k]`, falling.

    Raises:
        ValueError: `boxes` is not such an array.

    Example:
        Of a square with a score of .9 and a square with a dot at the same place with .8, the
        second keeps .8 * (1 - .9) = .08.
    """
    order = np.argsort(-np.asarray(scores, np.float64), kind="stable")
    boxes, labels = np.asarray(boxes)[order], np.asarray(labels)[order]
    # What is left of each; 0 of those that do not stay, which so take nothing from others.
    left = np.asarray(scores, np.float64)[order]
    stays = np.ones(len(order), bool)
    for start in range(0, len(order), _BLOCK):
        block = slice(start, start + _BLOCK)
        same_place = pairwise_iou(boxes[block], boxes[: start + _BLOCK]) > iou_threshold
        for place, near in enumerate(same_place, start):
            before = np.flatnonzero(near[:place])
            own = labels[before] == labels[place]
            most, most_of_own = (left[before[w]].max(initial=0) for w in (~own, own))
            stays[place] = most_of_own == 0 or most_of_own < left[place] * (1 - most)
            left[place] *= stays[place] * (1 - max(most, most_of_own))
    kept = np.flatnonzero(stays)
    kept = kept[np.argsort(-left[kept], kind="stable")]
    return order[kept], left[kept]
