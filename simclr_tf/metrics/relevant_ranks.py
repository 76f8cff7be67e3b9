"""Where the relevant pictures stand in the ranking of each query, block by block."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from simclr_tf.similarity import check_vectors, l2_normalize, ordered_bits

# Similarities held at once by each thread: about 20 bytes each.
_BLOCK_ELEMENTS = 1 << 22


def map_relevant_ranks(
    queries: np.ndarray,
    query_labels: np.ndarray,
    gallery: np.ndarray,
    gallery_labels: np.ndarray,
    own_rows: np.ndarray,
    measure: Callable[[np.ndarray], np.ndarray],
    *,
    block_elements: int = _BLOCK_ELEMENTS,
) -> np.ndarray:
    """Ranks the whole gallery for each query by cosine and measures each ranking.

    Memory does not grow with queries times gallery: each thread holds the similarities of as
    many queries as fit into `block_elements`, at least one. Of equal similarities the relevant
    pictures come last.

    Args:
        queries: Vectors `[q, d]`; they need not be normalised.
        query_labels: Labels `[q]`; the gallery pictures of the same label are relevant. Every
            query must have at least one beside its own row.
        gallery: Vectors `[g, d]`.
        gallery_labels: Labels `[g]`.
        own_rows: int `[q]`: the gallery row that is the query itself, which takes no part in
            its ranking; -1 where there is none.
        measure: Called with the ranks int64 `[R]` of the relevant pictures, counted from 1 and
            rising; gives `m` numbers `[m]`.
        block_elements: Similarities held at once by each thread, at least 1.

    Returns:
        float64 `[q, m]`.

    Raises:
        ValueError: Shapes do not match, or a value is not finite.
    """
    queries, gallery = np.asarray(queries), np.asarray(gallery)
    check_vectors(queries, gallery)
    # A product in float32 gives equal pictures similarities that differ in the last bit by where
    # they stand in the gallery; in float64, rounded, they are equal.
    queries, gallery = l2_normalize(queries), l2_normalize(gallery).astype(np.float64)
    rows_at_once = max(1, block_elements // max(1, len(gallery)))

    def measure_block(start: int) -> np.ndarray:
        block = slice(start, start + rows_at_once)
        relevant = query_labels[block, None] == gallery_labels
        scores = (queries[block] @ gallery.T).astype(np.float32)
        keys = _sort_keys(scores, relevant, own_rows[block])
        keys.sort(axis=1)
        return np.stack([measure(_ranks(line)) for line in keys])

    # NumPy releases the interpreter in the product and in the sort, which take all the time.
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        blocks = list(pool.map(measure_block, range(0, len(queries), rows_at_once)))
    return np.concatenate(blocks)


def _sort_keys(scores: np.ndarray, relevant: np.ndarray, own_rows: np.ndarray) -> np.ndarray:
    """Packs score and relevance into one integer; a larger key is an earlier place.

    The lowest bit is 0 for a relevant picture, which puts it behind the others of its score.
    A query's own picture gets the lowest key that there is, and one of an irrelevant picture.
    """
    keys = ordered_bits(scores).astype(np.int64)
    keys <<= 1
    keys |= ~relevant
    has_own = np.flatnonzero(own_rows >= 0)
    keys[has_own, own_rows[has_own]] = np.iinfo(np.int64).min + 1
    return keys


def _ranks(rising_keys: np.ndarray) -> np.ndarray:
    places = np.flatnonzero((rising_keys & 1) == 0)
    return len(rising_keys) - places[::-1]
