"""How often the nearest other picture of a batch is of the same class."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from keras import ops

from simclr_tf.metrics.row_blocks import by_row_blocks


def nearest_label_accuracy(z: Any, labels: Any, pictures: Any) -> Any:
    """Returns the share of rows whose most similar row of another picture carries their label.

    Rows that could be right count: those with a label that another picture shares. A tie counts
    against the row, so that an encoder that maps every picture to one point scores 0.

    Args:
        z: Embeddings `[M, k]`, of any float type and length.
        labels: Whole numbers `[M]`; -1 means no label.
        pictures: Whole numbers `[M]`, which picture each row is a view of.

    Returns:
        Fraction in [0, 1], a float32 scalar; 0 where no row counts.
    """
    z = ops.normalize(ops.cast(z, "float32"), axis=-1)
    labels, pictures = ops.cast(labels, "int32"), ops.cast(pictures, "int32")

    def measure(block):
        similarity = ops.matmul(ops.take(z, block, axis=0), ops.transpose(z))  # [b, M]
        other = ops.take(pictures, block)[:, None] != pictures[None, :]
        own_label = ops.take(labels, block)[:, None]
        same = ops.logical_and(other, own_label == labels[None, :])
        wrong = ops.logical_and(other, own_label != labels[None, :])
        counts = ops.logical_and(ops.any(same, axis=1), own_label[:, 0] >= 0)
        nearest_same = tf.reduce_max(tf.where(same, similarity, -2.0), axis=1)
        nearest_wrong = tf.reduce_max(tf.where(wrong, similarity, -2.0), axis=1)
        right = ops.logical_and(counts, nearest_same > nearest_wrong)
        return ops.cast(right, "int32") + 2 * ops.cast(counts, "int32")

    found = by_row_blocks(measure, ops.arange(ops.shape(z)[0]))
    counted = ops.sum(ops.cast(found >= 2, "float32"))
    return ops.sum(ops.cast(found == 3, "float32")) / ops.maximum(counted, 1.0)
