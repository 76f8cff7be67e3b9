"""Embeddings laid out in the plane, the pictures themselves on a grid of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from simclr_tf.checks import check_at_least
from simclr_tf.plots.class_colours import OTHERS, ClassStyle, class_styles
from simclr_tf.plots.embedding_map import drawable, frame_panel
from simclr_tf.plots.figures import INK, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FRAME_PIXELS = 2


def cell_rows(points: np.ndarray, cells: int) -> np.ndarray:
    """Returns which picture stands in each cell of a square grid over the map.

    Args:
        points: Coordinates `[n, 2]`, n >= 1.
        cells: Cells along one side, at least 1.

    Returns:
        int64 `[cells, cells]`, the top row first: the picture nearest to the cell's centre among
        those inside it, -1 where there is none.
    """
    check_at_least("cells", cells, 1)
    points = np.asarray(points, np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    # The longer side fills the grid and the shorter one stands in its middle.
    side = max(float((high - low).max()), 1e-12)
    position = (points - (low + high) / 2) / side + 0.5
    cell = np.clip((position * cells).astype(np.int64), 0, cells - 1)
    distance = np.square(position * cells - cell - 0.5).sum(axis=1)
    rows = np.full((cells, cells), -1, np.int64)
    # The nearest is written last and stays.
    order = np.argsort(-distance, kind="stable")
    rows[cells - 1 - cell[order, 1], cell[order, 0]] = order
    return rows


def plot_picture_maps(
    grids: Mapping[str, np.ndarray],
    pictures: Mapping[int, np.ndarray],
    labels: np.ndarray | None = None,
    class_names: Sequence[str] = (),
    named_classes: int = 6,
    figure: Figure | None = None,
) -> np.ndarray:
    """Draws the pictures of each grid in their cells, framed in the colour of their class.

    Args:
        grids: By title of the panel, what `cell_rows` returns.
        pictures: By row, uint8 `[size, size, 3]`; at least those in the grids.
        labels: int `[n]` of all rows; -1 means no label. Without labels there are no frames.
        class_names: Label i is `class_names[i]`.
        named_classes: How many of the largest classes have a colour, from 1 to 6.
        figure: Figure to draw into; a new one by default.

    Returns:
        The `Axes`, an object array `[grids]`; the image of each is its whole panel.

    Raises:
        ValueError: There is no grid or no picture in them.
    """
    shown = [int(row) for grid in grids.values() for row in grid.ravel() if row >= 0]
    if not shown:
        raise ValueError(
            f"`grids` must hold pictures. Received: {len(grids)} grids and {len(pictures)} pictures"
        )
    size = pictures[shown[0]].shape[0]
    styles = [] if labels is None else class_styles(labels, named_classes)
    width = 7.4 if len(grids) == 1 else 5.8
    figure = figure or new_figure(width * len(grids) + (2.4 if styles else 0.2), width + 0.3)
    axes = figure.subplots(1, len(grids), squeeze=False)[0]
    for panel, (title, grid) in zip(axes, grids.items(), strict=True):
        frame_panel(panel, title)
        panel.imshow(_canvas(grid, pictures, size, labels, styles), interpolation="antialiased")
    if labels is not None:
        _add_legend(figure, styles, class_names, labels)
    return axes


def _canvas(
    grid: np.ndarray,
    pictures: Mapping[int, np.ndarray],
    size: int,
    labels: np.ndarray | None,
    styles: Sequence[ClassStyle],
) -> np.ndarray:
    from matplotlib.colors import to_rgb

    colours = {
        style.label: np.rint(255 * np.array(to_rgb(style.colour))).astype(np.uint8)
        for style in styles
    }
    grey = np.rint(255 * np.array(to_rgb(OTHERS))).astype(np.uint8)
    framed = size + 2 * _FRAME_PIXELS
    step = framed + 1
    canvas = np.full((len(grid) * step, len(grid) * step, 3), 255, np.uint8)
    for (line, column), row in np.ndenumerate(grid):
        if row < 0:
            continue
        cell = np.empty((framed, framed, 3), np.uint8)
        cell[:] = grey if labels is None else colours.get(int(labels[row]), grey)
        inside = slice(_FRAME_PIXELS, _FRAME_PIXELS + size)
        cell[inside, inside] = pictures[int(row)]
        top, left = line * step, column * step
        canvas[top : top + framed, left : left + framed] = cell
    return canvas


def _add_legend(
    figure: Figure,
    styles: Sequence[ClassStyle],
    class_names: Sequence[str],
    labels: np.ndarray,
) -> None:
    from matplotlib.patches import Patch

    texts = [drawable(class_names[style.label]) for style in styles]
    handles = [
        Patch(color=style.colour, label=text) for style, text in zip(styles, texts, strict=True)
    ]
    if not np.isin(labels, [style.label for style in styles]).all():
        handles.append(Patch(color=OTHERS, label="others"))
    figure.legend(
        handles=handles,
        loc="outside right upper",
        frameon=False,
        fontsize=9.5,
        labelcolor=INK,
        handlelength=1.0,
        handleheight=1.0,
    )
