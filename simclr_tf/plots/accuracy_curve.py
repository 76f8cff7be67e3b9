"""Accuracy against the number of labels, one line a contestant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from simclr_tf.plots.contestants import appearance, count_text, in_order, interval
from simclr_tf.plots.figures import INK, tidy_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The least distance of two names, as a part of the height of the panel.
_NAME_HEIGHT = 0.055


def plot_accuracy_curve(axes: Axes, curve: Sequence[Mapping[str, Any]]) -> None:
    """Draws the mean and its 95 % interval against labels per class, on a log scale.

    Args:
        axes: Panel to draw into, with the y range already set: names are moved apart in it.
        curve: Points `{"labels", "labels_per_class", "contestants"}`, at least one; where
            a point lacks `labels_per_class`, `labels` is drawn for all.
    """
    tidy_axes(axes, "Accuracy against the number of labels")
    names = in_order(name for point in curve for name in point["contestants"])
    by_class = all(point.get("labels_per_class") for point in curve)
    x_key = "labels_per_class" if by_class else "labels"
    curve = sorted(curve, key=lambda point: point[x_key])
    ends = []
    for name in names:
        label, colour = appearance(name, names)
        points = [point for point in curve if name in point["contestants"]]
        x = [float(point[x_key]) for point in points]
        mean = [point["contestants"][name]["mean"] for point in points]
        low, high = np.transpose([interval(point["contestants"][name]) for point in points])
        axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
        axes.plot(x, mean, "o-", color=colour, linewidth=2.2, markersize=5.5, label=label)
        ends.append((mean[-1], label, colour))
    axes.set_xscale("log")
    ticks = sorted({float(point[x_key]) for point in curve})
    axes.set_xticks(ticks, [count_text(tick) for tick in ticks], color=INK)
    axes.minorticks_off()
    axes.set_xlabel("Labels per class" if by_class else "Labels", color=INK, fontsize=11)
    _write_names(axes, ticks[-1], ends)


def _write_names(axes: Axes, x: float, ends: Sequence[tuple[float, str, str]]) -> None:
    """Writes each name to the right of its line, moved apart where lines end close by."""
    ends = sorted(ends)
    heights = _spread([height for height, _, _ in ends], _NAME_HEIGHT * axes.get_ylim()[1])
    for (_, label, colour), height in zip(ends, heights, strict=True):
        axes.annotate(
            label,
            (x, height),
            xytext=(10, 0),
            textcoords="offset points",
            va="center",
            fontsize=11,
            fontweight="bold",
            color=colour,
            annotation_clip=False,
        )


def _spread(heights: Sequence[float], gap: float) -> list[float]:
    """Moves rising heights at least `gap` apart, each cluster about its own mean."""
    clusters: list[list[float]] = []
    for height in heights:
        clusters.append([height])
        while len(clusters) > 1 and (
            _lowest(clusters[-2], gap) + gap * len(clusters[-2]) > _lowest(clusters[-1], gap)
        ):
            clusters[-2:] = [clusters[-2] + clusters[-1]]
    return [
        _lowest(cluster, gap) + gap * place for cluster in clusters for place in range(len(cluster))
    ]


def _lowest(cluster: Sequence[float], gap: float) -> float:
    return sum(cluster) / len(cluster) - gap * (len(cluster) - 1) / 2
