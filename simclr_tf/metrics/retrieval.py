"""How well pictures of the same class find one another in an embedding."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np

from simclr_tf.checks import check_at_least
from simclr_tf.metrics import ranking
from simclr_tf.metrics.relevant_ranks import map_relevant_ranks
from simclr_tf.metrics.retrieval_report import RetrievalReport

UNLABELLED = -1


def evaluate_retrieval(
    queries: np.ndarray,
    query_labels: np.ndarray,
    gallery: np.ndarray | None = None,
    gallery_labels: np.ndarray | None = None,
    *,
    query_ids: Sequence[Hashable] | None = None,
    gallery_ids: Sequence[Hashable] | None = None,
    ks: Sequence[int] = (1, 3, 5),
) -> RetrievalReport:
    """Ranks the gallery by cosine for every query and measures where its class stands.

    The measures of each query are `top_{k}`, `precision_at_{k}` and `ndcg_at_{k}` for each k,
    `r_precision`, `map_at_r`, `map`, `mrr` and `ndcg`, defined in `simclr_tf.metrics.ranking`.

    A query that is in the gallery, known by its id and never by its rank, is taken out of its
    own ranking; its copies under other ids stay. Queries without a label, and those of whose
    class the gallery has no other picture, are left out and counted. Gallery pictures without
    a label are ranked and are never relevant. Of equal similarities (float32) the relevant
    pictures come last, so the order of the gallery does not matter, and an encoder that maps
    every picture to one point is not rewarded. The similarities are computed block by block:
    memory does not grow with queries times gallery.

    Args:
        queries: Embeddings `[q, d]` of any float type; they need not be normalised.
        query_labels: Labels int `[q]`; -1 means no label.
        gallery: Embeddings `[g, d]`; without it the queries are their own gallery.
        gallery_labels: Labels int `[g]` in the numbering of `query_labels`.
        query_ids: `q` ids; needed with `gallery_ids`.
        gallery_ids: `g` different ids. Without ids no query is in the gallery; a gallery that
            is the queries themselves needs none.
        ks: How many neighbours are looked at, each at least 1.

    Returns:
        The measures of every query that counts.

    Raises:
        ValueError: Shapes do not match, a value is not finite, ids are not unique, or no query
            has a picture of its class in the gallery.

    Example:
        >>> # Two pictures of class 0 at 0 and 10 degrees, one of class 1 at 30 degrees.
        >>> angles = np.radians([0, 10, 30])
        >>> vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        >>> report = evaluate_retrieval(vectors, np.array([0, 0, 1]), ks=(1,))
        >>> report.macro()["top_1"], report.num_queries, report.num_lone  # class 1 is lone
        (1.0, 2, 1)
    """
    check_at_least("len(ks)", len(ks), 1)
    check_at_least("ks", min(ks), 1)
    queries, query_labels = np.asarray(queries), _checked_labels("query", queries, query_labels)
    if gallery is None or gallery_labels is None:
        _check_own_gallery(gallery, gallery_labels, query_ids, gallery_ids)
        gallery, gallery_labels = queries, query_labels
        own_rows = np.arange(len(queries))
    else:
        gallery = np.asarray(gallery)
        gallery_labels = _checked_labels("gallery", gallery, gallery_labels)
        own_rows = _own_rows(query_ids, gallery_ids, len(queries), len(gallery))
    labelled = query_labels != UNLABELLED
    has_relevant = _relevant_counts(query_labels, gallery_labels, own_rows) > 0
    rows = np.flatnonzero(labelled & has_relevant)
    if not len(rows):
        raise ValueError(
            "`query_labels` must have a class with a picture in the gallery beside the query "
            f"itself. Received: {len(queries)} queries and {len(gallery)} gallery pictures "
            "without such a pair"
        )
    names, measure = _measures(sorted(set(ks)))
    values = map_relevant_ranks(
        queries[rows], query_labels[rows], gallery, gallery_labels, own_rows[rows], measure
    )
    return RetrievalReport(
        values={name: values[:, column] for column, name in enumerate(names)},
        labels=query_labels[rows],
        rows=rows,
        num_lone=int(np.sum(labelled & ~has_relevant)),
        num_unlabelled=int(np.sum(~labelled)),
    )


def _measures(ks: Sequence[int]) -> tuple[list[str], Callable[[np.ndarray], np.ndarray]]:
    names = [
        *(f"top_{k}" for k in ks),
        *(f"precision_at_{k}" for k in ks),
        *(f"ndcg_at_{k}" for k in ks),
        "r_precision",
        "map_at_r",
        "map",
        "mrr",
        "ndcg",
    ]

    def measure(ranks: np.ndarray) -> np.ndarray:
        return np.array(
            [
                *(ranking.top_k_accuracy(ranks, k) for k in ks),
                *(ranking.precision_at_k(ranks, k) for k in ks),
                *(ranking.ndcg(ranks, k) for k in ks),
                ranking.r_precision(ranks),
                ranking.average_precision_at_r(ranks),
                ranking.average_precision(ranks),
                ranking.reciprocal_rank(ranks),
                ranking.ndcg(ranks),
            ]
        )

    return names, measure


def _checked_labels(name: str, embeddings: np.ndarray, labels: np.ndarray) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.shape != (len(embeddings),) or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"`{name}_labels` must be one whole number per embedding. Received: "
            f"{name}_labels.shape={labels.shape}, {name}_labels.dtype={labels.dtype} for "
            f"{len(embeddings)} embeddings"
        )
    return labels.astype(np.int64)


def _check_own_gallery(*given: object) -> None:
    if any(argument is not None for argument in given):
        raise ValueError(
            "`gallery` and `gallery_labels` must be given together, and ids only with them. "
            "Received: gallery, gallery_labels, query_ids, gallery_ids="
            + ", ".join("None" if argument is None else "given" for argument in given)
        )


def _own_rows(
    query_ids: Sequence[Hashable] | None,
    gallery_ids: Sequence[Hashable] | None,
    num_queries: int,
    num_gallery: int,
) -> np.ndarray:
    """Returns the gallery row int64 `[q]` that is the query itself, -1 where there is none."""
    if query_ids is None and gallery_ids is None:
        return np.full(num_queries, -1)
    counts = (len(query_ids or ()), len(gallery_ids or ()))
    if query_ids is None or gallery_ids is None or counts != (num_queries, num_gallery):
        raise ValueError(
            "`query_ids` and `gallery_ids` must be given together, one id per embedding. "
            f"Received: {counts[0]} and {counts[1]} ids for {num_queries} queries and "
            f"{num_gallery} gallery pictures"
        )
    row_of = {picture_id: row for row, picture_id in enumerate(gallery_ids)}
    if len(row_of) != num_gallery:
        raise ValueError(
            "`gallery_ids` must all differ. "
            f"Received: {num_gallery} ids, {len(row_of)} of them different"
        )
    return np.array([row_of.get(picture_id, -1) for picture_id in query_ids], np.int64)


def _relevant_counts(
    query_labels: np.ndarray, gallery_labels: np.ndarray, own_rows: np.ndarray
) -> np.ndarray:
    """Returns how many gallery pictures `[q]` share the query's label, itself not counted."""
    classes, counts = np.unique(gallery_labels, return_counts=True)
    if not len(classes):
        return np.zeros(len(query_labels), np.int64)
    places = np.minimum(np.searchsorted(classes, query_labels), len(classes) - 1)
    relevant = np.where(classes[places] == query_labels, counts[places], 0)
    is_own = (own_rows >= 0) & (gallery_labels[own_rows] == query_labels)
    return relevant - is_own
