"""How similar pictures of one class are, and pictures of different classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from simclr_tf.checks import check_at_least
from simclr_tf.plots.figures import COLOURS, FAINT_INK, INK, new_figure, tidy_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GREY = "#9aa5b1"


def plot_similarity_histogram(
    pairs: Mapping[str, tuple[np.ndarray, np.ndarray]],
    thresholds: Mapping[str, float] | None = None,
    notes: Mapping[str, Sequence[str]] | None = None,
    bins: int = 80,
    figure: Figure | None = None,
) -> np.ndarray:
    """Draws the cosines of pairs of one class and of different classes as two histograms.

    Each histogram is scaled to an area of 1, so that the far more numerous different pairs do not
    hide the others.

    Args:
        pairs: By title of the panel, the cosines `[s]` of pairs of one class and `[t]` of pairs
            of different classes, s >= 1 and t >= 1.
        thresholds: By the same titles, a cosine that is marked with a line.
        notes: By the same titles, lines written beside the threshold.
        bins: Bars of each histogram, at least 1.
        figure: Figure to draw into; a new one by default.

    Returns:
        The `Axes`, an object array `[panels]`.

    Raises:
        ValueError: There is no panel, a panel has no pairs, or `bins` is not positive.
    """
    check_at_least("bins", bins, 1)
    lengths = {title: (len(same), len(different)) for title, (same, different) in pairs.items()}
    if not pairs or any(0 in length for length in lengths.values()):
        raise ValueError(
            "`pairs` must hold cosines of the same and of different classes for every panel. "
            f"Received: lengths={lengths}"
        )
    figure = figure or new_figure(6.4 * len(pairs), 4.2)
    axes = figure.subplots(1, len(pairs), squeeze=False)[0]
    for panel, (title, (same, different)) in zip(axes, pairs.items(), strict=True):
        tidy_axes(panel, title)
        panel.grid(visible=False)
        panel.set_yticks([])
        values = np.concatenate([same, different])
        low, high = float(values.min()), float(values.max())
        edges = np.linspace(low, max(high, low + 1e-6), bins + 1)
        for cosines, colour, label in (
            (different, _GREY, "different classes"),
            (same, COLOURS[0], "same class"),
        ):
            # One outline: bars that are half transparent show seams.
            heights, _ = np.histogram(cosines, edges, density=True)
            panel.stairs(heights, edges, fill=True, color=colour, alpha=0.55, label=label)
        panel.set_xlabel("cosine of the two pictures", color=FAINT_INK)
        if thresholds is not None and title in thresholds:
            _mark(panel, thresholds[title], (notes or {}).get(title, ()))
        panel.legend(frameon=False, loc="upper left", fontsize=9.5, labelcolor=INK)
    return axes


def _mark(panel: Axes, threshold: float, notes: Sequence[str]) -> None:
    low, high = panel.get_xlim()
    panel.set_ylim(0, panel.get_ylim()[1] * 1.32)
    panel.axvline(threshold, 0, 0.93, color=COLOURS[1], linewidth=1.6)
    is_right = threshold > (low + high) / 2
    panel.annotate(
        "\n".join([f"threshold {threshold:.3f}".replace("-", "−"), *notes]),
        (threshold, 0.93),
        xycoords=("data", "axes fraction"),
        xytext=(-6 if is_right else 6, 0),
        textcoords="offset points",
        ha="right" if is_right else "left",
        va="top",
        fontsize=9,
        linespacing=1.4,
        color=INK,
    )
