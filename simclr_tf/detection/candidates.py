"""Places on a page that may be symbols, and what speaks for and against each."""

from __future__ import annotations

import dataclasses

import numpy as np

from simclr_tf.boxes import box_areas, pairwise_iou

# What speaks for a candidate, in the order of the columns of `Candidates.evidence`.
EVIDENCE = (
    "similarity",
    "correlation",
    "context",
    "explained",
    "found",
    "extra",
    "missing",
    "rival",
    "enclosing",
    "cosine",
    "cosine_rival",
)
# Boxes that overlap so much are taken for the same place.
_SAME_PLACE = 0.4
# A box is inside another one of at least this many times its area with this share of itself.
_LARGER, _INSIDE = 1.5, 0.8


@dataclasses.dataclass(frozen=True, eq=False)
class Candidates:
    """Places that may be symbols; n of them.

    Args:
        boxes: `[x_min, y_min, x_max, y_max]` in pixels of the page, float64 `[n, 4]`.
        labels: Class of each, int64 `[n]`.
        evidence: float32 `[n, len(EVIDENCE)]`: correlation of the reduced window and of the
            aligned one, alone and with what is around it; share of the page's ink that the
            example explains, and of the example's ink that was found; most ink in one spot that is
            not explained, and that is missing; best correlation of
            another class at the same place, and of one whose box encloses this one; cosine of
            the embeddings with the nearest example of the class, and of another class. The last
            two are 0 without an encoder.
    """

    boxes: np.ndarray
    labels: np.ndarray
    evidence: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


def no_candidates() -> Candidates:
    """Returns the candidates of a page without ink."""
    return Candidates(
        np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros((0, len(EVIDENCE)), np.float32)
    )


def strongest_rivals(
    boxes: np.ndarray, labels: np.ndarray, correlations: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the best correlation of other classes at the same place, and around it.

    Args:
        boxes: `[n, 4]`.
        labels: Class of each, int `[n]`.
        correlations: Of each, `[n]`.

    Returns:
        float32 `[n]` twice: of another class whose box overlaps much, and of one whose larger box
        encloses this one; 0 where there is none.
    """
    same, around = np.zeros(len(boxes), np.float32), np.zeros(len(boxes), np.float32)
    areas = box_areas(boxes)
    step = 512
    for start in range(0, len(boxes), step):
        rows = slice(start, start + step)
        overlap = pairwise_iou(boxes[rows], boxes)
        # With a + b = u + i and i / u = o: i = o (a + b) / (1 + o).
        shared = overlap * (areas[rows, None] + areas) / (1 + overlap)
        other = labels[rows, None] != labels
        encloses = (areas > _LARGER * areas[rows, None]) & (shared >= _INSIDE * areas[rows, None])
        same[rows] = np.where(other & (overlap >= _SAME_PLACE), correlations, 0).max(axis=1)
        around[rows] = np.where(other & encloses, correlations, 0).max(axis=1)
    return same, around
