"""Everything that is measured of one embedding."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from simclr_tf.data.picture_set import UNLABELLED
from simclr_tf.metrics import PairSimilarities, class_similarity, uniformity
from simclr_tf.protocols.analysis.classes import measure_levels, measure_retrieval
from simclr_tf.protocols.analysis.clusters import measure_clusters
from simclr_tf.protocols.analysis.hierarchy import Level
from simclr_tf.protocols.analysis.joined import Joined
from simclr_tf.protocols.analysis.maps import drawn_rows, neighbour_map, pca_map
from simclr_tf.protocols.analysis.neighbours import (
    Confusion,
    Neighbours,
    confusions,
    nearest_neighbours,
)
from simclr_tf.protocols.analysis.pairs import measure_pairs
from simclr_tf.protocols.analysis.settings import AnalysisSettings

# More add nothing to a mean over pairs.
_UNIFORMITY_PICTURES = 5000
_CONFUSION_EXAMPLES = 4


@dataclasses.dataclass(frozen=True, eq=False)
class Measured:
    """What is known of one embedding.

    Attributes:
        pca: Map float64 `[m, 2]` of the `m` drawn pictures.
        pca_share: Part of the variance that it shows.
        neighbour_map: The map by t-SNE or UMAP, `[m, 2]`.
        neighbours: Of all pictures.
        uniformity: Of Wang and Isola (2020).
        similarity: Mean cosines between classes `[c, c]`; None without classes.
        retrieval: Summary of `evaluate_retrieval`; None where no class has two pictures.
        levels: Retrieval at the levels of a hierarchy.
        clusters: Agreement of clusters with classes, by level.
        pair_figures: Of `measure_pairs`; None without pairs of both kinds.
        pairs: Their cosines.
        confusions: Which class is nearest to which, largest first.
    """

    pca: np.ndarray
    pca_share: float
    neighbour_map: np.ndarray
    neighbours: Neighbours
    uniformity: float
    similarity: np.ndarray | None
    retrieval: dict[str, Any] | None
    levels: list[dict[str, Any]]
    clusters: list[dict[str, Any]]
    pair_figures: dict[str, Any] | None
    pairs: PairSimilarities | None
    confusions: list[Confusion]


def measure(
    vectors: np.ndarray, joined: Joined, map_rows: np.ndarray, settings: AnalysisSettings
) -> Measured:
    """Measures one embedding; what needs classes is left out where there are none.

    Args:
        vectors: Unit vectors float32 `[n, d]`.
        joined: What is known of the pictures.
        map_rows: int64 `[m]`: the pictures in the maps.
        settings: How.
    """
    labels = joined.labels
    pca, share = pca_map(vectors[map_rows], settings.seed)
    neighbours = nearest_neighbours(vectors, settings.neighbours)
    spread_over = vectors[drawn_rows(len(vectors), _UNIFORMITY_PICTURES, settings.seed)]
    has_labels = bool((labels != UNLABELLED).any())
    own_level = Level("classes", labels, joined.class_names)
    levels = joined.levels or (own_level,)
    pairs = measure_pairs(vectors, labels, settings) if has_labels else None
    return Measured(
        pca=pca,
        pca_share=share,
        neighbour_map=neighbour_map(vectors[map_rows], settings),
        neighbours=neighbours,
        uniformity=float(uniformity(spread_over)),
        similarity=class_similarity(vectors, labels, len(joined.class_names))
        if has_labels
        else None,
        retrieval=measure_retrieval(vectors, own_level, settings) if has_labels else None,
        levels=measure_levels(vectors, joined.levels, settings),
        clusters=measure_clusters(vectors, levels, settings) if has_labels else [],
        pair_figures=None if pairs is None else pairs[0],
        pairs=None if pairs is None else pairs[1],
        confusions=confusions(neighbours, labels, _CONFUSION_EXAMPLES) if has_labels else [],
    )
