"""Values of each row that depend on all rows, a block of rows at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from simclr_tf.distribution.replicas import gather_rows, replica_count, take_own_rows

# Where so many rows meet so many, all are taken at once, as in the losses.
_ROWS_AT_ONCE = 2048
_BLOCK_SIZE = 512
# With fewer rows it takes longer to exchange values than to compute them.
_FEWEST_SHARED = 1024


def by_row_blocks(
    function: Callable[[Any], Any], rows: tf.Tensor, *, in_shares: bool = False
) -> tf.Tensor:
    """Returns `function(rows)`, computed in blocks where there are many, so memory stays flat.

    Args:
        function: takes row numbers int32 `[b]` and returns a value of each, `[b]`; it compares
            them with all M rows.
        rows: int32 `[M]`, all rows in order; M may be unknown while tracing.
        in_shares: all replicas of a strategy have the same rows, so that each may compute its
            own part of the values alone.

    Returns:
        The values, `[M]`.
    """
    if in_shares and replica_count() > 1 and (rows.shape[0] or 0) > _FEWEST_SHARED:
        return gather_rows(_values(function, take_own_rows(rows), rows.shape[0]))
    return _values(function, rows, rows.shape[0])


def _values(function: Callable[[Any], Any], rows: tf.Tensor, everyone: int | None) -> tf.Tensor:
    """The values of some rows, each compared with `everyone`, `None` while that is unknown."""
    if everyone is not None and rows.shape[0] * everyone <= _ROWS_AT_ONCE**2:
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
