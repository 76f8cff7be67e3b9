"""Embeddings laid out in the plane, one dot a picture, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from simclr_tf.plots.class_colours import OTHERS, class_styles
from simclr_tf.plots.figures import FAINT_INK, GRID, INK, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LONGEST_NAME = 26


def plot_embedding_maps(
    maps: Mapping[str, np.ndarray],
    labels: np.ndarray | None = None,
    class_names: Sequence[str] = (),
    named_classes: int = 12,
    figure: Figure | None = None,
) -> np.ndarray:
    """Draws every map as a panel with one dot a picture, and one legend for all.

    The largest classes have a colour and a marker each, with name and count in the legend; all
    others are grey, and pictures without a label are hollow.

    Args:
        maps: By title of the panel, coordinates `[n, 2]` of the same `n` pictures, n >= 1.
        labels: int `[n]`; -1 means no label. Without labels all dots are alike.
        class_names: Label i is `class_names[i]`.
        named_classes: How many classes are in the legend, from 1 to 18.
        figure: Figure to draw into; a new one by default.

    Returns:
        The `Axes`, an object array `[maps]`; each holds one collection of dots a legend entry.

    Raises:
        ValueError: There is no map, or the lengths do not match.
    """
    shapes = {np.shape(points) for points in maps.values()}
    count = len(next(iter(maps.values()))) if maps else 0
    labels = np.full(count, -1) if labels is None else np.asarray(labels)
    if shapes != {(count, 2)} or not count or len(labels) != count:
        raise ValueError(
            "`maps` must hold coordinates [n, 2] of the same n pictures, n >= 1, with n `labels`. "
            f"Received: shapes {sorted(shapes)} and {len(labels)} labels"
        )
    width, height = (6.6, 6.2) if len(maps) == 1 else (5.3, 5.2)
    figure = figure or new_figure(width * len(maps) + 2.6, height)
    axes = figure.subplots(1, len(maps), squeeze=False)[0]
    styles = class_styles(labels, named_classes)
    for panel, (title, points) in zip(axes, maps.items(), strict=True):
        frame_panel(panel, title)
        _draw(panel, np.asarray(points), labels, styles, class_names)
    handles, texts = axes[0].get_legend_handles_labels()
    if len(handles) > 1:
        # Grey is drawn below the others and stands last.
        order = [*range(len(handles) - len(styles), len(handles))]
        order += range(len(handles) - len(styles))
        figure.legend(
            [handles[place] for place in order],
            [texts[place] for place in order],
            loc="outside right upper",
            frameon=False,
            fontsize=9.5,
            labelcolor=INK,
            labelspacing=0.55,
            handletextpad=0.3,
            markerscale=max(1.0, 6.5 / _size(count) ** 0.5),
        )
    return axes


def frame_panel(panel: Axes, title: str) -> None:
    """Leaves a faint frame and the title: distances along an axis mean nothing in a map."""
    panel.set(xticks=[], yticks=[])
    panel.spines[:].set(color=GRID, linewidth=1.0)
    panel.set_title(title, loc="left", fontsize=11.5, color=INK, pad=8, parse_math=False)


def drawable(name: str, longest: int = _LONGEST_NAME) -> str:
    """Returns the end of a long name as matplotlib draws it letter by letter.

    A dollar begins no formula, and a line at the front hides nothing from the legend.
    """
    name = name.encode("utf-8", "replace").decode()
    name = name if len(name) <= longest else "…" + name[1 - longest :]
    return (" " if name.startswith("_") else "") + name.replace("$", r"\$")


def _size(count: int) -> float:
    return float(np.clip(24_000 / count, 7, 46))


def _draw(
    panel: Axes,
    points: np.ndarray,
    labels: np.ndarray,
    styles: list,
    class_names: Sequence[str],
) -> None:
    named = np.array([style.label for style in styles], np.int64)
    unlabelled = labels < 0
    others = ~unlabelled & ~np.isin(labels, named)

    def scatter(rows: np.ndarray, text: str, **look: Any) -> None:
        x, y = points[rows].T
        look = {"linewidths": 0, "marker": "o", **look}
        panel.scatter(x, y, s=_size(len(points)), label=text, **look)

    if unlabelled.any():
        text = f"no label ({int(unlabelled.sum()):,})"
        scatter(unlabelled, text, facecolors="none", edgecolors=FAINT_INK, linewidths=0.6)
    if others.any():
        text = f"{len(np.unique(labels[others])):,} other classes ({int(others.sum()):,})"
        scatter(others, text, color=OTHERS, alpha=0.8)
    for style in styles:
        text = f"{drawable(class_names[style.label])} ({style.count:,})"
        look = {"color": style.colour, "marker": style.marker, "alpha": 0.78}
        scatter(labels == style.label, text, **look)
    # One unit is as long to the right as upwards.
    panel.set_aspect("equal", adjustable="datalim")
    panel.margins(0.04)
