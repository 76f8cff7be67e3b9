"""One bar a contestant, with the interval of its mean and its seeds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from simclr_tf.plots.contestants import appearance, in_order, interval, top
from simclr_tf.plots.figures import INK, tidy_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_accuracy_bars(axes: Axes, contestants: Mapping[str, Mapping[str, Any]]) -> None:
    """Draws mean, 95 % interval, seeds and value of each contestant.

    Args:
        axes: Panel to draw into.
        contestants: By name `{"mean", "seeds"}`, accuracies as fractions.
    """
    tidy_axes(axes, "Accuracy on the test pictures")
    names = in_order(contestants)
    for position, name in enumerate(names):
        label, colour = appearance(name, names)
        axes.bar(position, contestants[name]["mean"], width=0.62, color=colour, label=label)
        _draw_seeds(axes, position, contestants[name])
        _write_value(axes, position, contestants[name])
    labels = [appearance(name, names)[0].replace(" ", "\n") for name in names]
    axes.set_xticks(range(len(names)), labels, fontsize=11, color=INK)
    margin = max(0.5, 2 - len(names) / 2)
    axes.set_xlim(-margin, len(names) - 1 + margin)


def _draw_seeds(axes: Axes, position: int, contestant: Mapping[str, Any]) -> None:
    mean, seeds = contestant["mean"], contestant["seeds"]
    low, high = interval(contestant)
    if high > low:
        whiskers = [[mean - low], [high - mean]]
        axes.errorbar(
            position, mean, yerr=whiskers, color=INK, elinewidth=1.3, capsize=4, capthick=1.3
        )
    spread = np.linspace(-0.16, 0.16, len(seeds)) if len(seeds) > 1 else np.zeros(len(seeds))
    axes.plot(
        position + spread,
        seeds,
        "o",
        markersize=5,
        markerfacecolor="white",
        markeredgecolor=INK,
        markeredgewidth=0.9,
    )


def _write_value(axes: Axes, position: int, contestant: Mapping[str, Any]) -> None:
    from matplotlib.patheffects import withStroke

    axes.annotate(
        f"{100 * contestant['mean']:.1f} %",
        (position, top(contestant)),
        xytext=(0, 6),
        textcoords="offset points",
        ha="center",
        fontsize=12,
        fontweight="bold",
        color=INK,
        path_effects=[withStroke(linewidth=3, foreground="white")],
    )
