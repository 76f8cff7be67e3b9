"""Windows of a page that show something, but no symbol."""

from __future__ import annotations

import numpy as np

from simclr_tf.boxes import best_overlap, non_maximum_suppression
from simclr_tf.data.drawings.page_ink import InkShare

# A window that holds half of a symbol shows it, however small their overlap is.
MOST_OF_A_SYMBOL = 0.5
# Of two backgrounds that overlap more, one is left out.
_LARGEST_OVERLAP = 0.3
_DRAWS_PER_WINDOW = 40


def background_windows(
    mask: np.ndarray,
    boxes: np.ndarray,
    sides: np.ndarray,
    count: int,
    rng: np.random.Generator,
    *,
    largest_iou: float = 0.1,
    ink_share: float = 0.02,
) -> np.ndarray:
    """Returns square windows with ink that no symbol is in.

    Each is drawn round a random pixel of ink, off its centre by up to a third of the side, within
    the page. It overlaps every box by at most `largest_iou`, holds less than half of any box, and
    overlaps no other window by more than .3.

    Args:
        mask: Where the page has ink, bool `[height, width]`.
        boxes: Of all symbols on the page, `[n, 4]`.
        sides: Sides that the windows may have, in pixels `[m]`; longer ones than the page is wide
            or high are cut to it.
        count: At most so many windows.
        rng: Source of everything that varies.
        largest_iou: See above, 0..1.
        ink_share: Least share of ink in a window, 0..1.

    Returns:
        int64 `[k, 4]` with `k <= count`: fewer where the page has no room for more.
    """
    places = np.flatnonzero(mask)
    if not len(places) or not len(sides) or not count:
        return np.zeros((0, 4), np.int64)
    height, width = mask.shape
    draws = count * _DRAWS_PER_WINDOW
    rows, columns = np.divmod(places[rng.integers(len(places), size=draws)], width)
    drawn = np.minimum(sides[rng.integers(len(sides), size=draws)], min(height, width))
    drawn = np.maximum(np.rint(drawn), 1).astype(np.int64)
    off = rng.uniform(-1 / 3, 1 / 3, (2, draws)) * drawn
    left = np.clip(np.rint(columns + off[0] - drawn / 2), 0, width - drawn).astype(np.int64)
    top = np.clip(np.rint(rows + off[1] - drawn / 2), 0, height - drawn).astype(np.int64)
    windows = np.stack([left, top, left + drawn, top + drawn], axis=1)
    fine = InkShare(mask).of(windows) >= ink_share
    fine &= free_of_symbols(windows, boxes, largest_iou)
    windows = windows[fine]
    # In the order in which they were drawn.
    kept = non_maximum_suppression(
        windows, -np.arange(len(windows)), iou_threshold=_LARGEST_OVERLAP, max_boxes=count
    )
    return windows[kept]


def free_of_symbols(windows: np.ndarray, boxes: np.ndarray, largest_iou: float) -> np.ndarray:
    """Returns bool `[n]`: which windows show no symbol.

    Args:
        windows: `[n, 4]`.
        boxes: Of the symbols, `[m, 4]`.
        largest_iou: Largest overlap with any of them; also, less than half of each is inside.
    """
    windows, boxes = np.asarray(windows, np.float64), np.asarray(boxes, np.float64)
    free = best_overlap(windows, boxes)[0] <= largest_iou
    for box in boxes:
        sides = np.minimum(windows[:, 2:], box[2:]) - np.maximum(windows[:, :2], box[:2])
        inside = np.maximum(sides, 0).prod(axis=1)
        area = (box[2:] - box[:2]).prod()
        free &= inside < MOST_OF_A_SYMBOL * area
    return free
