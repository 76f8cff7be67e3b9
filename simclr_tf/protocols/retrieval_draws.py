"""The same pictures drawn into gallery and queries several times, and measured each time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from simclr_tf.data import choose_labels
from simclr_tf.evaluation import cluster_bootstrap, mean_and_std
from simclr_tf.metrics import evaluate_retrieval
from simclr_tf.protocols.retrieval_table_settings import RetrievalTableSettings

MEASURES = ("top_1", "top_3", "top_5", "map_at_r")


def draw_gallery_and_queries(
    labels: np.ndarray, held_out: np.ndarray | None, query_fraction: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the rows int64 of gallery and queries, each class in the same proportion.

    Args:
        labels: Labels int `[n]`, at least 0.
        held_out: Bool `[n]`: the only pictures that may be queries, and that may not be gallery;
            None where any may be either.
        query_fraction: Share of each class that are queries, between 0 and 1; one picture of each
            class is in the gallery at least.
        seed: Of the draw.
    """
    gallery = choose_labels(labels, label_fraction=1 - query_fraction, seed=seed)
    queries = np.setdiff1d(np.arange(len(labels)), gallery)
    if held_out is None:
        return gallery, queries
    return gallery[~held_out[gallery]], queries[held_out[queries]]


def measure_draws(
    runs: Sequence[np.ndarray],
    levels: dict[str, np.ndarray],
    held_out: np.ndarray | None,
    settings: RetrievalTableSettings,
) -> dict[str, dict[str, Any]]:
    """Measures retrieval over the settings' seeds, for each level of classes.

    Args:
        runs: Embeddings `[n, d]` of the same pictures, by one encoder or by several runs of its
            training; every run sees the same draws.
        levels: Labels int `[n]`, at least 0, by the level's name; the first, the finest, decides
            which pictures are drawn for all.
        held_out: See `draw_gallery_and_queries`.
        settings: Seeds, shares and resamples.

    Returns:
        By level: for each of `MEASURES` `mean`; `seeds`, the means over the queries of each draw,
        and `std`, their standard deviation; `runs`, the means over the draws of each run, and
        `runs_std`; and `ci95`, the interval from drawing other query pictures; `classes`;
        `queries` and `gallery`, how many pictures a draw has on average; `left_out_lone`, how
        many queries of a draw have no picture of their class in the gallery on average.

    Raises:
        ValueError: No query has a picture of its class in the gallery.
    """
    draws = [
        draw_gallery_and_queries(
            next(iter(levels.values())), held_out, settings.query_fraction, seed
        )
        for seed in range(settings.seeds)
    ]
    return {
        level: _measure_level(runs, labels, draws, settings) for level, labels in levels.items()
    }


def _measure_level(
    runs: Sequence[np.ndarray],
    labels: np.ndarray,
    draws: list[tuple[np.ndarray, np.ndarray]],
    settings: RetrievalTableSettings,
) -> dict[str, Any]:
    values: list[np.ndarray] = []  # [runs, measures, queries] of each draw
    pictures, lone = [], []
    for gallery, queries in draws:
        reports = [
            evaluate_retrieval(rows[queries], labels[queries], rows[gallery], labels[gallery])
            for rows in runs
        ]
        values.append(np.stack([[report.values[name] for name in MEASURES] for report in reports]))
        # Which queries count is a matter of the labels alone.
        pictures.append(queries[reports[0].rows])
        lone.append(reports[0].num_lone)
    intervals = cluster_bootstrap(
        np.concatenate(values, axis=2).mean(axis=0),
        np.concatenate(pictures),
        resamples=settings.resamples,
    )
    means = np.stack([drawn.mean(axis=2) for drawn in values])  # [draws, runs, measures]
    figures: dict[str, Any] = {
        "classes": len(np.unique(labels)),
        "queries": float(np.mean([len(rows) for rows in pictures])),
        "gallery": float(np.mean([len(gallery) for gallery, _ in draws])),
        "left_out_lone": float(np.mean(lone)),
    }
    for row, name in enumerate(MEASURES):
        seeds, by_run = means[:, :, row].mean(axis=1).tolist(), means[:, :, row].mean(axis=0)
        mean, std = mean_and_std(seeds)
        figures[name] = {
            "mean": mean,
            "std": std,
            "ci95": intervals[row].tolist(),
            "seeds": seeds,
            "runs": by_run.tolist(),
            "runs_std": mean_and_std(by_run.tolist())[1],
        }
    return figures
