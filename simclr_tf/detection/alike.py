"""All symbols on a page that are like one that a person marked on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from simclr_tf.boxes import Detections
from simclr_tf.data import AnnotatedDrawing
from simclr_tf.detection.gallery import SymbolGallery, cut_example
from simclr_tf.detection.ink import ink_map
from simclr_tf.detection.settings import DetectorSettings
from simclr_tf.detection.symbol_detector import SymbolDetector

# Less shows nothing that could be told apart.
_LEAST_SIDE = 6
# Ink from which a row or column of a box is not paper; below lie the edges of strokes and dirt.
_STRONG = 64


def find_alike(
    page: np.ndarray,
    box: Sequence[float],
    settings: DetectorSettings | None = None,
    *,
    encoder: Any = None,
    image_size: int = 64,
) -> Detections:
    """Finds everything on a page that looks like what is in a box on it, that itself included.

    Args:
        page: uint8 `[height, width]` or `[height, width, 3]`.
        box: `[x_min, y_min, x_max, y_max]` in pixels round one symbol; what reaches beyond the
            page, and paper at its edges, is left out of it.
        settings: How to look; the defaults by default.
        encoder: See `SymbolDetector`.
        image_size: Side of the encoder's pictures in pixels.

    Returns:
        Boxes with the label 0, best first.

    Raises:
        ValueError: There is no ink in the box, or too little of it.
    """
    ink = ink_map(page)
    drawing = AnnotatedDrawing(
        path="",
        width=page.shape[1],
        height=page.shape[0],
        boxes=np.array([box_of_ink(ink, box)], np.float64),
        labels=np.zeros(1, np.int64),
    )
    gallery = SymbolGallery((cut_example(ink, drawing, 0),), ("symbol",))
    return SymbolDetector(encoder, gallery, settings, image_size=image_size).detect(page)


def box_of_ink(ink: np.ndarray, box: Sequence[float]) -> tuple[int, int, int, int]:
    """Returns the smallest box that holds all ink in a box.

    Args:
        ink: See `ink_map`, uint8 `[height, width]`.
        box: `[x_min, y_min, x_max, y_max]` in pixels.

    Raises:
        ValueError: There is no ink in the box, or less than 6 pixels of it in a direction.
    """
    height, width = ink.shape
    left, right = (round(float(np.clip(edge, 0, width))) for edge in (box[0], box[2]))
    top, bottom = (round(float(np.clip(edge, 0, height))) for edge in (box[1], box[3]))
    strong = ink[top:bottom, left:right] >= _STRONG
    rows, columns = np.flatnonzero(strong.any(axis=1)), np.flatnonzero(strong.any(axis=0))
    if not len(rows):
        raise ValueError("There is nothing drawn in the box; draw it round one symbol.")
    found = (left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1)
    x_min, y_min, x_max, y_max = (int(edge) for edge in found)
    if min(x_max - x_min, y_max - y_min) < _LEAST_SIDE:
        raise ValueError(
            f"What is drawn in the box has {x_max - x_min} x {y_max - y_min} pixels; a symbol "
            f"needs at least {_LEAST_SIDE} in both directions."
        )
    return x_min, y_min, x_max, y_max
