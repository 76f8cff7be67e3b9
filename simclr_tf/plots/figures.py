"""Figures without pyplot: made, styled and saved without any global state."""

from __future__ import annotations

import io
import os
import pathlib
from typing import TYPE_CHECKING

from simclr_tf.checks import check_positive
from simclr_tf.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#1f2933"
FAINT_INK = "#66727f"
GRID = "#e4e8ec"
# Okabe and Ito's colours, told apart under the common kinds of colour blindness.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#56b4e9", "#cc79a7", "#e69f00")


def new_figure(width: float = 12.0, height: float = 5.4) -> Figure:
    """Returns an empty white figure of `width` by `height` inches, 100 pixels an inch."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.14, h_pad=0.11, wspace=0.04)
    return Figure(figsize=(width, height), dpi=100, facecolor="white", layout=layout)


def save_figure(
    figure: Figure, path: str | os.PathLike[str], dots_per_inch: float | None = None
) -> None:
    """Writes the figure; a half-written file never takes the place of a good one.

    Args:
        figure: The figure to write.
        path: File to write or replace; its ending names the format, png without one.
        dots_per_inch: Pixels an inch, greater than 0; the figure's own by default.

    Raises:
        ValueError: matplotlib cannot write the format, or `dots_per_inch` is not positive.
    """
    path = pathlib.Path(path)
    content = io.BytesIO()
    if dots_per_inch is not None:
        check_positive("dots_per_inch", dots_per_inch)
    figure.savefig(content, format=path.suffix.lstrip(".") or "png", dpi=dots_per_inch or "figure")
    write_atomically(path, content.getvalue())


def tidy_axes(axes: Axes, title: str = "") -> None:
    """Leaves the bottom line and a faint horizontal grid, with the title on the left."""
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(FAINT_INK)
    axes.grid(axis="y", color=GRID, linewidth=0.9)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, colors=FAINT_INK, labelsize=10)
    axes.set_title(title, loc="left", fontsize=11, color=INK, pad=10)
