"""The label-efficiency curve as a figure of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simclr_tf.plots.accuracy_curve import plot_accuracy_curve
from simclr_tf.plots.contestants import percent_axis, top
from simclr_tf.plots.figures import FAINT_INK, INK, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SMALLEST_RANGE = 0.1


def plot_label_curve(curve: Mapping[str, Any], figure: Figure | None = None) -> Axes:
    """Draws one line a contestant against labels per class, with 95 % intervals over seeds.

    Args:
        curve: What `label_curve.json` holds: `curve`, see `plot_accuracy_curve`, `measure`,
            `name`, `seeds` and `split`; values are fractions.
        figure: Figure to draw into; a new one, 960 by 540 pixels, by default.

    Returns:
        The panel.
    """
    figure = figure or new_figure(9.6, 5.4)
    axes = figure.subplots()
    tops = [top(part) for point in curve["curve"] for part in point["contestants"].values()]
    percent_axis(axes, max(*tops, _SMALLEST_RANGE))
    plot_accuracy_curve(axes, curve["curve"])
    axes.set_title("")
    title = f"{curve['measure'].replace('_', ' ').capitalize()} against the number of labels"
    figure.suptitle(title, x=0.012, ha="left", fontsize=14, fontweight="bold", color=INK)
    seeds = len(curve["seeds"])
    spread = f"{seeds} seeds, bands: 95 % interval of their mean" if seeds > 1 else "one seed"
    parts = [str(curve["name"]), *(f"{n:,} {part}" for part, n in curve["split"].items()), spread]
    figure.supxlabel("  ·  ".join(parts), x=0.012, ha="left", fontsize=9.5, color=FAINT_INK)
    return axes
