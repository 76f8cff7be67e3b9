"""Resampling and blurring as two matrix products: one along rows, one along columns."""

from __future__ import annotations

import tensorflow as tf


def apply_separable(planes: tf.Tensor, row_map: tf.Tensor, column_map: tf.Tensor) -> tf.Tensor:
    """Applies a linear map per picture along its rows and another along its columns.

    Args:
        planes: float32 `[batch, channels, height, width]`.
        row_map: float32 `[batch, new_height, height]`; each row holds the weights of one new row.
        column_map: float32 `[batch, new_width, width]`.

    Returns:
        float32 `[batch, channels, new_height, new_width]`.
    """
    batch, channels, height, width = tf.unstack(tf.shape(planes))
    lines = tf.reshape(planes, [batch, channels * height, width])
    columns = tf.matmul(lines, column_map, transpose_b=True)
    columns = tf.reshape(columns, [batch, channels, height, tf.shape(column_map)[1]])
    mapped = tf.matmul(row_map[:, None], columns)
    return tf.ensure_shape(mapped, [None, planes.shape[1], row_map.shape[1], column_map.shape[1]])
