"""The pages of the embedded data set drawn anew, without TensorFlow Datasets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from simclr_tf.data.drawings import AnnotatedDrawing
from simclr_tf.data.floor_plans.plan import FloorPlan, draw_floor_plan
from simclr_tf.data.floor_plans.symbol_choice import SPLIT_NUMBERS, PlanClasses

# Of the data set: another one would have other pages.
VERSION = (1, 0, 0)
CLASS_COUNT = 60
PAGE_COUNTS = {"train": 120, "validation": 24, "test": 60}


def draw_page(classes: PlanClasses, split: str, number: int) -> FloorPlan:
    """Returns one page of the data set, always the same one."""
    seed = (*VERSION, SPLIT_NUMBERS[split], number)
    rng = np.random.default_rng([*seed, len(classes.classes)])
    return draw_floor_plan(classes.of_page(split, number, rng), rng)


def draw_pages(
    classes: PlanClasses, split: str, numbers: Iterable[int]
) -> Iterator[tuple[np.ndarray, AnnotatedDrawing]]:
    """Draws pages of the data set, as `floor_plan_pages` gives them.

    Args:
        classes: Those of the data set.
        split: `"train"`, `"validation"` or `"test"`.
        numbers: Of the pages, from 0.

    Yields:
        The page uint8 `[height, width, 3]`, and its boxes; their `path` is
        `floor_plans/SPLIT/NUMBER`.
    """
    for number in numbers:
        plan = draw_page(classes, split, number)
        height, width = plan.image.shape[:2]
        drawing = AnnotatedDrawing(
            path=f"floor_plans/{split}/{number:05d}",
            width=width,
            height=height,
            boxes=plan.boxes.astype(np.float64),
            labels=plan.labels,
        )
        yield plan.image, drawing
