"""The tasks of the part `search`, with few embeddings."""

import pytest

from experiments.benchmarks.bare_faiss import search as bare_faiss
from experiments.benchmarks.ours import search

SIZES = {"pictures": 300, "queries": 5, "size": 16, "k": 10}


@pytest.mark.parametrize("engine", ["exact", "hnsw"])
def test_an_index_answers_queries(engine):
    assert search.queries_per_second(engine, **SIZES)(2) > 0


def test_faiss_alone_answers_them_too():
    assert bare_faiss.queries_per_second(**SIZES)(2) > 0


def test_recall_is_the_share_of_the_true_neighbours():
    assert search.recall("exact", **SIZES)(1) == 1
    assert 0 < search.recall("ivf-pq", **SIZES)(1) < 1


@pytest.mark.parametrize("queries", [0, 1])
def test_a_saved_index_is_opened_as_often_as_asked(queries):
    assert search.open_index(300, 16, queries)(2) > 0


def test_the_figures_of_retrieval_are_timed_and_weighed():
    assert search.metrics_seconds(100, 16)(1) > 0
    assert search.metrics_memory(100, 16)(1) >= 0
