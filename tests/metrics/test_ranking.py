from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, ndcg_score

from simclr_tf.metrics import ranking

# Relevant pictures at the places 1, 3 and 6.
EXAMPLE = np.array([1, 3, 6])


def test_the_examples_of_the_docstrings_are_right() -> None:
    results = doctest.testmod(ranking)
    assert results.attempted >= 7 and results.failed == 0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ranking.top_k_accuracy(np.array([2, 9]), 1), 0.0),
        (ranking.top_k_accuracy(np.array([2, 9]), 2), 1.0),
        (ranking.precision_at_k(EXAMPLE, 1), 1.0),
        (ranking.precision_at_k(EXAMPLE, 6), 3 / 6),
        (ranking.precision_at_k(EXAMPLE, 10), 3 / 10),
        (ranking.r_precision(EXAMPLE), 2 / 3),
        (ranking.average_precision_at_r(EXAMPLE), (1 / 1 + 2 / 3) / 3),
        (ranking.average_precision_at_r(np.array([4, 5, 6])), 0.0),
        (ranking.average_precision(EXAMPLE), (1 / 1 + 2 / 3 + 3 / 6) / 3),
        (ranking.reciprocal_rank(np.array([4, 5])), 1 / 4),
        # at 2: only place 1 counts; the best order has places 1 and 2: 1 / (1 + 1/log2(3))
        (ranking.ndcg(EXAMPLE, 2), 1 / (1 + 1 / math.log2(3))),
        (ranking.ndcg(np.array([1, 2, 3])), 1.0),
        (ranking.ndcg(np.array([5]), 3), 0.0),
    ],
)
def test_worked_examples(value: float, expected: float) -> None:
    assert value == pytest.approx(expected, abs=1e-12)


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=2, max_size=40).filter(any), st.integers(1, 45))
def test_average_precision_and_ndcg_equal_scikit_learn(relevance: list[bool], k: int) -> None:
    scores = -np.arange(len(relevance), dtype=float)  # no ties: the list is the ranking
    ranks = np.flatnonzero(relevance) + 1
    assert ranking.average_precision(ranks) == pytest.approx(
        average_precision_score(relevance, scores)
    )
    truth = np.array([relevance], float)
    assert ranking.ndcg(ranks) == pytest.approx(ndcg_score(truth, scores[None]))
    assert ranking.ndcg(ranks, k) == pytest.approx(ndcg_score(truth, scores[None], k=k))


@pytest.mark.parametrize("function", [ranking.top_k_accuracy, ranking.precision_at_k, ranking.ndcg])
def test_k_must_be_at_least_one(function) -> None:
    with pytest.raises(ValueError, match="`k` must be at least 1. Received: k=0"):
        function(EXAMPLE, 0)
