from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from simclr_tf.similarity import l2_normalize, top_k_cosine

# Cosines of these vectors are exact in float32 (-1, -.5, 0, .5, 1), so ties are true ties.
EXACT_UNIT_VECTORS = np.array(
    [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, 0], [0.5, 0.5, 0.5, 0.5], [0.5, -0.5, 0.5, -0.5]],
    np.float32,
)


def slow_top_k(queries: np.ndarray, gallery: np.ndarray, k: int) -> tuple[list, list]:
    all_scores, all_rows = [], []
    for query in queries:
        scores = [float(np.dot(query, row)) for row in gallery]
        rows = sorted(range(len(gallery)), key=lambda row: (-scores[row], row))[:k]
        all_scores.append([scores[row] for row in rows])
        all_rows.append(rows)
    return all_scores, all_rows


def test_a_vector_is_scaled_to_length_one() -> None:
    # |(3, 4)| = 5
    np.testing.assert_allclose(l2_normalize(np.array([[3.0, 4.0]])), [[0.6, 0.8]], rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.uint8])
def test_a_zero_vector_stays_zero(dtype: type) -> None:
    normalized = l2_normalize(np.zeros((2, 3), dtype))
    assert normalized.dtype == np.float32
    assert np.array_equal(normalized, np.zeros((2, 3)))


@pytest.mark.parametrize(
    "vector", [np.full(4, 6e4, np.float16), np.full(4, 1e38, np.float32), np.full(4, 1e-40)]
)
def test_large_and_tiny_vectors_have_length_one(vector: np.ndarray) -> None:
    # four equal components: each is 1 / sqrt(4)
    np.testing.assert_allclose(l2_normalize(vector), np.full(4, 0.5), rtol=1e-6)


@given(
    hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=1, max_dims=3, max_side=5),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
    )
)
def test_any_finite_vector_has_length_one_or_zero(x: np.ndarray) -> None:
    lengths = np.sqrt(np.sum(np.square(l2_normalize(x), dtype=np.float64), axis=-1))
    np.testing.assert_allclose(lengths, np.any(x != 0, axis=-1), atol=1e-5)


@settings(deadline=None)
@given(st.data())
def test_top_k_equals_a_full_sort_with_ties_to_the_lower_row(data: st.DataObject) -> None:
    picks = st.lists(st.integers(0, len(EXACT_UNIT_VECTORS) - 1), min_size=1, max_size=12)
    queries = EXACT_UNIT_VECTORS[data.draw(picks)]
    gallery = EXACT_UNIT_VECTORS[data.draw(picks)]
    k = data.draw(st.integers(1, len(gallery)))
    scores, rows = top_k_cosine(queries, gallery, k, block_size=data.draw(st.integers(1, 13)))
    expected_scores, expected_rows = slow_top_k(queries, gallery, k)
    assert rows.tolist() == expected_rows
    assert scores.tolist() == expected_scores


@pytest.mark.parametrize("block_size", [1, 7, 64, 1000])
def test_top_k_of_random_vectors_equals_argsort(block_size: int) -> None:
    generator = np.random.default_rng(0)
    queries, gallery = generator.normal(size=(30, 8)), generator.normal(size=(100, 8))
    scores, rows = top_k_cosine(queries, gallery, 10, block_size=block_size)
    cosines = (queries / np.linalg.norm(queries, axis=1, keepdims=True)) @ (
        gallery / np.linalg.norm(gallery, axis=1, keepdims=True)
    ).T
    assert np.array_equal(rows, np.argsort(-cosines, axis=1)[:, :10])
    np.testing.assert_allclose(scores, np.take_along_axis(cosines, rows, 1), atol=1e-6)
    assert (scores.dtype, rows.dtype) == (np.float32, np.int64)


def test_a_zero_vector_is_at_cosine_zero_from_everything() -> None:
    gallery = np.array([[-1.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    scores, rows = top_k_cosine(np.array([[2.0, 0.0]]), gallery, 3)
    assert (scores.tolist(), rows.tolist()) == ([[1.0, 0.0, -1.0]], [[2, 1, 0]])


def test_no_queries_give_no_rows() -> None:
    scores, rows = top_k_cosine(np.zeros((0, 3)), np.ones((4, 3)), 2)
    assert scores.shape == rows.shape == (0, 2)


@pytest.mark.parametrize("k", [0, 4])
def test_k_must_not_exceed_the_gallery(k: int) -> None:
    with pytest.raises(ValueError, match=f"`k` must be between 1 and 3. Received: k={k}"):
        top_k_cosine(np.ones((2, 5)), np.ones((3, 5)), k)


def test_vectors_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"with the same d. Received: queries.shape=\(2, 5\)"):
        top_k_cosine(np.ones((2, 5)), np.ones((3, 4)), 1)


def test_rows_that_are_not_finite_are_counted() -> None:
    with pytest.raises(ValueError, match="`gallery` must be finite. Received: 1 of 3 rows"):
        top_k_cosine(np.ones((2, 2)), np.array([[1, 2], [np.nan, 1], [3, 4]]), 1)
