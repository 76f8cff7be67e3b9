"""The comparison in one picture: who won, by how much, and with how many labels."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simclr_tf.plots.accuracy_bars import plot_accuracy_bars
from simclr_tf.plots.accuracy_curve import plot_accuracy_curve
from simclr_tf.plots.contestants import count_text, percent_axis, top
from simclr_tf.plots.figures import FAINT_INK, INK, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TITLE_LINE = 88
_SMALLEST_RANGE = 0.1


def plot_comparison(
    comparison: Mapping[str, Any], figure: Figure | None = None
) -> tuple[Axes, ...]:
    """Draws accuracies as bars, and against the number of labels where that was measured.

    Whiskers and bands are 95 % Student-t intervals of the mean over seeds; with a single
    seed there are none. Both panels share one scale. The verdict is the title.

    Args:
        comparison: What `comparison.json` holds: `contestants`, `verdict`, `name`,
            `labels`, `labels_per_class`, `split` and, optionally, `curve`, a list of
            `{"labels", "labels_per_class", "contestants"}`; accuracies are fractions.
        figure: Figure to draw into; a new one, 1200 by 540 pixels, by default.

    Returns:
        The panel of bars, and the panel of curves if there is a `curve`.
    """
    figure = figure or new_figure()
    curve = comparison.get("curve") or []
    panels = figure.subplots(
        1, 2 if curve else 1, squeeze=False, width_ratios=[1, 1.25] if curve else [1]
    )[0]
    tops = [
        top(contestant)
        for point in (comparison, *curve)
        for contestant in point["contestants"].values()
    ]
    for panel in panels:
        percent_axis(panel, max(*tops, _SMALLEST_RANGE))
    plot_accuracy_bars(panels[0], comparison["contestants"])
    if curve:
        plot_accuracy_curve(panels[1], curve)
    figure.suptitle(
        "\n".join(textwrap.wrap(comparison["verdict"], _TITLE_LINE)),
        x=0.012,
        ha="left",
        fontsize=14,
        fontweight="bold",
        color=INK,
    )
    figure.supxlabel(_caption(comparison), x=0.012, ha="left", fontsize=9.5, color=FAINT_INK)
    return tuple(panels)


def _caption(comparison: Mapping[str, Any]) -> str:
    """Says which pictures, labels and seeds the numbers come from."""
    parts = [str(comparison["name"])] if comparison.get("name") else []
    if comparison.get("labels"):
        per_class = comparison.get("labels_per_class")
        share = f" ({count_text(per_class)} per class)" if per_class else ""
        parts.append(f"{comparison['labels']:,} labels{share}")
    split = comparison.get("split") or {}
    parts += [f"{pictures:,} {part}" for part, pictures in split.items()]
    seeds = max(len(contestant["seeds"]) for contestant in comparison["contestants"].values())
    spread = f"dots: {seeds} seeds, with the 95 % interval of their mean"
    parts.append(spread if seeds > 1 else "one seed: no interval")
    return "  ·  ".join(parts)
