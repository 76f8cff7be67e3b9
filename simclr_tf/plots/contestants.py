"""How the contestants of a comparison are named, coloured, ordered and scaled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from simclr_tf.plots.figures import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The pretrained contestants in colour, the baseline in grey.
_APPEARANCE = {
    "linear_probe": ("Linear probe", "#0072b2"),
    "knn_probe": ("kNN probe", "#56b4e9"),
    "fine_tuned": ("Fine-tuned", "#d55e00"),
    "simclr_supcon": ("SimCLR, SupCon", "#009e73"),
    "simclr_cross_entropy": ("SimCLR, cross-entropy", "#0072b2"),
    "simclr_frozen": ("SimCLR, frozen", "#e69f00"),
    "baseline": ("Supervised baseline", "#7b8794"),
}


def in_order(names: Iterable[str]) -> list[str]:
    """Returns the names with the known contestants first, in their usual order."""
    names = list(dict.fromkeys(names))
    return [name for name in _APPEARANCE if name in names] + [
        name for name in names if name not in _APPEARANCE
    ]


def appearance(name: str, names: Sequence[str]) -> tuple[str, str]:
    """Returns the label and the colour of the contestant `name` among `names`."""
    if name in _APPEARANCE:
        return _APPEARANCE[name]
    return name.replace("_", " ").capitalize(), COLOURS[names.index(name) % len(COLOURS)]


def interval(contestant: Mapping[str, Any]) -> tuple[float, float]:
    """Returns the 95 % Student-t interval of the mean over seeds, cut off at 0 and 1.

    With a single seed both bounds are the mean.
    """
    from scipy.stats import t

    mean, seeds = contestant["mean"], contestant["seeds"]
    if len(seeds) < 2:
        return mean, mean
    standard_error = float(np.std(seeds, ddof=1)) / len(seeds) ** 0.5
    half_width = float(t.ppf(0.975, len(seeds) - 1)) * standard_error
    return max(mean - half_width, min(mean, 0.0)), min(mean + half_width, max(mean, 1.0))


def top(contestant: Mapping[str, Any]) -> float:
    """Returns the highest accuracy drawn: the upper bound of the interval or a seed."""
    return max(interval(contestant)[1], *contestant["seeds"])


def count_text(count: float) -> str:
    """Writes a count, or a mean count with at most one decimal: `45,000`, `2`, `2.5`."""
    return f"{count:,.1f}".removesuffix(".0")


def percent_axis(axes: Axes, highest: float) -> None:
    """Scales the y axis from 0 to a little above `highest`, a fraction, in per cent."""
    from matplotlib.ticker import PercentFormatter

    step = 0.1 if highest > 0.25 else 0.05
    axes.set_ylim(0, 1.1 * highest)
    axes.set_yticks(np.arange(0, min(1.1 * highest, 1.0) + 1e-9, step))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
