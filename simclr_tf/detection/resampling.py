"""Parts of an ink map at another size."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from PIL import Image

from simclr_tf.detection.example import SymbolExample


def resampled(
    ink: np.ndarray, box: tuple[float, float, float, float], height: int, width: int
) -> np.ndarray:
    """Returns a box of an ink map at another size; outside the map there is paper.

    Args:
        ink: uint8 `[H, W]`.
        box: `(x_min, y_min, x_max, y_max)` in pixels of the map.
        height: Of the result in pixels.
        width: Of the result in pixels.

    Returns:
        uint8 `[height, width]`.
    """
    left, top = math.floor(box[0]), math.floor(box[1])
    right, bottom = max(math.ceil(box[2]), left + 1), max(math.ceil(box[3]), top + 1)
    if left >= 0 and top >= 0 and bottom <= ink.shape[0] and right <= ink.shape[1]:
        part = ink[top:bottom, left:right]
    else:
        part = np.zeros((bottom - top, right - left), np.uint8)
        rows = slice(max(top, 0), min(bottom, ink.shape[0]))
        columns = slice(max(left, 0), min(right, ink.shape[1]))
        if rows.start < rows.stop and columns.start < columns.stop:
            inner = ink[rows, columns]
            y, x = rows.start - top, columns.start - left
            part[y : y + inner.shape[0], x : x + inner.shape[1]] = inner
    local = (box[0] - left, box[1] - top, box[2] - left, box[3] - top)
    picture = Image.fromarray(part).resize((width, height), Image.Resampling.BILINEAR, box=local)
    return np.asarray(picture)


def resized_box(example: SymbolExample, height: int, width: int, around: int) -> np.ndarray:
    """Returns an example with its box at `[height, width]` and some pixels of context around it.

    Args:
        example: The example.
        height: Of the box in the result.
        width: Of the box in the result.
        around: Pixels of context on each side of the result.

    Returns:
        uint8 `[height + 2 * around, width + 2 * around]`.
    """
    margin = example.margin
    across, along = around * example.width / width, around * example.height / height
    box = (
        margin - across,
        margin - along,
        margin + example.width + across,
        margin + example.height + along,
    )
    return resampled(example.ink, box, height + 2 * around, width + 2 * around)


def at_long_side(example: SymbolExample, long_side: float) -> SymbolExample:
    """Returns an example with so many pixels along the longer side of its box, context included."""
    factor = long_side / example.long_side
    height, width = (max(1, round(side * factor)) for side in example.ink.shape)
    box = (0.0, 0.0, float(example.ink.shape[1]), float(example.ink.shape[0]))
    # The box must keep a pixel.
    margin = min(round(example.margin * factor), (min(height, width) - 1) // 2)
    return dataclasses.replace(
        example, ink=resampled(example.ink, box, height, width), margin=margin
    )
