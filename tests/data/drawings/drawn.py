"""A small drawing to cut crops out of."""

import numpy as np

from simclr_tf.data import AnnotatedDrawing

PAPER = (240, 235, 220)
SIZE = (120, 90)
# A square, a bar that reaches to the right edge and a small square.
BOXES = [[10, 10, 30, 30], [96, 40, 120, 52], [50, 60, 58, 68]]
LABELS = [0, 1, 0]


def drawn_page(seed=0):
    """A page of 120 x 90 with three symbols and walls, uint8 `[90, 120, 3]`."""
    page = np.full((SIZE[1], SIZE[0], 3), PAPER, np.uint8)
    page[78:80, :] = page[:, 70:72] = 40
    page[5:7, 75:115] = page[20:22, 75:115] = 90
    for x_min, y_min, x_max, y_max in BOXES:
        page[y_min:y_max, x_min:x_max] = 10
    noise = np.random.default_rng(seed).integers(-2, 3, page.shape[:2])
    return np.clip(page + noise[..., None], 0, 255).astype(np.uint8)


def drawn_drawing(boxes=None, labels=None, path="plans/page.png", size=SIZE):
    boxes = BOXES if boxes is None else boxes
    labels = LABELS if labels is None else labels
    return AnnotatedDrawing(
        path, *size, np.array(boxes, np.float64).reshape(-1, 4), np.array(labels, np.int64)
    )
