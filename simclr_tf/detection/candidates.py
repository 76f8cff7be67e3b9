"""Places on a page that may be symbols, and what speaks for and against each."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

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
    return _strongest(boxes, labels, strengths, lambda overlap, *_: overlap >= _SAME_PLACE)


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
    return _strongest(boxes, labels, strengths, _is_enclosed)


def _is_enclosed(overlap: np.ndarray, own: np.ndarray, areas: np.ndarray) -> np.ndarray:
    # With a + b = u + i and i / u = o: i = o (a + b) / (1 + o).
    shared = overlap * (own + areas) / (1 + overlap)
    return np.asarray((areas > _LARGER * own) & (shared >= _INSIDE * own))


def _strongest(
    boxes: np.ndarray,
    labels: np.ndarray,
    strengths: np.ndarray,
    counts: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
) -> np.ndarray:
    """Returns the greatest strength of those of other classes that count beside each box.

    Args:
        boxes: `[n, 4]`.
        labels: `[n]`.
        strengths: `[n]`.
        counts: From overlaps `[m, n]` of some boxes with all, and the areas of these `[m, 1]` and
            of all `[n]`, to bool `[m, n]`.
    """
    areas = box_areas(boxes)
    found = np.zeros(len(boxes), np.float32)
    for start in range(0, len(boxes), _BLOCK):
        rows = slice(start, start + _BLOCK)
        rival = counts(pairwise_iou(boxes[rows], boxes), areas[rows, None], areas)
        rival &= labels[rows, None] != labels
        found[rows] = np.where(rival, strengths, 0).max(axis=1)
    return found
