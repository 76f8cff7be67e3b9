"""FAISS behind an index: exact, HNSW and IVF-PQ by inner product."""

from __future__ import annotations

import os
from typing import Any, BinaryIO

import numpy as np

from simclr_tf.checks import check_one_of
from simclr_tf.retrieval.engine import ENGINES

# Links a vertex; at 200,000 x 128 recall@10 of .9998 with FAISS's own 40 at construction.
_HNSW_LINKS = 32
_HNSW_SEARCH = 64
# One byte for each piece of the vector, so FAISS wants at least 256 vectors to learn codes.
_PQ_BITS = 8
_PQ_TRAINING = 2**_PQ_BITS


class FaissEngine:
    """One FAISS index and the numbers of its vectors.

    Args:
        kind: `"exact"`; `"hnsw"`, a graph: many times as fast, and removing builds it anew; or
            `"ivf-pq"`, cells of compressed vectors: a fraction of the memory, approximate
            similarities, and the first `add` must bring at least 256 vectors to learn from.
        dimension: Length d of the vectors.

    Raises:
        ValueError: `kind` is not known.
    """

    def __init__(self, kind: str, dimension: int) -> None:
        check_one_of("engine", kind, ENGINES)
        self.kind = kind
        self.dimension = dimension
        self._is_mapped = False
        self._index: Any = None if kind == "ivf-pq" else _empty(kind, dimension)

    @classmethod
    def read(cls, path: str, kind: str, dimension: int, *, memory_map: bool = True) -> FaissEngine:
        """Opens what `write` wrote at the beginning of the file `path`.

        The compressed vectors of `"ivf-pq"` are read into memory in any case: what FAISS writes
        of a mapped index of that kind only points at the file that was mapped.

        Raises:
            ValueError: The file does not hold such an index.
        """
        engine = cls(kind, dimension)
        engine._is_mapped = memory_map and kind != "ivf-pq"
        engine._index = _read(path, engine._is_mapped)
        if engine._index.d != dimension:
            raise ValueError(f"it holds vectors of {engine._index.d} numbers, not {dimension}")
        return engine

    @property
    def size(self) -> int:
        """How many vectors it holds."""
        return 0 if self._index is None else int(self._index.ntotal)

    def add(self, vectors: np.ndarray, numbers: np.ndarray) -> None:
        """Takes unit vectors, float32 `[n, d]`, under new numbers, int64 `[n]`."""
        self._own_memory()
        if self._index is None:
            self._index = _trained_ivf_pq(vectors)
        self._index.add_with_ids(vectors, numbers)

    def remove(self, numbers: np.ndarray) -> None:
        """Forgets the vectors of these numbers, int64 `[n]`."""
        if not len(numbers):
            return
        self._own_memory()
        if self.kind != "hnsw":
            self._index.remove_ids(numbers)
            return
        # FAISS cannot take vertices out of the graph.
        faiss = _faiss()
        kept_numbers = faiss.vector_to_array(self._index.id_map).copy()
        stays = ~np.isin(kept_numbers, numbers)
        vectors = self._storage().reconstruct_n(0, len(kept_numbers))
        self._index = _empty(self.kind, self.dimension)
        self._index.add_with_ids(vectors[stays], kept_numbers[stays])

    def search(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Finds `k` vectors for each query; see `SearchEngine.search`."""
        faiss = _faiss()
        index = self._index
        if self.kind == "hnsw":
            breadth = faiss.SearchParametersHNSW(efSearch=max(_HNSW_SEARCH, 2 * k))
            scores, numbers = index.search(queries, k, params=breadth)
        else:
            scores, numbers = index.search(queries, k)
        # A graph of many equal vectors falls apart, and a cell may hold fewer than k vectors.
        short = np.flatnonzero((numbers < 0).any(axis=1))
        if len(short):
            scores[short], numbers[short] = self._search_all(queries[short], k)
        return scores, numbers

    def write(self, file: BinaryIO) -> None:
        """Writes itself to the beginning of an empty file."""
        faiss = _faiss()
        if self._index is None:
            return
        faiss.write_index(self._index, faiss.PyCallbackIOWriter(file.write))

    def _search_all(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        faiss = _faiss()
        if self.kind == "ivf-pq":
            every_cell = faiss.SearchParametersIVF(nprobe=self._index.nlist)
            return self._index.search(queries, k, params=every_cell)
        scores, rows = self._storage().search(queries, k)
        return scores, faiss.vector_to_array(self._index.id_map)[rows]

    def _storage(self) -> Any:
        """Returns the vectors of an HNSW index, in the order in which they were added."""
        faiss = _faiss()
        return faiss.downcast_index(faiss.downcast_index(self._index.index).storage)

    def _own_memory(self) -> None:
        """Copies a mapped index into memory: FAISS crashes when it changes a mapped one.

        The file is not read again, for another index may have taken its place since.
        """
        if self._is_mapped:
            faiss = _faiss()
            self._index = faiss.deserialize_index(faiss.serialize_index(self._index))
            self._is_mapped = False


def _faiss() -> Any:
    import faiss

    return faiss


def _empty(kind: str, dimension: int) -> Any:
    faiss = _faiss()
    if kind == "exact":
        return faiss.IndexIDMap(faiss.IndexFlatIP(dimension))
    graph = faiss.IndexHNSWFlat(dimension, _HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
    return faiss.IndexIDMap(graph)


def _trained_ivf_pq(vectors: np.ndarray) -> Any:
    faiss = _faiss()
    count, dimension = vectors.shape
    if count < _PQ_TRAINING:
        raise ValueError(
            f"`engine` ivf-pq must learn from at least {_PQ_TRAINING} vectors, in the first "
            f"`add`; take exact or hnsw for fewer. Received: {count} vectors"
        )
    # About 4 sqrt(n) cells, and at least the 39 vectors a cell that FAISS wants to learn from.
    cells = max(1, min(int(4 * count**0.5), count // 39))
    # A piece of 4 numbers becomes one byte: a sixteenth of the memory.
    pieces = next(p for p in range(max(1, dimension // 4), 0, -1) if dimension % p == 0)
    # "np": no polysemous codes, whose annealing takes a minute and which nothing here uses.
    cells_and_codes = f"IVF{cells},PQ{pieces}x{_PQ_BITS}np"
    index = faiss.index_factory(dimension, cells_and_codes, faiss.METRIC_INNER_PRODUCT)
    # FAISS warns below 39 vectors a code, on standard output.
    index.pq.cp.min_points_per_centroid = 1
    index.cp.min_points_per_centroid = 1
    index.nprobe = max(8, cells // 16)
    index.train(vectors)
    return index


def _read(path: str, memory_map: bool) -> Any:
    faiss = _faiss()
    try:
        return faiss.read_index(os.fspath(path), faiss.IO_FLAG_MMAP_IFC if memory_map else 0)
    except RuntimeError as error:
        raise ValueError("FAISS cannot read its part") from error
