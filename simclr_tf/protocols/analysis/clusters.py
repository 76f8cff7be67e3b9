"""Whether clusters found without labels are the classes, coarse or fine."""

from __future__ import annotations

from typing import Any

import numpy as np

from simclr_tf.data.picture_set import UNLABELLED
from simclr_tf.metrics import cluster_agreement
from simclr_tf.protocols.analysis.hierarchy import Level
from simclr_tf.protocols.analysis.maps import drawn_rows
from simclr_tf.protocols.analysis.settings import AnalysisSettings

_STARTS = 4


def measure_clusters(
    vectors: np.ndarray, levels: tuple[Level, ...], settings: AnalysisSettings
) -> list[dict[str, Any]]:
    """Clusters the pictures into as many clusters as a level has classes, and compares the two.

    k-means, and Ward's agglomerative clustering, of the unit vectors. Of more than
    `cluster_pictures` pictures with labels so many take part, drawn at random.

    Returns:
        For every level that has from 2 classes to fewer than pictures and every method: `level`,
        `classes`, `pictures`, `method`, `clusters` and the measures of `cluster_agreement`.
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from sklearn.cluster import KMeans

    labelled = np.flatnonzero(np.all([level.labels != UNLABELLED for level in levels], axis=0))
    rows = labelled[drawn_rows(len(labelled), settings.cluster_pictures, settings.seed)]
    points = vectors[rows].astype(np.float64)
    different = len(np.unique(points, axis=0))
    tree = None
    found = []
    for level in levels:
        labels = level.labels[rows]
        classes = len(np.unique(labels))
        if not 2 <= classes < len(rows) or different < 2:
            continue
        # Copies cannot be parted.
        wanted = min(classes, different)
        k_means = KMeans(wanted, n_init=_STARTS, random_state=settings.seed).fit_predict(points)
        if tree is None:
            tree = linkage(points, "ward")
        ward = fcluster(tree, wanted, "maxclust")
        for method, clusters in (("k-means", k_means), ("agglomerative", ward)):
            found.append(
                {
                    "level": level.name,
                    "classes": classes,
                    "pictures": len(rows),
                    "method": method,
                    "clusters": len(np.unique(clusters)),
                    **cluster_agreement(labels, clusters),
                }
            )
    return found
