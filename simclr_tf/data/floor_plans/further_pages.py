"""More than the data set has: further classes to train on, clean pictures, others to calibrate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from simclr_tf.checks import check_between
from simclr_tf.data.drawings import AnnotatedDrawing
from simclr_tf.data.floor_plans.drawn_pages import CLASS_COUNT, draw_page
from simclr_tf.data.floor_plans.symbol_choice import PlanClasses
from simclr_tf.data.symbols.classes import MAX_CLASSES, SymbolClass, symbol_classes
from simclr_tf.data.symbols.render import render_symbol
from simclr_tf.data.symbols.style import CLEAN

# Sides of the clean pictures of a class, in pixels: symbols on plans have such sizes.
_CLEAN_SIDES = (26, 42, 68)
# The last of all classes are kept for calibration, and so many from the first on for training.
_MOST_CALIBRATING = 60
MOST_FURTHER = MAX_CLASSES - CLASS_COUNT - _MOST_CALIBRATING


def further_classes(count: int) -> PlanClasses:
    """Returns the data set's classes and `count` further ones, of which alone pages are drawn.

    None of the further classes is one of the data set's, so that those which are kept for `test`
    stay unseen. Labels below 60 are the data set's own.

    Args:
        count: From 0 to 1880.

    Raises:
        ValueError: `count` is out of range.
    """
    check_between("more_classes", count, 0, MOST_FURTHER)
    every = tuple(symbol_classes(CLASS_COUNT + count))
    return PlanClasses(every, seen=tuple(range(CLASS_COUNT, len(every))), unseen=())


def calibration_classes(count: int) -> PlanClasses:
    """Returns classes that neither the data set nor any further pages have.

    Scores that are fitted on plans with them hold for symbols that the encoder never saw.

    Args:
        count: From 1 to 60.

    Raises:
        ValueError: `count` is out of range.
    """
    check_between("count", count, 1, _MOST_CALIBRATING)
    classes = tuple(symbol_classes(MAX_CLASSES)[-count:])
    return PlanClasses(classes, seen=tuple(range(count)), unseen=())


def further_pages(classes: PlanClasses) -> Iterator[tuple[np.ndarray, AnnotatedDrawing]]:
    """Draws a plan for each class that `classes` has seen: about eleven symbols of each in all.

    Args:
        classes: See `further_classes`.

    Yields:
        The page uint8 `[height, width, 3]`, and its boxes; their `path` is
        `floor_plans/further/NUMBER`.
    """
    for number in range(len(classes.seen)):
        plan = draw_page(classes, "train", number)
        yield plan.image, _annotated("further", number, plan.image, plan.boxes, plan.labels)


def clean_pages(
    classes: Sequence[SymbolClass], labels: Iterable[int]
) -> Iterator[tuple[np.ndarray, AnnotatedDrawing]]:
    """Draws some classes as a legend shows them: black on white, upright, in three sizes.

    What is compared with a legend is better learned with one.

    Args:
        classes: All classes; label `i` means `classes[i]`.
        labels: Those to draw, a page each.

    Yields:
        The page uint8 `[height, width, 3]`, and its three boxes; their `path` is
        `floor_plans/clean/LABEL`.
    """
    for label in labels:
        image, boxes = _clean_page(classes[label])
        yield image, _annotated("clean", label, image, boxes, np.full(len(boxes), label))


def _clean_page(symbol_class: SymbolClass) -> tuple[np.ndarray, np.ndarray]:
    image = np.full((max(_CLEAN_SIDES), sum(_CLEAN_SIDES), 3), 255, np.uint8)
    boxes, left = [], 0
    for side in _CLEAN_SIDES:
        # Nothing varies in a clean picture.
        picture = render_symbol(symbol_class, side, np.random.default_rng(0), CLEAN)
        image[:side, left : left + side] = picture
        rows, columns = np.nonzero(picture.min(axis=2) < 128)
        boxes.append((left + columns.min(), rows.min(), left + columns.max() + 1, rows.max() + 1))
        left += side
    return image, np.array(boxes)


def _annotated(
    kind: str, number: int, image: np.ndarray, boxes: np.ndarray, labels: np.ndarray
) -> AnnotatedDrawing:
    return AnnotatedDrawing(
        path=f"floor_plans/{kind}/{number:05d}",
        width=image.shape[1],
        height=image.shape[0],
        boxes=np.asarray(boxes, np.float64),
        labels=np.asarray(labels, np.int64),
    )
