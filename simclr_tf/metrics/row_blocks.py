"""Values of each row that depend on all rows, a block of rows at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

# Up to so many rows all are taken at once, as in the losses.
_ROWS_AT_ONCE = 2048
_BLOCK_SIZE = 512


def by_row_blocks(function: Callable[[Any], Any], rows: tf.Tensor) -> tf.Tensor:
    """Returns `function(rows)`, computed in blocks where there are many, so memory stays flat.

    Args:
        function: takes row numbers int32 `[b]` and returns a value of each, `[b]`.
        rows: int32 `[M]`; M may be unknown while tracing.

    Returns:
        The values, `[M]`.
    """
    if rows.shape[0] is not None and rows.shape[0] <= _ROWS_AT_ONCE:
        return function(rows)
    count = tf.size(rows)

    def step(start, values):
        block = rows[start : start + _BLOCK_SIZE]
        return start + _BLOCK_SIZE, tf.concat([values, function(block)], axis=0)

    empty = function(rows[:0])
    shapes = (tf.TensorShape([]), tf.TensorShape([None]))
    _, values = tf.while_loop(
        lambda start, _: start < count,
        step,
        (tf.constant(0), empty),
        shape_invariants=shapes,
        parallel_iterations=1,
    )
    return tf.ensure_shape(values, rows.shape)
