"""Embeddings as an index keeps them: checked, and of length 1."""

from __future__ import annotations

import numpy as np

from simclr_tf.similarity import l2_normalize

_ROWS_AT_ONCE = 16384


def unit_vectors(name: str, embeddings: np.ndarray, dimension: int) -> np.ndarray:
    """Returns embeddings `[n, dimension]` of any float type as unit vectors, float32.

    Many are taken in blocks, so that a large gallery is held once more and not several times.

    Args:
        name: Of the argument, for errors.
        embeddings: An array or a memory map.
        dimension: Length that each of them must have.

    Raises:
        ValueError: They have another shape, or one is not finite.
    """
    embeddings = np.asarray(embeddings)
    if embeddings.ndim != 2 or embeddings.shape[1] != dimension:
        raise ValueError(
            f"`{name}` must have shape [n, {dimension}]. Received: {name}.shape={embeddings.shape}"
        )
    vectors, bad = np.empty(embeddings.shape, np.float32), 0
    for start in range(0, len(embeddings), _ROWS_AT_ONCE):
        rows = embeddings[start : start + _ROWS_AT_ONCE]
        bad += int(np.sum(~np.isfinite(rows).all(axis=1)))
        if not bad:
            vectors[start : start + _ROWS_AT_ONCE] = l2_normalize(rows)
    if bad:
        raise ValueError(
            f"`{name}` must be finite. Received: {bad} of {len(embeddings)} rows with NaN or "
            "infinity"
        )
    return vectors
