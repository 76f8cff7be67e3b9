"""The denominator of the contrastive losses where replicas share its rows."""

from __future__ import annotations

import tensorflow as tf

from simclr_tf.checks import check_at_least
from simclr_tf.distribution.replicas import gather_rows, take_own_rows
from simclr_tf.losses.blockwise import DEFAULT_BLOCK_SIZE, NEVER, PLAIN_ROWS


def log_sum_exp_in_shares(
    z: tf.Tensor, temperature: float, block_size: int | None = None
) -> tf.Tensor:
    """Returns what `log_sum_exp_of_others` does, of which each replica computes its own rows.

    With R replicas each has 1/R of the M × M similarities to compute, and sends M numbers forward
    and back. In the step of a strategy only, where all replicas give the same rows.

    Args:
        z: rows of length at most 1, float32 `[M, k]`, the same on all replicas; R divides M.
        temperature: greater than 0.
        block_size: rows of a block, at least 1; by default all of a replica at once up to 2,048²
            similarities, and blocks of 256 for more.

    Returns:
        float32 `[M]`, on each replica.

    Raises:
        ValueError: if `block_size` is below 1.
    """
    z = tf.convert_to_tensor(z) * temperature**-0.5
    own, numbers = take_own_rows(z), take_own_rows(tf.range(tf.shape(z)[0]))
    if block_size is None:
        known = own.shape[0] is not None and z.shape[0] is not None
        few = known and own.shape[0] * z.shape[0] <= PLAIN_ROWS**2
        block_size = max(1, own.shape[0]) if few else DEFAULT_BLOCK_SIZE
    check_at_least("block_size", block_size, 1)
    if own.shape[0] is not None and own.shape[0] <= block_size:
        return gather_rows(tf.reduce_logsumexp(_similarities(own, numbers, z), axis=1))
    return gather_rows(_by_blocks(own, numbers, z, block_size))


def _similarities(own: tf.Tensor, numbers: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    """The products of rows with all, `[rows, M]`; those with themselves never count."""
    itself = numbers[:, None] == tf.range(tf.shape(z)[0])[None]
    return tf.where(itself, NEVER, tf.matmul(own, z, transpose_b=True))


def _by_blocks(own: tf.Tensor, numbers: tf.Tensor, z: tf.Tensor, block_size: int) -> tf.Tensor:
    @tf.custom_gradient
    def compute(own, z):
        def measure(start, log_sums):
            block = slice(start, start + block_size)
            similarities = _similarities(own[block], numbers[block], z)
            return [tf.concat([log_sums, tf.reduce_logsumexp(similarities, axis=1)], axis=0)]

        (log_sums,) = _for_blocks(measure, [tf.zeros([0])], tf.shape(own)[0], block_size)
        log_sums = tf.ensure_shape(log_sums, own.shape[:1])

        def gradients(upstream):
            def add(start, of_own, of_all):
                block = slice(start, start + block_size)
                similarities = _similarities(own[block], numbers[block], z)
                shares = tf.exp(similarities - log_sums[block, None]) * upstream[block, None]
                of_block = tf.matmul(shares, z)
                of_all += tf.matmul(shares, own[block], transpose_a=True)
                return [tf.concat([of_own, of_block], axis=0), of_all]

            found = _for_blocks(add, [own[:0], tf.zeros_like(z)], tf.shape(own)[0], block_size)
            return tuple(tf.ensure_shape(g, x.shape) for g, x in zip(found, (own, z), strict=True))

        return log_sums, gradients

    return compute(own, z)


def _for_blocks(function, state: list, count: tf.Tensor, block_size: int) -> list:
    """Folds `function(start, *state)` over the blocks of rows, one after the other."""
    shapes = [tf.TensorShape([None, *part.shape[1:]]) for part in state]
    return tf.while_loop(
        lambda start, _: start < count,
        lambda start, state: (start + block_size, function(start, *state)),
        (tf.constant(0), state),
        shape_invariants=(tf.TensorShape([]), shapes),
        # In parallel, several blocks would be in memory at once.
        parallel_iterations=1,
    )[1]
