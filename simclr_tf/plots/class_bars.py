"""One measure of every class, for one embedding or before and after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from simclr_tf.plots.embedding_map import drawable
from simclr_tf.plots.figures import COLOURS, FAINT_INK, GRID, INK, new_figure, tidy_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GREY = "#9aa5b1"
_MOST_CLASSES = 36


def plot_class_bars(
    values: Mapping[str, Mapping[str, float]],
    counts: Mapping[str, int] | None = None,
    title: str = "",
    figure: Figure | None = None,
) -> Axes:
    """Draws a fraction of every class, sorted by the last embedding, the highest on top.

    One embedding gives bars; two give a line from the grey dot of the first to the coloured dot
    of the last. Of more than 36 classes the lowest are shown, for they need a look.

    Args:
        values: By name of the embedding, fractions by name of the class. Classes that are in
            the last one are drawn.
        counts: How many pictures each class was measured on.
        title: Title of the plot.
        figure: Figure to draw into; a new one by default.

    Returns:
        The `Axes`.

    Raises:
        ValueError: There are no classes.
    """
    last = values[list(values)[-1]] if values else {}
    if not last:
        raise ValueError(f"`values` must hold classes. Received: values={dict(values)!r}")
    names = sorted(last, key=lambda name: (last[name], name))
    shown = names[:_MOST_CLASSES]
    if len(shown) < len(names):
        title = f"{title}: the {_MOST_CLASSES} lowest of {len(names):,} classes".lstrip(": ")
    figure = figure or new_figure(9.2, 0.27 * len(shown) + 1.1)
    axes = figure.add_subplot()
    tidy_axes(axes, title)
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x", color=GRID, linewidth=0.9)
    if len(values) == 1:
        _draw_bars(axes, [last[name] for name in shown])
    else:
        _draw_dots(axes, values, shown)
    axes.set_yticks(
        range(len(shown)), [_row_name(name, counts) for name in shown], color=INK, fontsize=9.5
    )
    axes.set_ylim(-0.7, len(shown) - 0.3)
    axes.set_xlim(0 if len(values) == 1 else -0.03, 1.08)
    axes.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1])
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    return axes


def _row_name(name: str, counts: Mapping[str, int] | None) -> str:
    return drawable(name) if counts is None else f"{drawable(name)}  ({counts[name]:,})"


def _draw_bars(axes: Axes, heights: list[float]) -> None:
    bars = axes.barh(range(len(heights)), heights, 0.66, color=COLOURS[0])
    labels = [f"{100 * height:.0f} %" for height in heights]
    axes.bar_label(bars, labels, padding=4, fontsize=9, color=FAINT_INK)


def _draw_dots(axes: Axes, values: Mapping[str, Mapping[str, float]], shown: list[str]) -> None:
    first, *_, last = values
    for place, name in enumerate(shown):
        if name in values[first]:
            ends = values[first][name], values[last][name]
            axes.plot(ends, (place, place), color=_GREY, linewidth=1.6, zorder=1)
    for layer, (embedding, colour) in enumerate(((first, _GREY), (last, COLOURS[0])), 2):
        rows = [row for row, name in enumerate(shown) if name in values[embedding]]
        heights = [values[embedding][shown[row]] for row in rows]
        axes.scatter(heights, rows, s=40, color=colour, zorder=layer, label=embedding)
    axes.legend(
        frameon=False,
        ncols=2,
        loc="lower right",
        bbox_to_anchor=(1, 1),
        labelcolor=INK,
        borderaxespad=0.2,
    )
