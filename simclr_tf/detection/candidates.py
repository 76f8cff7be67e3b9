"""Places on a page that may be symbols, and what speaks for and against each."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

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
# Rows that are compared with all others at once.
_BLOCK = 512
# A box is inside another one of at least this many times its area with this share of itself.
_LARGER, _INSIDE = 1.25, 0.8


@dataclasses.dataclass(frozen=True, eq=False)
class Candidates:
    """Places that may be symbols; n of them.

    Args:
        boxes: `[x_min, y_min, x_max, y_max]` in pixels of the page, float64 `[n, 4]`.
        labels: Class of each, int64 `[n]`.
        evidence: float32 `[n, len(EVIDENCE)]`: correlation of the reduced window and of the
            aligned one, alone and with what is around it; share of the page's ink that the
            example explains, and of the example's ink that was found; most ink in one spot that is
            not explained, and that is missing; best correlation of another class at the same
            place; how completely one is there whose box encloses this one (see `Alignment`);
            cosine of the embeddings with the nearest example of the class, and of another class.
            The last two are 0 without an encoder.
    """

    boxes: np.ndarray
    labels: np.ndarray
    evidence: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def of(self, rows: np.ndarray) -> Candidates:
        """Returns some of them."""
        return Candidates(self.boxes[rows], self.labels[rows], self.evidence[rows])


def no_candidates() -> Candidates:
    """Returns the candidates of a page without ink."""
    return Candidates(
        np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros((0, len(EVIDENCE)), np.float32)
    )


def strongest_rivals(boxes: np.ndarray, labels: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """Returns the greatest strength of another class at the same place.

    Args:
        boxes: `[n, 4]`.
        labels: Class of each, int `[n]`.
        strengths: Of each, at least 0 where it counts, `[n]`.

    Returns:
        float32 `[n]`; 0 where no box of another class overlaps much.
    """
    found = [np.zeros(0, np.float32)]
    for rows in _blocks(len(boxes)):
        rival = pairwise_iou(boxes[rows], boxes) >= _SAME_PLACE
        rival &= labels[rows, None] != labels
        found.append(np.where(rival, strengths, 0).max(axis=1).astype(np.float32))
    return np.concatenate(found)


def strongest_enclosing(boxes: np.ndarray, labels: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """Returns the greatest strength of another class whose larger box encloses a box.

    A sign with a mark beside it holds the same sign without one: where the mark is there, too, the
    smaller one is wrong however well it fits.

    Args:
        boxes: `[n, 4]`.
        labels: Class of each, int `[n]`.
        strengths: Of each, at least 0 where it counts, `[n]`.

    Returns:
        float32 `[n]`; 0 where no box of another class encloses it.
    """
    areas = box_areas(boxes)
    found = [np.zeros(0, np.float32)]
    for rows in _blocks(len(boxes)):
        overlap = pairwise_iou(boxes[rows], boxes)
        # With a + b = u + i and i / u = o: i = o (a + b) / (1 + o).
        shared = overlap * (areas[rows, None] + areas) / (1 + overlap)
        encloses = (areas > _LARGER * areas[rows, None]) & (shared >= _INSIDE * areas[rows, None])
        encloses &= labels[rows, None] != labels
        found.append(np.where(encloses, strengths, 0).max(axis=1).astype(np.float32))
    return np.concatenate(found)


def _blocks(count: int) -> Iterator[slice]:
    """Yields slices of so many rows that a matrix of them with all others is small."""
    return (slice(start, start + _BLOCK) for start in range(0, count, _BLOCK))
