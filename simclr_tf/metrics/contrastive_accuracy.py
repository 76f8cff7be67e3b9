"""How often a view finds the other view of its own picture."""

from __future__ import annotations

from typing import Any

from keras import ops

from simclr_tf.checks import check_at_least
from simclr_tf.metrics.row_blocks import by_row_blocks


def contrastive_accuracy(z_a: Any, z_b: Any, k: int = 1) -> Any:
    """Returns the fraction of views whose positive is among the `k` most similar others.

    Each of the 2N views is compared by cosine with the 2N-1 others. A tie counts against the
    positive, so that an encoder that maps every picture to one point scores 0, not 1; so does
    NaN.

    Args:
        z_a: Embeddings of the first views `[N, d]`, of any float type and length.
        z_b: Embeddings of the second views `[N, d]`; row i belongs to row i of `z_a`.
        k: Neighbours looked at, at least 1. Defaults to 1.

    Returns:
        Fraction in [0, 1], a float32 scalar.

    Raises:
        ValueError: If `k` is less than 1.

    Reference:
        Chen et al., "A Simple Framework for Contrastive Learning of Visual Representations"
        (2020): the contrastive accuracy of its reference code, there over the N-1 pictures of
        the other view only and with ties in favour of the first.
    """
    check_at_least("k", k, 1)
    return ops.mean(ops.cast(positive_ranks(z_a, z_b) < k, "float32"))


def positive_ranks(z_a: Any, z_b: Any, *, in_shares: bool = False) -> Any:
    """Counts for each view the others that are at least as similar to it as its positive.

    The accuracy at k is the fraction of ranks below k: rank once for several k. Above 2,048 rows
    the similarities are computed in blocks.

    Args:
        z_a: Embeddings of the first views `[N, d]`, of any float type and length.
        z_b: Embeddings of the second views `[N, d]`; row i belongs to row i of `z_a`.
        in_shares: All replicas of a strategy have the same views, so that each may compute its own
            part of the ranks alone.

    Returns:
        Whole numbers from 0, int32 `[2N]`; a comparison with NaN counts against the positive.
    """
    z = ops.concatenate([z_a, z_b], axis=0)
    z = ops.normalize(ops.cast(z, "float32"), axis=-1)  # [2N, d]
    rows = ops.arange(ops.shape(z)[0])
    positives = ops.roll(rows, ops.shape(z_a)[0])  # row i of one half <-> row i of the other

    def ranks(block):
        similarity = ops.matmul(ops.take(z, block, axis=0), ops.transpose(z))  # [b, 2N]
        own_positives = ops.take(positives, block)[:, None]
        of_positive = ops.take_along_axis(similarity, own_positives, axis=1)  # [b, 1]
        # Written as "not smaller" because comparisons with NaN are false.
        at_least_as_similar = ops.logical_not(similarity < of_positive)
        is_other = ops.logical_and(rows[None] != block[:, None], rows[None] != own_positives)
        return ops.sum(ops.cast(ops.logical_and(at_least_as_similar, is_other), "int32"), axis=1)

    return by_row_blocks(ranks, rows, in_shares=in_shares)
