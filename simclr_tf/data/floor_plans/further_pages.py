"""More than the data set has: further classes to train on, clean pictures, others to calibrate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from simclr_tf.checks import check_between
from simclr_tf.data.drawings import AnnotatedDrawing
from simclr_tf.data.floor_plans.drawn_pages import CLASS_COUNT, PAGE_COUNTS, draw_page, draw_pages
from simclr_tf.data.floor_plans.symbol_choice import PlanClasses, plan_classes
from simclr_tf.data.symbols.classes import MAX_CLASSES, symbol_classes
from simclr_tf.data.symbols.render import render_symbol
from simclr_tf.data.symbols.style import CLEAN

# Sides of the clean pictures of a class, in pixels: symbols on plans have such sizes.
_CLEAN_SIDES = (26, 42, 68)
# The last of all classes are kept for calibration, and so many from the first on for training.
MOST_CALIBRATING = 60
MOST_FURTHER = MAX_CLASSES - CLASS_COUNT - MOST_CALIBRATING


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
    check_between("count", count, 1, MOST_CALIBRATING)
    classes = tuple(symbol_classes(MAX_CLASSES)[-count:])
    return PlanClasses(classes, seen=tuple(range(count)), unseen=())


def calibration_pages(
    classes: PlanClasses, count: int
) -> Iterator[tuple[np.ndarray, AnnotatedDrawing]]:
    """Draws plans that are no page of the data set with other symbols on it.

    Args:
        classes: See `calibration_classes`.
        count: Of the pages.

    Yields:
        As `draw_pages` does.
    """
    first = PAGE_COUNTS["train"]
    return draw_pages(classes, "train", range(first, first + count))


def background_pages(count: int) -> Iterator[np.ndarray]:
    """Draws plans without a symbol, none of them with the walls of a page of the data set.

    Args:
        count: Of the pages.

    Yields:
        uint8 `[height, width, 3]`.
    """
    first = PAGE_COUNTS["train"]
    nothing = PlanClasses((), seen=(), unseen=())
    for page, _ in draw_pages(nothing, "train", range(first, first + count)):
        yield page


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
        yield plan.image, _annotated(f"further/{number:05d}", plan.image, plan.boxes, plan.labels)


def clean_pages(classes: PlanClasses) -> Iterator[tuple[np.ndarray, AnnotatedDrawing]]:
    """Draws each class to train on as a legend shows it: black on white, upright, in three sizes.

    What is compared with a legend is better learned with one. Classes that the data set keeps for
    `test` are left out.

    Args:
        classes: See `further_classes`.

    Yields:
        A page with one symbol alone, which leaves no room for a window without it, and its box;
        `path` is `floor_plans/clean/LABEL_SIDE`.
    """
    every = symbol_classes(len(classes.classes))
    for label in (*plan_classes(CLASS_COUNT).seen, *classes.seen):
        for side in _CLEAN_SIDES:
            # Nothing varies in a clean picture.
            image = render_symbol(every[label], side, np.random.default_rng(0), CLEAN)
            rows, columns = np.nonzero(image.min(axis=2) < 128)
            box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
            yield image, _annotated(f"clean/{label:05d}_{side}", image, [box], [label])


def _annotated(path: str, image: np.ndarray, boxes: Any, labels: Any) -> AnnotatedDrawing:
    return AnnotatedDrawing(
        path=f"floor_plans/{path}",
        width=image.shape[1],
        height=image.shape[0],
        boxes=np.asarray(boxes, np.float64),
        labels=np.asarray(labels, np.int64),
    )
