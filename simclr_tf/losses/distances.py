"""Distances between all rows of a batch of embeddings."""

from __future__ import annotations

from typing import Any

from keras import ops

from simclr_tf.checks import check_one_of
from simclr_tf.losses.unit_rows import unit_rows

DISTANCES = ("squared_euclidean", "euclidean", "cosine")


def pairwise_distances(z: Any, distance: str = "euclidean") -> Any:
    """Returns the distance between every two rows, with finite gradients at equal rows.

    The squared distance is expanded into products, |a|² + |b|² − 2a·b, of rows whose common mean
    was taken away: it does not change a distance, and keeps the digits of embeddings that lie
    far from the origin. Results below 0 are raised to 0, and the diagonal is exactly 0.

    Args:
        z: embeddings `[N, k]`, any float type.
        distance: `"squared_euclidean"`, `"euclidean"` or `"cosine"` (1 − cosine similarity, 0..2;
            a zero row is at distance 1 from all others).

    Returns:
        float32 `[N, N]`.

    Raises:
        ValueError: if the distance is unknown.
    """
    check_one_of("distance", distance, DISTANCES)
    z = ops.cast(ops.convert_to_tensor(z), "float32")
    rows = ops.arange(ops.shape(z)[0])
    own = ops.equal(rows[:, None], rows[None, :])
    if distance == "cosine":
        z = unit_rows(z)
        return ops.where(own, 0.0, ops.maximum(1.0 - ops.matmul(z, ops.transpose(z)), 0.0))
    z = z - ops.stop_gradient(ops.mean(z, axis=0, keepdims=True))
    lengths = ops.sum(z * z, axis=1)
    squared = lengths[:, None] + lengths[None, :] - 2.0 * ops.matmul(z, ops.transpose(z))
    # The slope of √x is infinite at 0, so that there √ is taken of 1 and not used.
    zero = ops.logical_or(own, squared <= 0.0)
    if distance == "squared_euclidean":
        return ops.where(zero, 0.0, squared)
    return ops.where(zero, 0.0, ops.sqrt(ops.where(zero, 1.0, squared)))
