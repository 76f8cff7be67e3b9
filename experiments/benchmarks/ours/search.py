"""Search in an index, opening one, and the figures of retrieval."""

from __future__ import annotations

import pathlib
import tempfile
import time
import weakref
from collections.abc import Callable

from experiments.benchmarks.embeddings import class_labels, picture_ids, random_embeddings
from experiments.benchmarks.memory import peak_above_now
from simclr_tf.metrics import evaluate_retrieval
from simclr_tf.retrieval import Index

_FEW_PICTURES = 2000


def queries_per_second(
    engine: str, pictures: int, queries: int, size: int, k: int
) -> Callable[[int], float]:
    """Returns a task that gives queries a second, from any embeddings to ids and cosines."""
    index = _index(engine, pictures, size)
    asked = random_embeddings(queries, size, seed=1)

    def run(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            index.search(asked, k)
        return queries * count / (time.perf_counter() - begin)

    return run


def recall(engine: str, pictures: int, queries: int, size: int, k: int) -> Callable[[int], float]:
    """Returns a task that gives the share of the true `k` nearest that an engine finds."""
    asked = random_embeddings(queries, size, seed=1)
    true, found = (_index(name, pictures, size).search(asked, k)[0] for name in ("exact", engine))
    hits = sum(len(set(line) & set(nearest)) for line, nearest in zip(found, true, strict=True))
    return lambda count: hits / (k * queries)


def open_index(pictures: int, size: int, queries: int) -> Callable[[int], float]:
    """Returns a task that gives the seconds until a saved index is open and has been searched.

    Its pages are in memory, where the system keeps what was written last.

    Args:
        pictures: embeddings of the index.
        size: length of the embeddings.
        queries: how many the opened index answers; 0 for opening alone.
    """
    folder = tempfile.TemporaryDirectory()
    path = pathlib.Path(folder.name, "gallery.index")
    _index("exact", pictures, size).save(path)
    asked = random_embeddings(queries, size, seed=1)

    def run(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            index = Index.load(path)
            if queries:
                index.search(asked, 1)
        return (time.perf_counter() - begin) / count

    # The folder goes with the task.
    weakref.finalize(run, folder.cleanup)
    return run


def metrics_seconds(pictures: int, size: int) -> Callable[[int], float]:
    """Returns a task that gives the seconds of all figures of a gallery that is its own query."""
    embeddings, labels = random_embeddings(pictures, size), class_labels(pictures)

    def run(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            evaluate_retrieval(embeddings, labels)
        return (time.perf_counter() - begin) / count

    return run


def metrics_memory(pictures: int, size: int) -> Callable[[int], float]:
    """Returns a task that gives the MiB that these figures take above the embeddings."""
    embeddings, labels = random_embeddings(pictures, size), class_labels(pictures)
    # What a first call loads whatever its size is no cost of the pictures.
    few = min(pictures, _FEW_PICTURES)
    evaluate_retrieval(embeddings[:few], class_labels(few))
    return lambda count: peak_above_now(lambda: evaluate_retrieval(embeddings, labels))


def _index(engine: str, pictures: int, size: int) -> Index:
    index = Index(size, engine)
    index.add(picture_ids(pictures), random_embeddings(pictures, size))
    return index
