"""Crops of annotated drawings: the symbols with their labels, and windows without a symbol."""

from __future__ import annotations

import dataclasses
import functools
import zlib
from collections.abc import Callable, Iterable

import numpy as np

from simclr_tf.data.decode import UnreadablePicture, decode_whole
from simclr_tf.data.drawings.annotated_drawing import AnnotatedDrawing, box_on_page
from simclr_tf.data.drawings.background import background_windows
from simclr_tf.data.drawings.crop_settings import CropSettings
from simclr_tf.data.drawings.crop_window import crop_windows, cut_window
from simclr_tf.data.drawings.page_ink import ink_mask, page_paper
from simclr_tf.data.picture_set import UNLABELLED, SkippedPicture

# The pixels uint8 `[height, width, 3]`, or what reads them when it is called.
PagePixels = np.ndarray | Callable[[], np.ndarray]


@dataclasses.dataclass(frozen=True, eq=False)
class Crop:
    """A window of a page.

    Args:
        pixels: uint8 `[side, side, 3]`, in the resolution of the page.
        label: Class of the symbol in it; -1 where there is none.
        page: `path` of the drawing.
        window: Where it was cut, whole `[x_min, y_min, x_max, y_max]` in pixels, int64 `[4]`.
        score: Of the detection that it was cut from, or None.
    """

    pixels: np.ndarray
    label: int
    page: str
    window: np.ndarray
    score: float | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class PageCrops:
    """What was cut out of one page.

    Args:
        crops: Symbols in the order of their boxes, then backgrounds.
        skipped: Boxes that cannot be used, each with a line that names it.
    """

    crops: tuple[Crop, ...]
    skipped: tuple[SkippedPicture, ...] = ()


def read_page(drawing: AnnotatedDrawing) -> np.ndarray:
    """Returns the pixels of a drawing's file, upright and RGB, uint8 `[height, width, 3]`.

    Raises:
        UnreadablePicture: The file cannot be read, or its size is no longer the drawing's.
    """
    try:
        with open(drawing.path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise UnreadablePicture(error.strerror or str(error)) from error
    return decode_whole(content, max(drawing.width, drawing.height))


def drawing_pages(
    drawings: Iterable[AnnotatedDrawing],
) -> list[tuple[PagePixels, AnnotatedDrawing]]:
    """Returns each drawing with what reads its file, so that pages are in memory one at a time."""
    return [(functools.partial(read_page, drawing), drawing) for drawing in drawings]


def opened_page(pixels: PagePixels, drawing: AnnotatedDrawing) -> np.ndarray:
    """Returns the pixels of a page, read where they are not there yet.

    Raises:
        UnreadablePicture: The page cannot be read, or has another size than the drawing states.
    """
    page = pixels() if callable(pixels) else pixels
    if page.shape != (drawing.height, drawing.width, 3):
        raise UnreadablePicture(
            f"the page has the shape {page.shape}, not that of {drawing.width} x {drawing.height} "
            "pixels with three channels, which its boxes are meant for"
        )
    return page


def cut_page(
    page: np.ndarray,
    drawing: AnnotatedDrawing,
    settings: CropSettings,
    *,
    class_count: int | None = None,
    background_count: int | None = None,
    usual_sides: np.ndarray | None = None,
) -> PageCrops:
    """Cuts the symbols out of a page, and windows with ink but without a symbol.

    A crop is the square window round a box with its margin, see `crop_windows`; beyond the page
    there is paper. Backgrounds are as large as the windows of the symbols on the page. They
    depend on its pixels and the seed only, not on its path or other pages.

    Args:
        page: uint8 `[height, width, 3]`.
        drawing: The boxes on it.
        settings: How to cut.
        class_count: Labels must be below it; any label by default.
        background_count: In place of the settings' own.
        usual_sides: Sides of backgrounds in pixels where the page has no symbol.

    Returns:
        The crops. A box outside the page, without an area or too small is left out and named,
        and no background overlaps it either.
    """
    paper = page_paper(page)
    boxes, labels, skipped = [], [], []
    for number, (box, label) in enumerate(zip(drawing.boxes, drawing.labels, strict=True)):
        reason = _fault(box, int(label), drawing, settings, class_count)
        if reason is None:
            boxes.append(box)
            labels.append(int(label))
        else:
            skipped.append(SkippedPicture(drawing.path, f"boxes[{number}]: {reason}"))
    windows = crop_windows(np.array(boxes), settings.margin)
    crops = [
        Crop(cut_window(page, window, paper), label, drawing.path, window)
        for window, label in zip(windows, labels, strict=True)
    ]
    sides = windows[:, 2] - windows[:, 0]
    if not len(sides) and usual_sides is not None:
        sides = usual_sides
    count = settings.backgrounds_per_page if background_count is None else background_count
    for window in _backgrounds(page, paper, drawing, sides, count, settings) if count else ():
        crops.append(Crop(cut_window(page, window, paper), UNLABELLED, drawing.path, window))
    return PageCrops(tuple(crops), tuple(skipped))


def _fault(
    box: np.ndarray,
    label: int,
    drawing: AnnotatedDrawing,
    settings: CropSettings,
    class_count: int | None,
) -> str | None:
    """Returns why a box cannot be cut, or None."""
    try:
        clipped = box_on_page(box.tolist(), (drawing.width, drawing.height))
    except ValueError as error:
        return str(error)
    longest = max(clipped[2] - clipped[0], clipped[3] - clipped[1])
    if longest < settings.smallest_side:
        return f"its longer side, {longest:.3g} pixels, is below {settings.smallest_side:g}"
    if label < 0 or (class_count is not None and label >= class_count):
        return f"the class {label} is unknown"
    return None


def _backgrounds(
    page: np.ndarray,
    paper: np.ndarray,
    drawing: AnnotatedDrawing,
    sides: np.ndarray,
    count: int,
    settings: CropSettings,
) -> np.ndarray:
    # Faulty boxes may mean a symbol all the same.
    boxes = drawing.boxes[np.isfinite(drawing.boxes).all(axis=1)]
    corners = np.sort(boxes.reshape(-1, 2, 2), axis=1).reshape(-1, 4)
    digest = zlib.crc32(page.tobytes())
    return background_windows(
        ink_mask(page, paper),
        corners,
        sides,
        count,
        np.random.default_rng([settings.seed, digest]),
        largest_iou=settings.background_iou,
        ink_share=settings.ink_share,
    )
