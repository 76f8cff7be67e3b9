"""Which classes are taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from simclr_tf.plots.figures import FAINT_INK, INK, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_CLASSES_WITH_NAMES = 40
_MOST_CLASSES_WITH_NUMBERS = 15


def plot_confusion_matrix(
    matrix: Sequence[Sequence[int]] | np.ndarray,
    class_names: Sequence[str],
    title: str = "",
    figure: Figure | None = None,
) -> Axes:
    """Draws a confusion matrix, each row as fractions of its true class.

    Percentages are written into the cells up to 15 classes; names are left out beyond 40,
    where only the picture as a whole can be read. The colours follow the square root
    of the fraction, so that rare confusions show.

    Args:
        matrix: Counts `[c, c]`, row the true and column the predicted class.
        class_names: Names of the `c` classes.
        title: Title of the plot.
        figure: Figure to draw into; a new one by default.

    Returns:
        The `Axes`; its image holds the fractions `[c, c]`.

    Raises:
        ValueError: `matrix` is not square or does not match `class_names`.
    """
    from matplotlib.colors import PowerNorm
    from matplotlib.ticker import PercentFormatter

    counts = np.asarray(matrix, np.float64)
    classes = len(class_names)
    if counts.shape != (classes, classes) or classes == 0:
        raise ValueError(
            "`matrix` must have shape [c, c] for c `class_names`, c >= 1. "
            f"Received: matrix.shape={counts.shape}, len(class_names)={classes}"
        )
    fractions = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = figure or new_figure(9.5, 8.5)
    axes = figure.add_subplot()
    image = axes.imshow(fractions, cmap="Blues", norm=PowerNorm(0.5, 0, 1), interpolation="nearest")
    axes.set_xlabel("Predicted class", color=INK)
    axes.set_ylabel("True class", color=INK)
    axes.set_title(title, loc="left", fontsize=12, color=INK)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, colors=FAINT_INK)
    _label_classes(axes, class_names)
    if classes <= _MOST_CLASSES_WITH_NUMBERS:
        _write_fractions(axes, fractions)
    percent = PercentFormatter(1.0, decimals=0, symbol=" %")
    bar = figure.colorbar(image, ax=axes, shrink=0.5, aspect=30, pad=0.02, format=percent)
    bar.set_label("Part of the true class", color=FAINT_INK)
    bar.set_ticks([0, 0.01, 0.05, 0.2, 0.5, 1])
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, colors=FAINT_INK, labelsize=9)
    return axes


def _label_classes(axes: Axes, class_names: Sequence[str]) -> None:
    if len(class_names) > _MOST_CLASSES_WITH_NAMES:
        axes.set(xticks=[], yticks=[])
        axes.set_ylabel(f"True class ({len(class_names)} classes)", color=INK)
        return
    size = 10 if len(class_names) <= _MOST_CLASSES_WITH_NUMBERS else 8
    positions = range(len(class_names))
    axes.set_yticks(positions, class_names, fontsize=size)
    axes.set_xticks(positions, class_names, fontsize=size, rotation=90)


def _write_fractions(axes: Axes, fractions: np.ndarray) -> None:
    for (row, column), fraction in np.ndenumerate(fractions):
        if fraction >= 0.005:
            axes.text(
                column,
                row,
                f"{100 * fraction:.0f}",
                ha="center",
                va="center",
                fontsize=9,
                color="white" if fraction > 0.35 else INK,
            )
