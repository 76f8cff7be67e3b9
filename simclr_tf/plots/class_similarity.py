"""How alike the classes are: mean similarities, classes that belong together side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from simclr_tf.plots.embedding_map import drawable
from simclr_tf.plots.figures import FAINT_INK, INK, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

_MOST_CLASSES_WITH_NAMES = 60
_MOST_CLASSES_WITH_NUMBERS = 12


def plot_class_similarity(
    matrices: Mapping[str, np.ndarray],
    class_names: Sequence[str],
    figure: Figure | None = None,
) -> np.ndarray:
    """Draws matrices of mean cosines between classes, on one scale of colours.

    Numbers are written into the cells up to 12 classes, names beside them up to 60. A cell
    without a value, as on the diagonal of a class with one picture, is grey.

    Args:
        matrices: By title of the panel, float `[c, c]`; NaN where there is no pair.
        class_names: Names of the `c` classes, c >= 1, in the order in which they are drawn.
        figure: Figure to draw into; a new one by default.

    Returns:
        The `Axes`, an object array `[matrices]`.

    Raises:
        ValueError: There is no matrix, or one is not `[c, c]` or holds no number.
    """
    classes = len(class_names)
    shapes = {np.shape(matrix) for matrix in matrices.values()}
    empty = [title for title, matrix in matrices.items() if np.isnan(matrix).all()]
    if shapes != {(classes, classes)} or empty:
        raise ValueError(
            "`matrices` must have shape [c, c] for c `class_names`, c >= 1, with numbers in each. "
            f"Received: shapes {sorted(shapes)} for {classes} names, without numbers: {empty}"
        )
    low = min(float(np.nanmin(matrix)) for matrix in matrices.values())
    high = max(float(np.nanmax(matrix)) for matrix in matrices.values())
    side = float(np.clip(2.2 + 0.16 * classes, 4.2, 9.0))
    figure = figure or new_figure((side + 0.5) * len(matrices) + 1.2, side + 0.4)
    axes = figure.subplots(1, len(matrices), squeeze=False)[0]
    for place, (panel, (title, matrix)) in enumerate(zip(axes, matrices.items(), strict=True)):
        image = _draw(panel, np.asarray(matrix, np.float64), low, high)
        panel.set_title(title, loc="left", fontsize=11.5, color=INK, pad=8, parse_math=False)
        _name_classes(panel, class_names, with_rows=place == 0)
    bar = figure.colorbar(image, ax=list(axes), shrink=0.8, aspect=34, pad=0.015)
    bar.set_label("mean cosine of two pictures", color=FAINT_INK)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, colors=FAINT_INK, labelsize=9)
    return axes


def _draw(panel: Axes, matrix: np.ndarray, low: float, high: float) -> AxesImage:
    from matplotlib import colormaps

    colours = colormaps["Blues"].with_extremes(bad="#e4e8ec")
    span = max(high - low, 1e-6)
    image = panel.imshow(
        np.ma.masked_invalid(matrix),
        cmap=colours,
        vmin=low,
        vmax=low + span,
        interpolation="nearest",
    )
    panel.spines[:].set_visible(False)
    panel.tick_params(length=0, colors=INK)
    if len(matrix) <= _MOST_CLASSES_WITH_NUMBERS:
        for (row, column), value in np.ndenumerate(matrix):
            if np.isfinite(value):
                panel.text(
                    column,
                    row,
                    f"{value:.2f}".replace("-", "−"),
                    ha="center",
                    va="center",
                    fontsize=9,
                    color="white" if value > low + 0.6 * span else INK,
                )
    return image


def _name_classes(panel: Axes, class_names: Sequence[str], with_rows: bool) -> None:
    classes = len(class_names)
    if classes > _MOST_CLASSES_WITH_NAMES:
        panel.set(xticks=[], yticks=[])
        panel.set_xlabel(f"{classes:,} classes", color=FAINT_INK)
        return
    names = [drawable(name) for name in class_names]
    size = float(np.clip(420 / classes, 6.5, 10))
    positions = range(classes)
    panel.set_xticks(positions, names, fontsize=size, rotation=90)
    if with_rows:
        panel.set_yticks(positions, names, fontsize=size)
    else:
        panel.set_yticks([])
