"""Training curves: one small panel for each kind of metric."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from simclr_tf.plots.figures import COLOURS, INK, new_figure, tidy_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# A column goes to the first panel whose key it contains.
_PANELS = (
    ("loss", "Loss"),
    ("contrastive", "Contrastive accuracy"),
    ("probe_accuracy", "Probe accuracy"),
    ("accuracy", "Accuracy"),
    ("top_1", "Retrieval, top 1"),
    ("map_at_r", "Retrieval, mAP@R"),
    ("learning_rate", "Learning rate"),
)
_VALIDATION_PREFIXES = ("val_", "validation_")


def plot_curves(
    rows: Sequence[Mapping[str, Any]] | str | os.PathLike[str], figure: Figure | None = None
) -> tuple[Axes, ...]:
    """Draws loss, accuracies and learning rate against the epoch, as far as they exist.

    Validation columns (`val_...`) share the panel and colour of their training column
    and are dashed.

    Args:
        rows: One mapping of column to value an epoch, or the path of a `metrics.csv`.
        figure: Figure to draw into; a new one by default.

    Returns:
        The panels; `panels[0].figure` is the figure.

    Raises:
        ValueError: There are no rows, or no column that belongs to a panel.
    """
    if isinstance(rows, (str, os.PathLike)):
        with open(rows, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    panels = _columns_of_panels(rows)
    if not panels:
        columns = sorted({str(name) for row in rows for name in row})
        raise ValueError(
            "`rows` must hold numbers in a loss, accuracy or learning rate column. "
            f"Received: {len(rows)} rows with columns {columns}"
        )
    across = 2 if len(panels) == 4 else min(len(panels), 3)
    down = -(-len(panels) // across)
    figure = figure or new_figure(4 * across, 3.1 * down)
    epochs = _values(rows, "epoch")
    if not np.isfinite(epochs).all():
        epochs = np.arange(1.0, len(rows) + 1)
    axes = []
    for position, (title, names) in enumerate(panels.items(), start=1):
        panel = figure.add_subplot(down, across, position)
        tidy_axes(panel, title)
        _draw_lines(panel, rows, epochs, names)
        panel.set_xlabel("Epoch", color=INK)
        axes.append(panel)
    return tuple(axes)


def _draw_lines(
    panel: Axes, rows: Sequence[Mapping[str, Any]], epochs: np.ndarray, names: list[str]
) -> None:
    bases = sorted({_without_prefix(name) for name in names})
    for name in names:
        values = _values(rows, name)
        known = np.isfinite(values)
        panel.plot(
            epochs[known],
            values[known],
            label=name,
            color=COLOURS[bases.index(_without_prefix(name)) % len(COLOURS)],
            linestyle="-" if name == _without_prefix(name) else "--",
            linewidth=1.8,
            marker="o" if known.sum() == 1 else None,
        )
    if len(names) > 1:
        panel.legend(frameon=False, fontsize=9, labelcolor=INK)


def _columns_of_panels(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Maps panel titles to the columns they show; columns without a number are left out."""
    panels: dict[str, list[str]] = {title: [] for _, title in _PANELS}
    for name in dict.fromkeys(name for row in rows for name in row if name):
        title = next((title for key, title in _PANELS if key in name), None)
        if title and np.isfinite(_values(rows, name)).any():
            panels[title].append(name)
    return {title: names for title, names in panels.items() if names}


def _values(rows: Sequence[Mapping[str, Any]], name: str) -> np.ndarray:
    values = [row.get(name) for row in rows]
    return np.array([np.nan if value in (None, "") else float(value) for value in values])


def _without_prefix(name: str) -> str:
    for prefix in _VALIDATION_PREFIXES:
        name = name.removeprefix(prefix)
    return name
