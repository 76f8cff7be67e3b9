"""The denominator of the contrastive losses, without the matrix of all similarities.

Every row needs the log-sum-exp of its similarities to all other rows. The plain program holds the
`[M, M]` matrix several times over; the blockwise one computes a block of rows at a time, keeps
M numbers, and computes the blocks once more for the gradient. What is similar to what is the
affair of the losses: their positives cost O(M k) and need no blocks.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from simclr_tf.checks import check_at_least

# Up to so many rows the plain program is used when the block size is left open: its matrices take
# at most 16 MiB each.
PLAIN_ROWS = 2048
# At 8,192 rows a strip of similarities takes 8 MiB. Blocks of 1,024 would save 7 % of the time for
# twice the memory (`benchmark.py --part=loss --block_sizes=…`).
DEFAULT_BLOCK_SIZE = 256
# exp(s) and the sums of it stay within float32 up to this bound of |s|, without subtracting the
# largest first, so that one exponential serves s_ij and s_ji.
_LARGEST_PLAIN_EXPONENT = 50.0
# In place of -inf, whose differences are NaN.
NEVER = -1e30


def log_sum_exp_of_others(
    z: tf.Tensor, temperature: float, block_size: int | None = None
) -> tf.Tensor:
    """Returns `log Σ_{j≠i} exp(z_i·z_j / temperature)` for every row i.

    Blockwise, a few arrays of `block_size` × M numbers exist at a time, in the gradient as in the
    value. Both are equal to those of the plain program up to rounding.

    Args:
        z: rows of length at most 1, float32 `[M, k]`; M may be unknown while tracing.
        temperature: greater than 0.
        block_size: rows of a block, at least 1; by default all at once up to 2,048 rows and
            blocks of 256 for more.

    Returns:
        float32 `[M]`.

    Raises:
        ValueError: if `block_size` is below 1.
    """
    if block_size is not None:
        check_at_least("block_size", block_size, 1)
    z = tf.convert_to_tensor(z) * temperature**-0.5
    if block_size is None:
        if z.shape[0] is not None and z.shape[0] <= PLAIN_ROWS:
            return tf.reduce_logsumexp(_without_own(_products(z, z), 0, NEVER), axis=1)
        block_size = DEFAULT_BLOCK_SIZE
    if 1 / temperature > _LARGEST_PLAIN_EXPONENT:
        return _with_gradient(z, block_size, _sums_by_rows, _gradient_by_rows)
    return _with_gradient(z, block_size, _sums_by_pairs, _gradient_by_pairs)


def _with_gradient(z, block_size: int, forward: Callable, backward: Callable) -> tf.Tensor:
    @tf.custom_gradient
    def compute(z):
        log_sums = forward(z, block_size)
        return log_sums, lambda upstream: backward(z, log_sums, upstream, block_size)

    return compute(z)


# === Every unordered pair of rows once: s_ij = s_ji halves the work ===


def _sums_by_pairs(z, block_size):
    def add_block(start, end, sums):
        own, later = z[start:end], z[end:]
        diagonal = _without_own(tf.exp(_products(own, own)), 0, 0.0)
        others = tf.exp(_products(own, later))
        rows = tf.reduce_sum(diagonal, axis=1) + tf.reduce_sum(others, axis=1)
        return sums + tf.concat([tf.zeros([start]), rows, tf.reduce_sum(others, axis=0)], axis=0)

    sums = _for_blocks(add_block, z, block_size, tf.zeros_like(z[:, 0]))
    # A row without any other has no sum.
    return tf.math.log(tf.maximum(sums, 1e-37))


def _gradient_by_pairs(z, log_sums, upstream, block_size):
    # dL/dz_i = Σ_{j≠i} (a_i + a_j) exp(s_ij) z_j with a_i = upstream_i / Σ_{j≠i} exp(s_ij).
    a = upstream * tf.exp(-log_sums)

    def add_block(start, end, gradient):
        own, later = z[start:end], z[end:]
        a_own, a_later = a[start:end, None], a[None, end:]
        diagonal = tf.exp(_products(own, own)) * (a_own + tf.transpose(a_own))
        diagonal = _without_own(diagonal, 0, 0.0)
        others = tf.exp(_products(own, later)) * (a_own + a_later)
        rows = tf.matmul(diagonal, own) + tf.matmul(others, later)
        columns = tf.matmul(others, own, transpose_a=True)
        before, here, after = gradient[:start], gradient[start:end], gradient[end:]
        return tf.concat([before, here + rows, after + columns], axis=0)

    return _for_blocks(add_block, z, block_size, tf.zeros_like(z))


# === Every row against all rows: for temperatures whose exponentials leave float32 ===


def _sums_by_rows(z, block_size):
    def add_block(start, end, log_sums):
        similarities = _without_own(_products(z[start:end], z), start, NEVER)
        block = tf.reduce_logsumexp(similarities, axis=1)
        return tf.concat([log_sums[:start], block, log_sums[end:]], axis=0)

    return _for_blocks(add_block, z, block_size, tf.zeros_like(z[:, 0]))


def _gradient_by_rows(z, log_sums, upstream, block_size):
    def add_block(start, end, gradient):
        similarities = _without_own(_products(z[start:end], z), start, NEVER)
        towards = upstream[start:end, None] * tf.exp(similarities - log_sums[start:end, None])
        back = upstream[None] * tf.exp(similarities - log_sums[None])
        rows = tf.matmul(towards + back, z)
        return tf.concat([gradient[:start], rows, gradient[end:]], axis=0)

    return _for_blocks(add_block, z, block_size, tf.zeros_like(z))


# === Shared ===


def _products(a, b):
    return tf.matmul(a, b, transpose_b=True)


def _without_own(block, start, value):
    """Puts `value` where a row `start` + r of `[rows, columns]` meets itself."""
    rows = tf.shape(block)[0]
    return tf.linalg.set_diag(block, tf.fill([rows], value), k=start)


def _for_blocks(add_block, z, block_size, total):
    """Folds `add_block(start, end, total)` over the blocks of rows, one after the other."""
    count = tf.shape(z)[0]

    def step(start, total):
        end = tf.minimum(start + block_size, count)
        added = add_block(start, end, total)
        return end, tf.ensure_shape(added, total.shape)

    # In parallel, several blocks would be in memory at once.
    loop = tf.while_loop(
        lambda start, _: start < count, step, (tf.constant(0), total), parallel_iterations=1
    )
    return loop[1]
