"""Intersection over union of many boxes with many others."""

from __future__ import annotations

import numpy as np

from simclr_tf.boxes.geometry import check_boxes
from simclr_tf.checks import check_at_least

# Pairs compared at once: a few arrays of so many float64 numbers stay within a processor's cache.
_PAIRS_AT_ONCE = 1 << 16


def pairwise_iou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Returns the intersection over union of every box with every other one.

    Pairs whose union has no area get 0. Memory beside the result does not grow with it.

    Args:
        boxes: `[n, 4]`.
        others: `[m, 4]`.

    Returns:
        float64 `[n, m]`, from 0 to 1.

    Raises:
        ValueError: An argument is no boxes; see `check_boxes`.

    Reference:
        Everingham et al., "The Pascal visual object classes challenge" (2010), equation 3.
    """
    boxes, others = check_boxes("boxes", boxes), check_boxes("others", others)
    ious = np.empty((len(boxes), len(others)))
    rows = max(1, _PAIRS_AT_ONCE // max(1, len(others)))
    for start in range(0, len(boxes), rows):
        block = boxes[start : start + rows, None]
        ious[start : start + rows] = iou_of_pairs(block, others[None])
    return ious


def best_overlap(
    boxes: np.ndarray, others: np.ndarray, block_size: int = 256
) -> tuple[np.ndarray, np.ndarray]:
    """Returns, for every box, the other one that it overlaps most, with flat memory.

    Args:
        boxes: `[n, 4]`.
        others: `[m, 4]`.
        block_size: Boxes compared with all others at once, at least 1.

    Returns:
        The greatest intersection over union float64 `[n]`, and the row of `others` int64 `[n]` it
        belongs to: the lowest of equal ones, and -1 (with 0) where nothing is overlapped.

    Raises:
        ValueError: An argument is no boxes, or `block_size` is out of range.
    """
    check_at_least("block_size", block_size, 1)
    boxes, others = check_boxes("boxes", boxes), check_boxes("others", others)
    best, rows = np.zeros(len(boxes)), np.full(len(boxes), -1, np.int64)
    if not len(others):
        return best, rows
    for start in range(0, len(boxes), block_size):
        block = slice(start, start + block_size)
        ious = pairwise_iou(boxes[block], others)
        first = ious.argmax(axis=1)
        best[block] = np.take_along_axis(ious, first[:, None], axis=1)[:, 0]
        rows[block] = np.where(best[block] > 0, first, -1)
    return best, rows


def iou_of_pairs(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Returns the intersection over union of checked float64 boxes `[..., 4]` that broadcast."""
    low = np.maximum(boxes[..., :2], others[..., :2])
    high = np.minimum(boxes[..., 2:], others[..., 2:])
    sides = np.maximum(high - low, 0.0)
    shared = sides[..., 0] * sides[..., 1]
    union = _area(boxes) + _area(others) - shared
    return np.divide(shared, union, out=np.zeros_like(union), where=union > 0)


def _area(boxes: np.ndarray) -> np.ndarray:
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
