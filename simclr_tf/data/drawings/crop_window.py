"""The square window round a box, and the pixels in it."""

from __future__ import annotations

import numpy as np


def crop_windows(boxes: np.ndarray, margin: float) -> np.ndarray:
    """Returns the square windows round boxes, in whole pixels.

    A window has the centre of its box; its side is the longer one of the box with the margin on
    both ends. It may reach beyond the page.

    Args:
        boxes: `[x_min, y_min, x_max, y_max]` in pixels, `[n, 4]`.
        margin: On each side, as a share of the longer side of the box, at least 0.

    Returns:
        int64 `[n, 4]`, with sides of at least one pixel.
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    longest = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    sides = np.maximum(np.rint(longest * (1 + 2 * margin)), 1).astype(np.int64)
    corners = (boxes[:, :2] + boxes[:, 2:]) / 2 - sides[:, None] / 2
    corners = np.floor(corners + 0.5).astype(np.int64)
    return np.concatenate([corners, corners + sides[:, None]], axis=1)


def cut_window(page: np.ndarray, window: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """Returns the pixels of a window, with paper where it reaches beyond the page.

    Args:
        page: uint8 `[height, width, 3]`.
        window: Whole `[x_min, y_min, x_max, y_max]` in pixels.
        paper: uint8 `[3]`.

    Returns:
        uint8 `[y_max - y_min, x_max - x_min, 3]`, a copy.
    """
    x_min, y_min, x_max, y_max = (int(value) for value in window)
    crop = np.empty((y_max - y_min, x_max - x_min, 3), np.uint8)
    crop[:] = paper
    height, width = page.shape[:2]
    left, top = max(x_min, 0), max(y_min, 0)
    right, bottom = min(x_max, width), min(y_max, height)
    if left < right and top < bottom:
        crop[top - y_min : bottom - y_min, left - x_min : right - x_min] = page[
            top:bottom, left:right
        ]
    return crop
