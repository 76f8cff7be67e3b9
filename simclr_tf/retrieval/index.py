"""Nearest neighbours among a person's own pictures, known by their own ids."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from simclr_tf.checks import check_at_least, check_between
from simclr_tf.retrieval.engine import SearchEngine
from simclr_tf.retrieval.faiss_engine import FaissEngine
from simclr_tf.retrieval.index_file import IndexHeader, read_index_file, write_index_file
from simclr_tf.retrieval.unit_vectors import unit_vectors


class Index:
    """Searches embeddings by cosine; every embedding goes by the id that the person gave it.

    Args:
        dimension: Length d of the embeddings, at least 1.
        engine: `"exact"` (default), `"hnsw"` or `"ivf-pq"`, see `FaissEngine`; or an engine of
            one's own, empty, with the methods of `SearchEngine`. The latter cannot be saved.
        encoder: Fingerprint of the encoder that makes the embeddings. With one, embeddings of
            another encoder are neither added nor searched for.

    Attributes:
        contents: Digest of what it was filled with, where whoever filled it says so; it is saved,
            and None after another `add` or `remove`.

    Raises:
        ValueError: An argument is out of range.

    Example:
        >>> index = Index(dimension=2)
        >>> index.add(["a.png", "b.png"], np.array([[1.0, 0.0], [0.0, 1.0]]))
        >>> index.search(np.array([[3.0, 1.0]]), k=1)[0]
        [['a.png']]
    """

    def __init__(
        self, dimension: int, engine: str | SearchEngine = "exact", encoder: str | None = None
    ) -> None:
        check_at_least("dimension", dimension, 1)
        self.dimension = dimension
        self.encoder = encoder
        self.contents: str | None = None
        self._engine = FaissEngine(engine, dimension) if isinstance(engine, str) else engine
        # Position = number in the engine; an empty text where the embedding was removed.
        self._ids: list[str] = []
        self._number_by_id: dict[str, int] | None = {}

    def __len__(self) -> int:
        return self._engine.size

    def __contains__(self, picture_id: object) -> bool:
        return picture_id in self._numbers()

    @property
    def engine(self) -> str:
        """Name of the engine; of its class for one that is not of this package."""
        if isinstance(self._engine, FaissEngine):
            return self._engine.kind
        return type(self._engine).__name__

    @property
    def ids(self) -> list[str]:
        """The ids in the order in which they were added."""
        return [picture_id for picture_id in self._ids if picture_id]

    def add(
        self, ids: Sequence[str], embeddings: np.ndarray, *, encoder: str | None = None
    ) -> None:
        """Adds embeddings `[n, d]` under `n` new ids.

        Args:
            ids: Not empty, without a null character, all different and not in the index; paths
                for example.
            embeddings: Float of any type; they need not be normalised.
            encoder: Fingerprint of the encoder that made them.

        Raises:
            ValueError: An id is empty, doubled or in the index, an embedding is not finite or
                of another length, or they come from another encoder.
        """
        vectors = self._checked("embeddings", embeddings, encoder)
        if len(ids) != len(vectors):
            raise ValueError(
                "`ids` must be one per embedding. "
                f"Received: {len(ids)} ids and {len(vectors)} embeddings"
            )
        numbers = self._numbers()
        seen: set[str] = set()
        for picture_id in ids:
            if not picture_id or "\0" in picture_id or picture_id in numbers or picture_id in seen:
                raise ValueError(
                    "`ids` must be texts that are not empty, without a null character, all "
                    "different and not in the index (`remove` them first). "
                    f"Received: {picture_id!r}"
                )
            seen.add(picture_id)
        if not len(ids):
            return
        new = np.arange(len(self._ids), len(self._ids) + len(ids), dtype=np.int64)
        self._engine.add(vectors, new)
        self.contents = None
        self._ids.extend(ids)
        numbers.update(zip(ids, new.tolist(), strict=True))

    def remove(self, ids: Sequence[str]) -> None:
        """Forgets the embeddings of these ids.

        Raises:
            ValueError: An id is not in the index; then nothing is removed.
        """
        numbers = self._numbers()
        wanted = dict.fromkeys(ids)
        for picture_id in wanted:
            if picture_id not in numbers:
                raise ValueError(f"`ids` must be in the index. Received: {picture_id!r}")
        gone = [numbers[picture_id] for picture_id in wanted]
        self._engine.remove(np.array(gone, np.int64))
        self.contents = None
        for picture_id in wanted:
            self._ids[numbers.pop(picture_id)] = ""

    def search(
        self,
        queries: np.ndarray,
        k: int,
        *,
        exclude: Sequence[str | None] | None = None,
        encoder: str | None = None,
    ) -> tuple[list[list[str]], np.ndarray]:
        """Finds the `k` most similar embeddings for each query.

        Args:
            queries: Embeddings `[q, d]`; they need not be normalised.
            k: Neighbours of each query, at least 1 and at most `len(index)`, one less with
                `exclude`.
            exclude: `q` ids: what is not to be found by that query, usually the query itself;
                None, or an id that the index does not have, leaves nothing out.
            encoder: Fingerprint of the encoder that made the queries.

        Returns:
            Ids, `k` for each of the `q` queries, and their cosines float32 `[q, k]` in falling
            order. Of equal cosines that are found, those added first come first.

        Raises:
            ValueError: The index is empty, or with `exclude` holds one embedding only; `k` is out
                of range, a query is not finite or of another length, or they come from another
                encoder.
        """
        vectors = self._checked("queries", queries, encoder)
        if not len(self):
            raise ValueError("The index is empty: `add` embeddings before searching.")
        if exclude is not None and len(exclude) != len(vectors):
            raise ValueError(
                "`exclude` must be one id per query, or None. "
                f"Received: {len(exclude)} ids for {len(vectors)} queries"
            )
        spare = 0 if exclude is None else 1
        if len(self) == spare:
            raise ValueError("The index must hold another embedding beside the excluded one.")
        check_between("k", k, 1, len(self) - spare)
        if not len(vectors):
            return [], np.empty((0, k), np.float32)
        scores, numbers = self._engine.search(vectors, k + spare)
        if exclude is not None:
            scores, numbers = self._without(exclude, scores, numbers)
        order = np.lexsort((numbers, -scores), axis=1)
        scores = np.take_along_axis(scores, order, axis=1)
        found = np.take_along_axis(numbers, order, axis=1).tolist()
        return [[self._ids[number] for number in line] for line in found], scores

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the index to one file; a half-written one never replaces a good one.

        Raises:
            ValueError: The engine is not one of this package.
            OSError: The file cannot be written.
        """
        if not isinstance(self._engine, FaissEngine):
            raise ValueError(
                "`engine` must be one of this package for the index to be saved. "
                f"Received: engine={type(self._engine).__name__}"
            )
        header = IndexHeader(
            self._engine.kind, self.dimension, len(self), self.encoder, self.contents
        )
        write_index_file(path, header, self._engine.write, self._ids)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, memory_map: bool = True) -> Index:
        """Opens a saved index.

        Args:
            path: The file.
            memory_map: Leave the vectors on the disk and read what a search needs. The first
                `add` or `remove` copies them into memory; those of `"ivf-pq"`, which are
                compressed, are there from the beginning.

        Raises:
            ValueError: The file is not an index, is cut off or damaged.
            OSError: The file cannot be read.
        """
        header, ids = read_index_file(path)
        index = cls(header.dimension, header.engine, header.encoder)
        if header.count or header.engine != "ivf-pq":
            try:
                index._engine = FaissEngine.read(
                    os.fspath(path), header.engine, header.dimension, memory_map=memory_map
                )
            except ValueError as error:
                raise ValueError(f"The index {os.fspath(path)!r} is damaged: {error}.") from error
        index.contents = header.contents
        index._ids = ids
        index._number_by_id = None
        return index

    def _numbers(self) -> dict[str, int]:
        # Made when first needed: opening a large index only to search it does without.
        if self._number_by_id is None:
            self._number_by_id = {name: row for row, name in enumerate(self._ids) if name}
        return self._number_by_id

    def _without(
        self, exclude: Sequence[str | None], scores: np.ndarray, numbers: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Drops each query's own number or, where it was not found, the last one."""
        number_of = self._numbers()
        own = np.array([-1 if name is None else number_of.get(name, -1) for name in exclude])
        keep = numbers != own[:, None]
        keep[keep.all(axis=1), -1] = False
        shape = (len(numbers), numbers.shape[1] - 1)
        return scores[keep].reshape(shape), numbers[keep].reshape(shape)

    def _checked(self, name: str, embeddings: np.ndarray, encoder: str | None) -> np.ndarray:
        """Returns the embeddings as unit vectors."""
        if self.encoder is not None and encoder != self.encoder:
            raise ValueError(
                f"`encoder` must be the one that the index was made with, {self.encoder}: "
                "embeddings of different encoders cannot be compared. "
                f"Received: encoder={encoder!r}"
            )
        return unit_vectors(name, embeddings, self.dimension)
