"""What a step needs to know of the other replicas that share its batch.

Row i of replica r is row i·R + r of the whole batch, where R replicas share it. That holds for a
batch, for its two views one after the other, and for a micro-batch cut out of either alike, so
that one rule puts rows, random draws and gathered embeddings in the order of one device.

Outside of a step, and where there is one replica, everything here returns what it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf


def replica_count() -> int:
    """Returns how many replicas share the step that is being run; 1 outside of a step."""
    context = tf.distribute.get_replica_context()
    return 1 if context is None else context.num_replicas_in_sync


def sum_over_replicas(value: tf.Tensor) -> tf.Tensor:
    """Returns the sum of what the replicas give, on each of them.

    The gradient is that of the sum of all replicas' losses: what comes back is summed too.

    Args:
        value: number of any shape, the same on all replicas; not within a `tf.while_loop`.
    """
    if replica_count() == 1:
        return value
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, value)


def gather_rows(rows: tf.Tensor) -> tf.Tensor:
    """Returns the rows of all replicas in the order of the whole batch, on each of them.

    The gradient flows back to the replica that a row is from, summed over the losses of all
    replicas: divide a loss that each of them computes in full by their number (`share_of_loss`).

    Args:
        rows: `[n, ...]`, numbers, the same shape on all replicas; not within a `tf.while_loop`.

    Returns:
        `[R n, ...]`: row i·R + r is row i of replica r.
    """
    count = replica_count()
    if count == 1:
        return rows
    own = tf.distribute.get_replica_context().replica_id_in_sync_group
    # Zeros in the place of the others, and the sum, keep the order without knowing what order the
    # devices have in an all-gather of several workers.
    beside = [[0, 0], [own, count - 1 - own], *([[0, 0]] * (len(rows.shape) - 1))]
    together = sum_over_replicas(tf.pad(rows[:, None], beside))
    whole = -1 if rows.shape[0] is None else rows.shape[0] * count
    return tf.reshape(together, [whole, *rows.shape[1:]])


def take_own_rows(rows: tf.Tensor, axis: int = 0) -> tf.Tensor:
    """Returns the rows of this replica out of those of the whole batch; inverts `gather_rows`.

    Args:
        rows: of the whole batch along `axis`.
        axis: at least 0.
    """
    count = replica_count()
    if count == 1:
        return rows
    own = tf.distribute.get_replica_context().replica_id_in_sync_group
    return rows[(slice(None),) * axis + (slice(own, None, count),)]


def draw_for_own_rows(
    draw: Callable[[Any], tf.Tensor], shape: Sequence[Any] | tf.Tensor, axis: int = 0
) -> tf.Tensor:
    """Draws for the whole batch and returns the draws of this replica's rows.

    Each replica draws all of them, which costs little beside what is done with the pictures, and
    a picture is treated as it would be on one device.

    Args:
        draw: stateless random draw of a shape.
        shape: of this replica's draws.
        axis: which of its dimensions are the rows, at least 0.
    """
    count = replica_count()
    if count == 1:
        return draw(shape)
    whole = list(tf.unstack(shape)) if isinstance(shape, tf.Tensor) else list(shape)
    whole[axis] = whole[axis] * count
    return take_own_rows(draw(whole), axis)


def share_of_loss(loss: tf.Tensor) -> tf.Tensor:
    """Returns this replica's share of a loss that every replica computes in full."""
    count = replica_count()
    return loss if count == 1 else loss / count
