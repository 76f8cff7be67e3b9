"""The two properties that the contrastive loss optimises: alignment and uniformity."""

from __future__ import annotations

import math
from typing import Any

from keras import ops

from simclr_tf.checks import check_positive
from simclr_tf.metrics.row_blocks import by_row_blocks


def alignment(z_a: Any, z_b: Any, alpha: float = 2.0) -> Any:
    """Returns the mean distance between the two views of a picture, to the power `alpha`.

    The embeddings are scaled to length 1 first. 0 means that both views coincide; with
    `alpha` 2 the value is 2 - 2 cos.

    Args:
        z_a: Embeddings of the first views `[N, d]`, of any float type and length.
        z_b: Embeddings of the second views `[N, d]`; row i belongs to row i of `z_a`.
        alpha: Exponent of the distance, greater than 0. Defaults to 2.

    Returns:
        Mean over the N pairs, in [0, 2 ** alpha], a float32 scalar.

    Raises:
        ValueError: If `alpha` is not greater than 0.

    Reference:
        Wang and Isola, "Understanding Contrastive Representation Learning through Alignment and
        Uniformity on the Hypersphere" (2020), equation 4.
    """
    check_positive("alpha", alpha)
    squared = ops.sum(ops.square(_unit(z_a) - _unit(z_b)), axis=-1)  # [N]
    return ops.mean(squared if alpha == 2 else squared ** (alpha / 2))


def uniformity(z: Any, t: float = 2.0, *, in_shares: bool = False) -> Any:
    """Returns the logarithm of the mean of `exp(-t * squared distance)` over all pairs.

    The embeddings are scaled to length 1 first. 0 means that all coincide; the further they
    spread over the sphere, the lower the value, down to about `-2 * t` plus a little.

    Args:
        z: Embeddings `[M, d]` of any float type and length, M >= 2. For the paper's figure give
            one view of each picture, so that no pair is a positive one.
        t: Sharpness of the kernel, greater than 0. Defaults to 2.
        in_shares: All replicas of a strategy have the same rows, so that each may compare its own
            part of them alone.

    Returns:
        Log-mean over the M (M-1) / 2 pairs, in [-4 * t, 0], a float32 scalar.

    Raises:
        ValueError: If `t` is not greater than 0 or `z` has fewer than two rows.

    Reference:
        Wang and Isola (2020), equation 5 and its logarithm in section 4.1.2.
    """
    check_positive("t", t)
    if len(z.shape) != 2 or (z.shape[0] is not None and z.shape[0] < 2):
        raise ValueError(
            f"`z` must have shape [M, d] with at least 2 rows. Received: z.shape={tuple(z.shape)}"
        )
    z = _unit(z)
    lengths = ops.sum(ops.square(z), axis=-1)  # 1, but 0 for a zero vector
    rows = ops.arange(ops.shape(z)[0])

    def log_sums(block):
        of_block = ops.take(z, block, axis=0)
        products = ops.matmul(of_block, ops.transpose(z))
        squared = ops.take(lengths, block)[:, None] + lengths[None] - 2.0 * products  # [b, M]
        is_pair = block[:, None] != rows[None]
        exponents = ops.where(is_pair, -t * ops.maximum(squared, 0.0), -math.inf)
        return ops.logsumexp(exponents, axis=1)

    # Ordered pairs: each unordered one counts twice, which the mean does not see.
    count = ops.cast(ops.shape(z)[0], "float32")
    of_rows = by_row_blocks(log_sums, rows, in_shares=in_shares)
    return ops.logsumexp(of_rows) - ops.log(count * (count - 1.0))


def _unit(z: Any) -> Any:
    # In float32: half precision gives NaN for a zero vector and overflows for a long one.
    return ops.normalize(ops.cast(z, "float32"), axis=-1)
