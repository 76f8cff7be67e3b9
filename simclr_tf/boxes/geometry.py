"""Checking, measuring and clipping boxes."""

from __future__ import annotations

import numpy as np

from simclr_tf.checks import check_positive


def check_boxes(name: str, boxes: np.ndarray) -> np.ndarray:
    """Returns `boxes` as float64 `[n, 4]`; raises unless they are finite and not turned inside out.

    Args:
        name: Name of the argument, for the message.
        boxes: `[x_min, y_min, x_max, y_max]` of each box, `[n, 4]` of any numeric type; an empty
            list is no boxes.

    Raises:
        ValueError: The shape is another, a number is not finite, or a box ends before it begins.
    """
    array = np.asarray(boxes, dtype=np.float64)
    if array.shape == (0,):
        array = array.reshape(0, 4)
    if array.ndim != 2 or array.shape[1] != 4:
        raise ValueError(
            f"`{name}` must have the shape [n, 4]. Received: {name}.shape={array.shape}"
        )
    fine = np.isfinite(array).all(axis=1)
    fine &= (array[:, 0] <= array[:, 2]) & (array[:, 1] <= array[:, 3])
    if not fine.all():
        row = int(np.argmin(fine))
        raise ValueError(
            f"`{name}` must be finite [x_min, y_min, x_max, y_max] with x_min <= x_max and "
            f"y_min <= y_max. Received: {name}[{row}]={array[row].tolist()}"
        )
    return array


def box_areas(boxes: np.ndarray) -> np.ndarray:
    """Returns the area of each box in square pixels.

    Args:
        boxes: `[n, 4]`.

    Returns:
        float64 `[n]`.

    Raises:
        ValueError: `boxes` are no boxes; see `check_boxes`.
    """
    boxes = check_boxes("boxes", boxes)
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def clip_boxes(boxes: np.ndarray, width: float, height: float) -> np.ndarray:
    """Returns the part of each box that lies on the page; a box beside the page gets no area.

    Args:
        boxes: `[n, 4]`.
        width: Width of the page in pixels, greater than 0.
        height: Height of the page in pixels, greater than 0.

    Returns:
        float64 `[n, 4]` with `0 <= x <= width` and `0 <= y <= height`.

    Raises:
        ValueError: An argument is out of range.
    """
    check_positive("width", width)
    check_positive("height", height)
    return np.clip(check_boxes("boxes", boxes), 0.0, [width, height, width, height])
