import numpy as np
import pytest

from simclr_tf.evaluation import cluster_bootstrap


def test_it_equals_a_slow_loop_over_whole_clusters():
    generator = np.random.default_rng(3)
    values = generator.uniform(size=(2, 20))
    clusters = generator.integers(0, 6, 20)
    names = np.unique(clusters)
    draws = np.random.default_rng(5)
    means = []
    for _ in range(50):
        drawn = names[draws.integers(len(names), size=len(names))]
        rows = np.concatenate([np.flatnonzero(clusters == name) for name in drawn])
        means.append(values[:, rows].mean(axis=1))
    expected = np.quantile(means, [0.05, 0.95], axis=0).T
    found = cluster_bootstrap(values, clusters, resamples=50, confidence=0.9, seed=5)
    np.testing.assert_allclose(found, expected)


def test_values_that_repeat_in_a_cluster_tell_nothing_more():
    values = np.random.default_rng(0).uniform(size=(1, 30))
    once = cluster_bootstrap(values, np.arange(30))
    thrice = cluster_bootstrap(np.repeat(values, 3, axis=1), np.repeat(np.arange(30), 3))
    np.testing.assert_allclose(once, thrice)


@pytest.mark.parametrize("shape", [(2, 0), (3,), (2, 4)])
def test_shapes_that_do_not_match_are_refused(shape):
    with pytest.raises(ValueError, match=r"`values` and `clusters` must have shapes \[m, n\] and"):
        cluster_bootstrap(np.zeros(shape), np.zeros(0 if shape == (2, 0) else 3))
