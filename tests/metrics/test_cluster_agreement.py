import numpy as np
import pytest

from simclr_tf.metrics import cluster_agreement


def test_the_same_division_under_other_names_agrees_fully():
    found = cluster_agreement(np.array([5, 5, 7, 7]), np.array([1, 1, 0, 0]))
    assert found == pytest.approx({"nmi": 1.0, "ari": 1.0, "purity": 1.0})


def test_purity_counts_the_commonest_class_of_each_cluster():
    found = cluster_agreement(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]))
    assert found["purity"] == 3 / 4  # 2 of cluster 0 and 1 of cluster 1


def test_mutual_information_and_rand_index_by_hand():
    labels, clusters = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])
    found = cluster_agreement(labels, clusters)
    # p(0,0) = p(0,1) = 1/4, p(1,1) = 1/2; classes 1/2, 1/2; clusters 1/4, 3/4.
    information = (np.log(0.25 / (0.5 * 0.25)) / 4 + np.log(0.25 / (0.5 * 0.75)) / 4) + np.log(
        0.5 / (0.5 * 0.75)
    ) / 2
    entropies = np.log(2), -0.25 * np.log(0.25) - 0.75 * np.log(0.75)
    assert found["nmi"] == pytest.approx(information / np.mean(entropies))
    # Pairs together in both: 1; in classes 2, in clusters 3, of 6: (1 - 1) / (2.5 - 1) = 0.
    assert found["ari"] == pytest.approx(0.0)


@pytest.mark.parametrize("clusters", [[0], []])
def test_lengths_that_do_not_match_are_refused(clusters):
    with pytest.raises(ValueError, match=r"`labels` and `clusters` must have shape \[n\]"):
        cluster_agreement(np.arange(2) if clusters else np.array([]), np.array(clusters))
