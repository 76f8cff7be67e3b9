"""The figures of an analysis, drawn into its folder."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, cast

import numpy as np

from simclr_tf.data.picture_set import UNLABELLED
from simclr_tf.plots import (
    plot_class_bars,
    plot_class_similarity,
    plot_embedding_maps,
    plot_picture_maps,
    plot_similarity_histogram,
    save_figure,
)
from simclr_tf.plots.picture_map import cell_rows
from simclr_tf.protocols.analysis.classes import class_order
from simclr_tf.protocols.analysis.joined import Joined
from simclr_tf.protocols.analysis.measured import Measured
from simclr_tf.protocols.analysis.pairs import chosen_threshold
from simclr_tf.protocols.analysis.pictures import ShownPictures
from simclr_tf.protocols.analysis.settings import AnalysisSettings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES = (
    "map.png",
    "map_coarse.png",
    "map_pca.png",
    "map_pictures.png",
    "class_accuracy.png",
    "class_similarity.png",
    "pair_similarity.png",
)
METHOD_NAMES = {"t-sne": "t-SNE", "umap": "UMAP"}
DOTS_PER_INCH = 160
_MOST_CELLS = 26
_PICTURE_CLASSES = 6


def draw_figures(
    output: pathlib.Path,
    joined: Joined,
    measured: dict[str, Measured],
    map_rows: np.ndarray,
    pictures: ShownPictures,
    settings: AnalysisSettings,
) -> list[str]:
    """Draws every figure for which there is something to draw; removes the others' old files.

    Returns:
        The names of the files that were written.
    """
    method = METHOD_NAMES[settings.map_method]
    drawn = _draw_maps(joined, measured, map_rows, method, settings.named_classes)
    if settings.thumbnails and pictures.available:
        drawn["map_pictures.png"] = _draw_pictures(joined, measured, map_rows, pictures, method)
    drawn |= _draw_classes(joined, measured, settings)
    for name in FIGURES:
        if name in drawn:
            save_figure(drawn[name], output / name, DOTS_PER_INCH)
        else:
            (output / name).unlink(missing_ok=True)
    return list(drawn)


def _draw_maps(
    joined: Joined,
    measured: dict[str, Measured],
    map_rows: np.ndarray,
    method: str,
    named_classes: int,
) -> dict[str, Figure]:
    labels = joined.labels[map_rows]
    of_neighbours = {
        _title(name, measured, method): one.neighbour_map for name, one in measured.items()
    }
    of_pca = {
        _title(name, measured, f"PCA, {100 * one.pca_share:.0f} % of the variance"): one.pca
        for name, one in measured.items()
    }
    names = joined.class_names
    coloured = {"map.png": (of_neighbours, labels, names), "map_pca.png": (of_pca, labels, names)}
    if joined.levels:
        coarse = joined.levels[0]
        coloured["map_coarse.png"] = (of_neighbours, coarse.labels[map_rows], coarse.class_names)
    return {
        file: plot_embedding_maps(*drawing, named_classes)[0].figure
        for file, drawing in coloured.items()
    }


def _title(name: str, measured: dict[str, Measured], text: str) -> str:
    return text if len(measured) == 1 else f"{name}  ·  {text}"


def _draw_pictures(
    joined: Joined,
    measured: dict[str, Measured],
    map_rows: np.ndarray,
    pictures: ShownPictures,
    method: str,
) -> Figure:
    # A cell for about two pictures of those that are drawn leaves few of them empty.
    cells = int(np.clip((len(map_rows) / 2) ** 0.5, 3, _MOST_CELLS))
    grids = {}
    for name, one in measured.items():
        grid = cell_rows(one.neighbour_map, cells)
        rows = np.where(grid < 0, -1, map_rows[np.maximum(grid, 0)])
        grids[_title(name, measured, f"{method}, pictures")] = rows
    wanted = np.unique(np.concatenate([grid[grid >= 0] for grid in grids.values()]))
    level = joined.coarsest
    labels = level.labels if (level.labels != UNLABELLED).any() else None
    shown = pictures.get(wanted)
    axes = plot_picture_maps(grids, shown, labels, level.class_names, _PICTURE_CLASSES)
    return axes[0].figure


def _draw_classes(
    joined: Joined, measured: dict[str, Measured], settings: AnalysisSettings
) -> dict[str, Figure]:
    drawn: dict[str, Figure] = {}
    per_class = {
        name: one.retrieval["per_class"]
        for name, one in measured.items()
        if one.retrieval is not None
    }
    if per_class:
        values = {
            name: {label: figures["top_1"] for label, figures in classes.items()}
            for name, classes in per_class.items()
        }
        last = list(per_class.values())[-1]
        counts = {label: figures["count"] for label, figures in last.items()}
        title = "Most similar picture is of the same class"
        drawn["class_accuracy.png"] = cast("Figure", plot_class_bars(values, counts, title).figure)
    matrices = {
        name: one.similarity
        for name, one in measured.items()
        if one.similarity is not None and np.isfinite(one.similarity).any()
    }
    if len(joined.class_names) > 1 and matrices:
        order = class_order(list(matrices.values())[-1])
        drawn["class_similarity.png"] = plot_class_similarity(
            {
                _title(name, measured, "mean cosine"): matrix[np.ix_(order, order)]
                for name, matrix in matrices.items()
            },
            [joined.class_names[label] for label in order],
        )[0].figure
    histogram = _draw_histogram(measured, settings)
    return drawn if histogram is None else drawn | {"pair_similarity.png": histogram}


def _draw_histogram(measured: dict[str, Measured], settings: AnalysisSettings) -> Figure | None:
    pairs, thresholds, notes = {}, {}, {}
    for name, one in measured.items():
        if one.pairs is None or one.pair_figures is None:
            continue
        title = _title(name, measured, "cosines of pairs")
        pairs[title] = (one.pairs.same, one.pairs.different)
        chosen = chosen_threshold(one.pair_figures, settings.false_accept_rate)
        if chosen is not None:
            thresholds[title] = chosen["threshold"]
            notes[title] = (
                f"accepts {100 * chosen['true_accept_rate']:.1f} % of same",
                f"and {100 * settings.false_accept_rate:.3g} % of different pairs",
            )
    if not pairs:
        return None
    return plot_similarity_histogram(pairs, thresholds, notes)[0].figure
