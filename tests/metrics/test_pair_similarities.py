import numpy as np
import pytest

from simclr_tf.metrics import alignment, pair_similarities


def vectors_and_labels(seed=0, pictures=40, classes=4):
    generator = np.random.default_rng(seed)
    return generator.normal(size=(pictures, 5)), generator.integers(-1, classes, pictures)


def slow(vectors, labels):
    """The cosines of all pairs of the same and of different classes, sorted."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    kinds = {True: [], False: []}
    for i in range(len(labels)):
        for j in range(i):
            if -1 not in (labels[i], labels[j]):
                kinds[labels[i] == labels[j]].append(unit[i] @ unit[j])
    return np.sort(kinds[True]), np.sort(kinds[False])


def test_few_pictures_give_every_pair_once():
    vectors, labels = vectors_and_labels()
    pairs = pair_similarities(vectors, labels)
    same, different = slow(vectors, labels)
    np.testing.assert_allclose(np.sort(pairs.same), same, atol=1e-6)
    np.testing.assert_allclose(np.sort(pairs.different), different, atol=1e-6)
    assert (pairs.num_same, pairs.num_different) == (len(same), len(different))


def test_of_many_pairs_so_many_are_drawn_of_each_kind():
    vectors, labels = vectors_and_labels()
    pairs = pair_similarities(vectors, labels, max_pairs=50)
    assert len(pairs.same) == len(pairs.different) == 50
    same, different = slow(vectors, labels)
    assert (pairs.num_same, pairs.num_different) == (len(same), len(different))


def test_every_pair_of_a_kind_has_the_same_chance():
    # Classes of 2, 3 and 5 pictures: 1 + 3 + 10 = 14 same and 2*3 + 2*5 + 3*5 = 31 different.
    labels = np.repeat([0, 1, 2], [2, 3, 5])
    vectors = np.random.default_rng(1).normal(size=(10, 3))
    all_same, all_different = slow(vectors, labels)
    assert (len(all_same), len(all_different)) == (14, 31)
    for kind, every in (("same", all_same), ("different", all_different)):
        counts = np.zeros(len(every))
        # 13 pairs a seed: fewer than there are, so they are drawn.
        for seed in range(1000):
            drawn = getattr(pair_similarities(vectors, labels, 13, seed), kind)
            nearest = np.abs(drawn[:, None] - every).argmin(axis=1)
            counts += np.bincount(nearest, minlength=len(every))
        expected = 13_000 / len(every)
        # Five standard deviations of a binomial count.
        assert np.abs(counts - expected).max() < 5 * expected**0.5


def test_the_mean_gives_the_alignment_of_wang_and_isola():
    vectors, labels = vectors_and_labels()
    first, second = np.triu_indices(len(labels), 1)
    same = (labels[first] == labels[second]) & (labels[first] >= 0)
    expected = float(alignment(vectors[first[same]], vectors[second[same]]))
    mean = pair_similarities(vectors, labels).same.mean()
    # |a - b|^2 = 2 - 2 cos for unit vectors.
    assert 2 - 2 * mean == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("labels", [[-1, -1], [0, -1], []])
def test_without_pairs_there_are_none(labels):
    pairs = pair_similarities(np.ones((len(labels), 2)), np.array(labels, np.int64))
    assert len(pairs.same) == len(pairs.different) == 0


def test_a_seed_gives_the_same_draw():
    vectors, labels = vectors_and_labels()
    first, again, other = (pair_similarities(vectors, labels, 20, seed) for seed in (3, 3, 4))
    assert np.array_equal(first.same, again.same)
    assert not np.array_equal(first.same, other.same)


def test_nan_is_refused():
    with pytest.raises(ValueError, match="must be finite"):
        pair_similarities(np.array([[np.nan, 1.0]]), np.array([0]))


def test_labels_of_another_length_are_refused():
    with pytest.raises(ValueError, match="`labels` must be one per embedding"):
        pair_similarities(np.ones((2, 2)), np.array([0]))
