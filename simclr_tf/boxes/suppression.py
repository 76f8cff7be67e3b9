"""Non-maximum suppression: of boxes that overlap much, only the one with the best score stays."""

from __future__ import annotations

import numpy as np

from simclr_tf.boxes.geometry import check_boxes
from simclr_tf.boxes.neighbourhood import Neighbourhood
from simclr_tf.checks import check_at_least, check_between

# Boxes that are decided together; their overlaps are looked up in one go.
_BLOCK_SIZE = 512


def non_maximum_suppression(
    boxes: np.ndarray,
    scores: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    iou_threshold: float = 0.5,
    max_boxes: int | None = None,
) -> np.ndarray:
    """Returns which boxes stay: each suppresses the later ones that overlap it too much.

    Boxes are taken in falling order of their scores, of equal scores the lower row first, and a
    box stays unless its intersection over union with one that stayed exceeds the threshold. Only
    boxes near each other are compared, so 50,000 boxes spread over a page take less than a second.

    Args:
        boxes: `[n, 4]`.
        scores: Finite numbers `[n]`, the higher the better.
        labels: Class of each box, int `[n]`: only boxes of one class suppress each other. Without
            them, all boxes do.
        iou_threshold: Largest overlap of two boxes that stay, from 0 to 1, default 0.5.
        max_boxes: At most so many boxes stay, those with the best scores; None keeps all.

    Returns:
        Rows of the boxes that stay, int64 `[k]`, in falling order of their scores.

    Raises:
        ValueError: An argument is out of range, or the lengths differ.

    Reference:
        Felzenszwalb et al., "Object detection with discriminatively trained part-based models"
        (2010), section 7.2.
    """
    boxes = check_boxes("boxes", boxes)
    scores = np.asarray(scores)
    check_between("iou_threshold", iou_threshold, 0.0, 1.0)
    if max_boxes is not None:
        check_at_least("max_boxes", max_boxes, 1)
    if scores.shape != (len(boxes),) or not np.isfinite(scores).all():
        raise ValueError(
            "`scores` must be a finite number for each of the boxes. Received: "
            f"scores.shape={scores.shape}, boxes.shape={boxes.shape}"
        )
    groups = np.zeros(len(boxes), np.int64)
    if labels is not None:
        if np.shape(labels) != scores.shape:
            raise ValueError(
                "`labels` must be one number for each of the boxes. Received: "
                f"labels.shape={np.shape(labels)}, boxes.shape={boxes.shape}"
            )
        groups = np.unique(labels, return_inverse=True)[1]
    # float64 holds the scores of every type, and its negative is in the opposite order.
    order = np.argsort(-scores.astype(np.float64), kind="stable")
    kept = order[_kept_places(boxes[order], groups[order], iou_threshold, max_boxes)]
    return kept.astype(np.int64)


def _kept_places(
    boxes: np.ndarray, groups: np.ndarray, iou_threshold: float, max_boxes: int | None
) -> np.ndarray:
    """Returns the places that stay of boxes `[n, 4]` sorted from the best to the worst."""
    neighbourhood = Neighbourhood(boxes, groups, iou_threshold)
    undecided = np.ones(len(boxes), bool)
    kept = [np.zeros(0, np.int64)]
    count = 0
    while max_boxes is None or count < max_boxes:
        block = np.flatnonzero(undecided)[:_BLOCK_SIZE]
        if not len(block):
            break
        undecided[block] = False
        block = _kept_of_block(neighbourhood, block, len(boxes))
        for _, suppressed in neighbourhood.overlapping(block, undecided):
            undecided[suppressed] = False
        kept.append(block)
        count += len(block)
    return np.concatenate(kept)[:max_boxes]


def _kept_of_block(neighbourhood: Neighbourhood, block: np.ndarray, count: int) -> np.ndarray:
    stays = np.zeros(count, bool)
    stays[block] = True
    pairs = [np.zeros((2, 0), np.int64)]
    pairs += [np.stack(pair) for pair in neighbourhood.overlapping(block, stays)]
    better, worse = np.concatenate(pairs, axis=1)
    first = better < worse
    better, worse = better[first], worse[first]
    if not len(better):
        return block
    order = np.argsort(better, kind="stable")
    starts = np.flatnonzero(np.diff(better[order], prepend=-1))
    for place, suppressed in zip(
        better[order][starts], np.split(worse[order], starts[1:]), strict=True
    ):
        if stays[place]:
            stays[suppressed] = False
    return np.flatnonzero(stays)
