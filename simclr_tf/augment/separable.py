"""Resampling and blurring as two matrix products: one along rows, one along columns."""

from __future__ import annotations

import tensorflow as tf


def apply_separable(images: tf.Tensor, row_map: tf.Tensor, column_map: tf.Tensor) -> tf.Tensor:
    """Applies a linear map per picture along its rows and another along its columns.

    Args:
        images: float32 `[batch, height, width, channels]`.
        row_map: float32 `[batch, new_height, height]`; each row holds the weights of one new row.
        column_map: float32 `[batch, new_width, width]`.

    Returns:
        float32 `[batch, new_height, new_width, channels]`.
    """
    batch, height, width, channels = tf.unstack(tf.shape(images))
    new_height = tf.shape(row_map)[1]
    rows = tf.matmul(row_map, tf.reshape(images, [batch, height, width * channels]))
    rows = tf.reshape(rows, [batch, new_height, width, channels])
    mapped = tf.matmul(column_map[:, None], rows)
    return tf.ensure_shape(mapped, [None, row_map.shape[1], column_map.shape[1], images.shape[3]])
