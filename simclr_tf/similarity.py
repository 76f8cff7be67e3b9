"""Unit vectors and exact nearest neighbours by cosine similarity, in plain NumPy."""

from __future__ import annotations

import numpy as np

from simclr_tf.checks import check_at_least, check_between

_LARGEST_ROW = 0xFFFFFFFF


def l2_normalize(x: np.ndarray) -> np.ndarray:
    """Scales each vector to length 1, and leaves a zero vector at zero.

    The vector is divided by its largest component first, so that neither large nor
    tiny components overflow or vanish when they are squared.

    Args:
        x: Vectors `[..., d]` of any numeric type.

    Returns:
        Unit vectors `[..., d]`, float32.
    """
    x = np.asarray(x)
    if x.dtype not in (np.float32, np.float64):
        x = x.astype(np.float32)
    peak = np.max(np.abs(x), axis=-1, keepdims=True, initial=0.0)
    scaled = x / np.where(peak > 0, peak, 1.0)
    norm = np.sqrt(np.sum(np.square(scaled), axis=-1, keepdims=True))
    return (scaled / np.maximum(norm, 1.0)).astype(np.float32)


def top_k_cosine(
    queries: np.ndarray,
    gallery: np.ndarray,
    k: int,
    block_size: int = 2048,
) -> tuple[np.ndarray, np.ndarray]:
    """Finds the `k` gallery rows most similar to each query, exactly.

    Queries and gallery are compared block by block, so memory does not grow with the
    gallery: about `20 * block_size * (block_size + k)` bytes beside the inputs.

    Args:
        queries: Vectors `[q, d]`; they need not be normalised.
        gallery: Vectors `[g, d]`, `g >= 1`; they need not be normalised.
        k: Neighbours per query, from 1 to `g`.
        block_size: Rows of queries and of gallery compared at once, at least 1.

    Returns:
        Cosine similarities float32 `[q, k]` in falling order, and the gallery rows
        int64 `[q, k]` they belong to; of equal similarities the lower row comes first.

    Raises:
        ValueError: Shapes do not match, a value is not finite, or `k` exceeds `g`.
    """
    queries, gallery = np.asarray(queries), np.asarray(gallery)
    check_vectors(queries, gallery)
    check_between("k", k, 1, len(gallery))
    check_at_least("block_size", block_size, 1)
    queries, gallery = l2_normalize(queries), l2_normalize(gallery)
    scores = np.empty((len(queries), k), np.float32)
    rows = np.empty((len(queries), k), np.int64)
    for start in range(0, len(queries), block_size):
        block = slice(start, start + block_size)
        scores[block], rows[block] = _top_k_of_block(queries[block], gallery, k, block_size)
    return scores, rows


def _top_k_of_block(
    queries: np.ndarray, gallery: np.ndarray, k: int, block_size: int
) -> tuple[np.ndarray, np.ndarray]:
    best_and_block = np.empty((len(queries), k + min(block_size, len(gallery))), np.int64)
    best_and_block[:, :k] = np.iinfo(np.int64).min
    for start in range(0, len(gallery), block_size):
        block = gallery[start : start + block_size]
        filled = best_and_block[:, : k + len(block)]
        filled[:, k:] = _sort_keys(queries @ block.T, start)
        filled.partition(len(block), axis=1)
        best_and_block[:, :k] = filled[:, len(block) :].copy()
    return _from_sort_keys(np.sort(best_and_block[:, :k], axis=1)[:, ::-1])


def ordered_bits(scores: np.ndarray) -> np.ndarray:
    """Returns integers that compare as the scores do: sign-magnitude made two's complement.

    Args:
        scores: float32 of any shape, without NaN; 0 and -0 count as equal.

    Returns:
        int32 of the same shape.
    """
    bits = (scores + np.float32(0)).view(np.int32)  # adding 0 turns -0 into +0
    return bits ^ ((bits >> 31) & np.int32(0x7FFFFFFF))


def _sort_keys(scores: np.ndarray, first_row: int) -> np.ndarray:
    """Packs score and row into one integer: a larger key is a better neighbour.

    The upper 32 bits order like the score, the lower 32 bits fall with the row. All keys
    differ, so a partial sort has no ties left to decide.
    """
    keys = ordered_bits(scores).astype(np.int64)
    keys <<= 32
    keys |= _LARGEST_ROW - np.arange(first_row, first_row + scores.shape[1])
    return keys


def _from_sort_keys(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    ordered = (keys >> 32).astype(np.int32)
    bits = ordered ^ ((ordered >> 31) & np.int32(0x7FFFFFFF))
    return bits.view(np.float32), _LARGEST_ROW - (keys & _LARGEST_ROW)


def check_vectors(queries: np.ndarray, gallery: np.ndarray) -> None:
    """Raises `ValueError` unless both are finite and have shapes `[q, d]` and `[g, d]`."""
    if queries.ndim != 2 or gallery.ndim != 2 or queries.shape[1] != gallery.shape[1]:
        raise ValueError(
            "`queries` and `gallery` must have shapes [q, d] and [g, d] with the same d. "
            f"Received: queries.shape={queries.shape}, gallery.shape={gallery.shape}"
        )
    for name, vectors in (("queries", queries), ("gallery", gallery)):
        bad = int(np.sum(~np.isfinite(vectors).all(axis=1)))
        if bad:
            raise ValueError(
                f"`{name}` must be finite. Received: {bad} of {len(vectors)} rows "
                "with NaN or infinity"
            )
