"""How well clusters that were found without labels agree with the classes."""

from __future__ import annotations

import numpy as np


def cluster_agreement(labels: np.ndarray, clusters: np.ndarray) -> dict[str, float]:
    """Compares two ways of dividing the same pictures.

    Args:
        labels: Classes, int `[n]`, n >= 1.
        clusters: Clusters, int `[n]`.

    Returns:
        `nmi`, normalised mutual information (arithmetic mean of both entropies), in [0, 1];
        `ari`, the adjusted Rand index, 0 for chance and 1 for agreement; `purity`, the share of
        pictures in clusters whose commonest class is theirs, which more clusters always raise.

    Raises:
        ValueError: Lengths do not match, or there are no pictures.

    Reference:
        Vinh et al., "Information Theoretic Measures for Clusterings Comparison" (2010); Hubert
        and Arabie, "Comparing Partitions" (1985); Manning et al., "Introduction to Information
        Retrieval" (2008), section 16.3.

    Example:
        Classes 0 0 0 1 in clusters 0 0 1 1: the commonest classes hold 2 of cluster 0 and 1 of
        cluster 1, so the purity is 3 / 4.
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    labels, clusters = np.asarray(labels), np.asarray(clusters)
    if labels.ndim != 1 or labels.shape != clusters.shape or not len(labels):
        raise ValueError(
            "`labels` and `clusters` must have shape [n], n >= 1. Received: "
            f"labels.shape={labels.shape}, clusters.shape={clusters.shape}"
        )
    _, class_places = np.unique(labels, return_inverse=True)
    _, cluster_places = np.unique(clusters, return_inverse=True)
    counts = np.zeros((cluster_places.max() + 1, class_places.max() + 1), np.int64)
    np.add.at(counts, (cluster_places, class_places), 1)
    return {
        "nmi": float(normalized_mutual_info_score(labels, clusters)),
        "ari": float(adjusted_rand_score(labels, clusters)),
        "purity": float(counts.max(axis=1).sum() / len(labels)),
    }
