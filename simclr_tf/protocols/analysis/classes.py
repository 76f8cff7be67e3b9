"""What is measured with classes: retrieval, likeness, and the levels of a hierarchy."""

from __future__ import annotations

from typing import Any

import numpy as np

from simclr_tf.data.picture_set import UNLABELLED
from simclr_tf.metrics import evaluate_retrieval
from simclr_tf.protocols.analysis.hierarchy import Level
from simclr_tf.protocols.analysis.maps import drawn_rows
from simclr_tf.protocols.analysis.settings import AnalysisSettings

# The order of leaves that is best costs time that grows with the square of the classes and more.
_MOST_ORDERED = 300
_LEVEL_MEASURES = ("top_1", "top_5", "map_at_r")


def measure_retrieval(
    vectors: np.ndarray, level: Level, settings: AnalysisSettings
) -> dict[str, Any] | None:
    """Returns the summary of `evaluate_retrieval` where every picture is in the gallery.

    Of more than `max_queries` pictures so many look for their class, drawn at random. None where
    no class has two pictures.
    """
    labels = level.labels
    counts = np.bincount(labels[labels != UNLABELLED], minlength=len(level.class_names))
    # -1 takes the entry added at the end.
    can_be_found = np.append(counts > 1, False)[labels]
    candidates = np.flatnonzero(can_be_found)
    if not len(candidates):
        return None
    rows = candidates[drawn_rows(len(candidates), settings.max_queries, settings.seed)]
    report = evaluate_retrieval(
        vectors[rows],
        labels[rows],
        vectors,
        labels,
        query_ids=rows.tolist(),
        gallery_ids=range(len(vectors)),
        ks=(1, 3, 5),
    )
    summary = report.summary(level.class_names, resamples=settings.resamples, seed=settings.seed)
    others = counts[labels[rows]] - 1
    return {
        **summary,
        "chance": float(others.mean() / (len(vectors) - 1)),
        "left_out_lone": int((counts == 1).sum()),
        "left_out_unlabelled": int((labels == UNLABELLED).sum()),
        "queries_drawn_from": len(candidates),
    }


def measure_levels(
    vectors: np.ndarray, levels: tuple[Level, ...], settings: AnalysisSettings
) -> list[dict[str, Any]]:
    """Returns the retrieval figures of every level, in the order of the levels."""
    found = []
    for level in levels:
        summary = measure_retrieval(vectors, level, settings)
        if summary is not None:
            figures = {name: summary[name] for name in (*_LEVEL_MEASURES, "chance", "queries")}
            found.append(
                {
                    "level": level.name,
                    "classes": len(level.class_names),
                    **figures,
                    "ci95": {name: summary["ci95"][name] for name in _LEVEL_MEASURES},
                }
            )
    return found


def class_order(matrix: np.ndarray) -> list[int]:
    """Returns the classes in an order in which those that are alike stand together.

    Average linkage on 1 - mean cosine, leaves ordered so that neighbours are as alike as can be.

    Args:
        matrix: Of `class_similarity`, `[c, c]`.

    Reference:
        Bar-Joseph, Gifford and Jaakkola, "Fast optimal leaf ordering for hierarchical
        clustering" (2001).
    """
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    if len(matrix) < 3:
        return list(range(len(matrix)))
    distances = np.maximum(1.0 - matrix, 0.0)
    np.fill_diagonal(distances, 0.0)
    tree = linkage(
        squareform(distances, checks=False),
        "average",
        optimal_ordering=len(matrix) <= _MOST_ORDERED,
    )
    return [int(label) for label in leaves_list(tree)]


def alike_classes(matrix: np.ndarray, most: int) -> list[tuple[int, int, float]]:
    """Returns the pairs of different classes with the highest mean cosines, highest first."""
    first, second = np.triu_indices(len(matrix), 1)
    values = matrix[first, second]
    order = np.argsort(-values, kind="stable")[:most]
    return [(int(first[place]), int(second[place]), float(values[place])) for place in order]
