import numpy as np
import pytest

from simclr_tf.protocols.analysis.neighbours import (
    Neighbours,
    confusions,
    copy_pairs,
    doubtful_labels,
    group_count,
    near_pairs,
    nearest_neighbours,
    outliers,
)
from simclr_tf.similarity import l2_normalize


def on_circle(*degrees):
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def slow(vectors, k):
    """Rows of the k most similar others, by sorting every line."""
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -np.inf)
    return np.argsort(-scores, axis=1, kind="stable")[:, :k]


def test_neighbours_are_the_most_similar_others_in_order(monkeypatch):
    vectors = l2_normalize(np.random.default_rng(0).normal(size=(60, 5)))
    expected = slow(vectors, 7)
    assert np.array_equal(nearest_neighbours(vectors, 7).rows, expected)
    monkeypatch.setattr("simclr_tf.protocols.analysis.neighbours._QUERIES_AT_ONCE", 13)
    assert np.array_equal(nearest_neighbours(vectors, 7).rows, expected)


def test_a_picture_among_many_copies_is_not_its_own_neighbour():
    found = nearest_neighbours(np.repeat(on_circle(0), 9, axis=0), 3)
    assert (found.rows != np.arange(9)[:, None]).all()
    assert (found.cosines <= 1).all()


def test_few_pictures_have_all_others_as_neighbours():
    assert nearest_neighbours(on_circle(0, 10, 50), 10).rows.tolist() == [[1, 2], [0, 2], [1, 0]]


def test_near_pairs_stand_once_with_the_most_alike_first():
    # 2 degrees apart, 3 degrees apart; cos 3 = 0.99863, cos 4 = 0.99756.
    pairs, cosines = near_pairs(nearest_neighbours(on_circle(0, 90, 93, 180, 182), 2), 0.998)
    assert pairs.tolist() == [[3, 4], [1, 2]]
    np.testing.assert_allclose(cosines, np.cos(np.radians([2, 3])), atol=1e-6)


def test_every_copy_stands_with_the_first_of_its_content():
    sha256 = np.array([[7] * 32, [1] * 32, [7] * 32, [7] * 32, [2] * 32], np.uint8)
    assert copy_pairs(sha256).tolist() == [[0, 2], [0, 3]]


@pytest.mark.parametrize(
    ("pairs", "groups"), [([], 0), ([[0, 1]], 1), ([[0, 1], [1, 2]], 1), ([[0, 1], [3, 2]], 2)]
)
def test_pairs_join_pictures_into_groups(pairs, groups):
    assert group_count(np.array(pairs, np.int64).reshape(-1, 2), 5) == groups


def test_an_outlier_is_far_from_its_last_neighbour():
    found = outliers(nearest_neighbours(on_circle(0, 1, 2, 90), 2), 2)
    # The last is 88 and 89 degrees from its two neighbours.
    assert found[0] == (3, pytest.approx(1 - np.cos(np.radians(89)), abs=1e-6))
    assert len(found) == 2


def test_confusions_count_nearest_pictures_of_other_classes():
    # 0 and 1 are one another's nearest; 4 is nearest to 20, 21 to 20.
    vectors = on_circle(0, 1, 20, 21, 30)
    labels = np.array([0, 1, 0, 1, 1])
    found = confusions(nearest_neighbours(vectors, 4), labels, examples=1)
    # Of class 1 the pictures at 1 and 21 find class 0, that at 30 its own.
    assert [(pair.label, pair.other, pair.count) for pair in found] == [(0, 1, 2), (1, 0, 2)]
    assert [pair.share for pair in found] == pytest.approx([1.0, 2 / 3])
    ((row, nearest, cosine),) = found[0].examples
    assert {row, nearest} in ({0, 1}, {2, 3})
    assert cosine == pytest.approx(np.cos(np.radians(1)), abs=1e-6)


def test_pictures_without_a_label_are_looked_past():
    vectors, labels = on_circle(0, 1, 5, 9), np.array([0, -1, 1, -1])
    found = confusions(nearest_neighbours(vectors, 3), labels, examples=4)
    assert [(pair.label, pair.other, pair.examples[0][:2]) for pair in found] == [
        (0, 1, (0, 2)),
        (1, 0, (2, 0)),
    ]


def test_a_label_is_doubted_where_the_neighbours_agree_on_another():
    rows = np.array([[1, 2, 3, 4, 5], [0, 2, 3, 4, 5], *[[0, 1, 2, 3, 4]] * 4])
    neighbours = Neighbours(rows, np.ones(rows.shape, np.float32))
    labels = np.array([1, 0, 0, 0, 0, 0])
    (found,) = doubtful_labels(neighbours, labels)
    assert (found.row, found.suggested, found.share) == (0, 0, 1.0)


def test_two_neighbours_with_a_label_are_too_few_to_doubt():
    rows = np.array([[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]])
    neighbours = Neighbours(rows, np.ones(rows.shape, np.float32))
    assert doubtful_labels(neighbours, np.array([1, 0, 0, -1])) == []
    assert doubtful_labels(neighbours, np.full(4, -1)) == []
