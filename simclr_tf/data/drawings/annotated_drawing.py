"""A drawing with labelled boxes, and a set of them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence

import numpy as np

from simclr_tf.checks import check_at_least
from simclr_tf.data.picture_set import SkippedPicture

# Annotation tools round to whole pixels or to few digits, and count from 0 or from 1.
_ROUNDING = 1.0


@dataclasses.dataclass(frozen=True, eq=False)
class AnnotatedDrawing:
    """A page and the boxes on it.

    Args:
        path: The picture's file.
        width: Width of the page in pixels.
        height: Height of the page in pixels.
        boxes: `[x_min, y_min, x_max, y_max]` in pixels, within the page, float64 `[n, 4]`.
        labels: Class of each box, int64 `[n]`.

    Raises:
        ValueError: The page has no size, or `boxes` and `labels` differ in length.
    """

    path: str
    width: int
    height: int
    boxes: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        check_at_least("width", self.width, 1)
        check_at_least("height", self.height, 1)
        shapes = (np.shape(self.boxes), np.shape(self.labels))
        if shapes != ((len(self.labels), 4), (len(self.labels),)):
            raise ValueError(
                "`boxes` and `labels` must have the shapes [n, 4] and [n]. Received: "
                f"boxes.shape={shapes[0]}, labels.shape={shapes[1]}"
            )

    def __len__(self) -> int:
        return len(self.labels)


@dataclasses.dataclass(frozen=True, eq=False)
class DrawingSet:
    """What a reader found.

    Args:
        drawings: The drawings that can be used.
        class_names: Label `i` means `class_names[i]`.
        skipped: Drawings that cannot, each with one readable line that names file and line.
        warnings: Sentences for the person who runs it.
    """

    drawings: tuple[AnnotatedDrawing, ...]
    class_names: tuple[str, ...]
    skipped: tuple[SkippedPicture, ...] = ()
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.drawings)


def annotated_drawing(
    path: str,
    size: tuple[int, int],
    boxes: Iterable[Sequence[float]],
    labels: Sequence[int],
) -> AnnotatedDrawing:
    """Returns the drawing with its boxes and labels as arrays."""
    return AnnotatedDrawing(
        path=path,
        width=size[0],
        height=size[1],
        boxes=np.array(list(boxes), np.float64).reshape(-1, 4),
        labels=np.array(labels, np.int64),
    )


def box_on_page(box: Sequence[float], size: tuple[int, int]) -> list[float]:
    """Returns the box clipped to the page, over whose edges it may reach by one pixel.

    Args:
        box: `[x_min, y_min, x_max, y_max]` in pixels.
        size: Width and height of the page in pixels.

    Raises:
        ValueError: The box reaches farther, has no area or is not finite; the text is the reason.
    """
    width, height = size
    shown = "[" + ", ".join(f"{value:.6g}" for value in box) + "]"
    if not all(math.isfinite(value) for value in box):
        raise ValueError(f"the box {shown} is not finite")
    x_min, y_min, x_max, y_max = box
    if x_max <= x_min or y_max <= y_min:
        raise ValueError(f"the box {shown} has no area")
    over = max(-x_min, -y_min, x_max - width, y_max - height)
    if over > _ROUNDING:
        raise ValueError(f"the box {shown} reaches outside the page of {width} x {height} pixels")
    clipped = [max(x_min, 0.0), max(y_min, 0.0), min(x_max, width), min(y_max, height)]
    if clipped[2] <= clipped[0] or clipped[3] <= clipped[1]:
        raise ValueError(f"the box {shown} lies beside the page of {width} x {height} pixels")
    return clipped


def checked_set(place: str, found: DrawingSet) -> DrawingSet:
    """Returns `found` unless it has no drawing.

    Raises:
        ValueError: No drawing can be used; the text names `place` and the first reason.
    """
    if found.drawings:
        return found
    reason = "no picture is annotated"
    if found.skipped:
        first = found.skipped[0]
        reason = f"{len(found.skipped)} cannot be used, {first.path} first ({first.reason})"
    raise ValueError(f"There is no annotated drawing in {place}: {reason}.")
