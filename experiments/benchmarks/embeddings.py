"""Embeddings to search in, the same for every contestant."""

from __future__ import annotations

import numpy as np

_CLASSES = 1000
# Of an encoder's features few directions vary much, whatever their number.
_DIRECTIONS = 16
_NOISE = 0.1
_ROWS_AT_ONCE = 65536


def random_embeddings(count: int, size: int, seed: int = 0) -> np.ndarray:
    """Returns float32 `[count, size]`, not normalised; every seed draws from the same cloud.

    They vary along 16 directions and a little along all others. Independent numbers would lie
    about equally far from one another, as no encoder's features do, and no graph could search
    them.
    """
    directions = np.random.default_rng(0).standard_normal((_DIRECTIONS, size), np.float32)
    generator = np.random.default_rng([seed, count])
    embeddings = np.empty((count, size), np.float32)
    for start in range(0, count, _ROWS_AT_ONCE):
        rows = embeddings[start : start + _ROWS_AT_ONCE]
        generator.standard_normal(dtype=np.float32, out=rows)
        rows *= _NOISE
        rows += generator.standard_normal((len(rows), _DIRECTIONS), np.float32) @ directions
    return embeddings


def picture_ids(count: int) -> list[str]:
    """Returns `count` different paths as they stand below a folder of classes."""
    return [f"class_{row % _CLASSES:04d}/picture_{row:07d}.jpg" for row in range(count)]


def class_labels(count: int) -> np.ndarray:
    """Returns labels int32 `[count]` of up to 1000 classes, each of four pictures or more."""
    return np.arange(count, dtype=np.int32) % min(_CLASSES, max(1, count // 4))
