"""A flat index of inner products."""

from __future__ import annotations

import time
from collections.abc import Callable

import faiss

from experiments.benchmarks.embeddings import random_embeddings


def queries_per_second(pictures: int, queries: int, size: int, k: int) -> Callable[[int], float]:
    """Returns a task that gives queries a second; ids are rows, and unit vectors are at hand."""
    gallery, asked = (random_embeddings(pictures, size), random_embeddings(queries, size, seed=1))
    faiss.normalize_L2(gallery)
    faiss.normalize_L2(asked)
    index = faiss.IndexFlatIP(size)
    index.add(gallery)

    def run(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            index.search(asked, k)
        return queries * count / (time.perf_counter() - begin)

    return run
