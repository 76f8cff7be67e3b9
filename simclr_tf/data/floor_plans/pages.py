"""The pages of the embedded data set, one by one, with boxes in pixels."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from simclr_tf.checks import check_one_of
from simclr_tf.data.drawings import AnnotatedDrawing
from simclr_tf.data.floor_plans.symbol_choice import SPLIT_NUMBERS
from simclr_tf.data.tfds_builder import prepared_builder


def floor_plan_pages(
    split: str,
    *,
    config: str = "default",
    cache_dir: str | os.PathLike[str] | None = None,
) -> Iterator[tuple[np.ndarray, AnnotatedDrawing]]:
    """Gives the pages of a split of `floor_plans`, which is made on the first use.

    Args:
        split: `"train"`, `"validation"` or `"test"`.
        config: `"default"`, or `"tiny"` for tests.
        cache_dir: Where the data set is kept; see `simclr_tf.data.cache_folder.cache_folder`.

    Yields:
        The page uint8 `[height, width, 3]`, and its boxes; their `path` is
        `floor_plans/SPLIT/NUMBER`. The order is the same every time.

    Raises:
        ValueError: If `split` or `config` is unknown.
    """
    check_one_of("split", split, SPLIT_NUMBERS)
    builder = prepared_builder(f"floor_plans/{config}", cache_dir)
    return _pages(builder, split)


def _pages(builder: Any, split: str) -> Iterator[tuple[np.ndarray, AnnotatedDrawing]]:
    for record in builder.as_dataset(split=split, shuffle_files=False).as_numpy_iterator():
        height, width = record["image"].shape[:2]
        # Stored as y_min, x_min, y_max, x_max, shares of the page.
        shares = record["objects"]["bbox"].astype(np.float64)[:, [1, 0, 3, 2]]
        drawing = AnnotatedDrawing(
            path=f"floor_plans/{split}/{record['page']:05d}",
            width=width,
            height=height,
            boxes=shares * [width, height, width, height],
            labels=record["objects"]["label"].astype(np.int64),
        )
        yield record["image"], drawing
