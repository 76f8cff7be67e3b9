"""Files of embeddings and indexes."""

from __future__ import annotations

import pathlib

import numpy as np

from experiments.endurance.kinds import Kind, WrongResult, forged
from simclr_tf.protocols.embedding_store import EmbeddingStore
from simclr_tf.retrieval import ENGINES, Embeddings, Index, read_embeddings, write_embeddings

_ROWS = 300
_DIMENSION = 8


def retrieval_kinds(folder: pathlib.Path) -> list[Kind]:
    """Returns embeddings, the parts of an unfinished embedding, and an index of every engine."""
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(_ROWS, _DIMENSION)).astype(np.float32)
    digests = generator.integers(0, 256, (_ROWS, 32), np.uint8)
    embeddings = Embeddings(
        embeddings=vectors,
        ids=tuple(f"class/{row}.png" for row in range(_ROWS)),
        labels=np.arange(_ROWS, dtype=np.int32) % 3,
        class_names=("a", "b", "c"),
        sha256=digests,
        encoder="e",
        root=str(folder),
        description={"image_size": 8},
    )
    write_embeddings(folder / "embeddings.npz", embeddings)

    def read() -> None:
        found = read_embeddings(folder / "embeddings.npz")
        if not np.array_equal(found.embeddings, vectors) or found.ids != embeddings.ids:
            raise WrongResult("other embeddings")

    kind = Kind.of_file("embeddings", folder / "embeddings.npz", read)
    kinds = [kind, forged(kind)]
    kinds += [_index_kind(folder, engine, embeddings) for engine in ENGINES]
    return [*kinds, _part_kind(folder / "parts", digests, vectors)]


def _index_kind(folder: pathlib.Path, engine: str, embeddings: Embeddings) -> Kind:
    path = folder / f"{engine}.index"
    made = Index(_DIMENSION, engine)
    made.add(embeddings.ids, embeddings.embeddings)
    made.save(path)
    queries = embeddings.embeddings[:5]
    expected = made.search(queries, 3)[0]

    def read() -> None:
        for memory_map in (True, False):
            if Index.load(path, memory_map=memory_map).search(queries, 3)[0] != expected:
                raise WrongResult("other neighbours")

    return Kind.of_file(f"index_{engine}", path, read)


def _part_kind(folder: pathlib.Path, digests: np.ndarray, vectors: np.ndarray) -> Kind:
    """A damaged part is thrown away, so its pictures are missing; what is there is right."""
    EmbeddingStore(folder, "e", "float32").add_part(digests, vectors)

    def read() -> None:
        store = EmbeddingStore(folder, "e", "float32")
        missing = store.missing(digests)
        there = np.setdiff1d(np.arange(len(digests)), missing)
        if len(there) and not np.array_equal(store.rows(digests[there]), vectors[there]):
            raise WrongResult("other embeddings")

    return Kind.of_file("embedding_part", folder / "part_000000.npz", read)
