"""How many times faster or smaller one program is than others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simclr_tf.plots.figures import COLOURS, FAINT_INK, GRID, INK, new_figure, tidy_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW_INCHES = 0.42
_MISSED = COLOURS[1]
_OTHERWISE = COLOURS[0]


def plot_benchmark(rows: Sequence[Mapping[str, Any]], figure: Figure | None = None) -> Axes:
    """Draws one bar a row from ratio 1 to the row's, on a logarithmic scale.

    A bar to the right is a ratio above 1, the better side. A short upright line is the target of
    its row, and a bar that does not reach it has another colour.

    Args:
        rows: Mappings with `part`, `case`, `peer_name`, `ratio` and `target`, as
            `benchmark.json` holds them; those whose ratio is `None` are left out.
        figure: Figure to draw into; by default a new one as high as the rows need.

    Returns:
        The panel.

    Raises:
        ValueError: No row has a ratio.
    """
    rows = [row for row in rows if row["ratio"] is not None]
    if not rows:
        raise ValueError(f"`rows` must hold a row with a ratio. Received: rows={rows!r}")
    figure = figure or new_figure(12.0, 1.4 + _ROW_INCHES * len(rows))
    axes = figure.subplots()
    tidy_axes(axes, "Ratio to each peer: simclr_tf is better above 1\nThe short lines are targets")
    axes.set_xscale("log")
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x", color=GRID, linewidth=0.9)
    for position, row in enumerate(rows):
        _draw_row(axes, position, row)
    axes.axvline(1.0, color=INK, linewidth=1.0)
    axes.set_yticks(range(len(rows)), [_label(row) for row in rows], fontsize=9, color=INK)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    marks = [value for row in rows for value in (row["ratio"], row["target"]) if value]
    axes.set_xlim(min(*marks, 1.0) / 1.6, max(*marks, 1.0) * 1.6)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}×")
    axes.xaxis.set_minor_formatter(lambda value, _: "")
    return axes


def _draw_row(axes: Axes, position: int, row: Mapping[str, Any]) -> None:
    ratio, target = row["ratio"], row["target"]
    missed = target is not None and ratio < target
    axes.barh(position, ratio - 1.0, left=1.0, height=0.6, color=_MISSED if missed else _OTHERWISE)
    if target is not None:
        axes.plot([target, target], [position - 0.4, position + 0.4], color=INK, linewidth=2.0)
    # On the right also of bars to the left, whose other side belongs to the names.
    axes.annotate(
        f"{ratio:.2f}×",
        (max(ratio, target or 1.0, 1.0), position),
        xytext=(5, 0),
        textcoords="offset points",
        ha="left",
        va="center",
        fontsize=9,
        color=FAINT_INK,
    )


def _label(row: Mapping[str, Any]) -> str:
    return f"{row['part']}: {row['case']}\nagainst {row['peer_name']}"
