"""What an index needs of the engine that compares its vectors."""

from __future__ import annotations

from typing import BinaryIO, Protocol

import numpy as np

ENGINES = ("exact", "hnsw", "ivf-pq")


class SearchEngine(Protocol):
    """Keeps unit vectors under numbers and finds those of the largest inner product.

    An index checks all arguments before it calls its engine and holds everything else: the
    person's ids, the encoder, the file. So a cluster engine needs these few methods only.
    """

    @property
    def size(self) -> int:
        """How many vectors it holds."""

    def add(self, vectors: np.ndarray, numbers: np.ndarray) -> None:
        """Takes unit vectors, float32 `[n, d]`, under new numbers, int64 `[n]`."""

    def remove(self, numbers: np.ndarray) -> None:
        """Forgets the vectors of these numbers, int64 `[n]`, all of which it holds."""

    def search(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Finds `k` vectors for each query.

        Args:
            queries: Unit vectors, float32 `[q, d]`.
            k: From 1 to `size`.

        Returns:
            Inner products float32 `[q, k]`, falling, and numbers int64 `[q, k]`.
        """

    def write(self, file: BinaryIO) -> None:
        """Writes itself to the beginning of an empty file."""
