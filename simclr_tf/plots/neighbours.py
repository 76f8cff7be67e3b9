"""Queries and what was found for them, one query a line."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from simclr_tf.plots.figures import FAINT_INK, GRID, INK, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Green and red that differ in lightness as well, for those who do not see the hue.
RIGHT = "#00925f"
WRONG = "#c8102e"
_LONGEST_LABEL = 18


@dataclasses.dataclass(frozen=True, eq=False)
class Neighbour:
    """A picture that was found.

    Attributes:
        image: uint8 `[height, width, 3]`.
        score: Cosine to the query.
        label: Its class or name; may be empty.
        correct: Whether it is of the query's class; None where that is not known.
    """

    image: np.ndarray
    score: float
    label: str = ""
    correct: bool | None = None


def plot_neighbours(
    queries: Sequence[np.ndarray],
    neighbours: Sequence[Sequence[Neighbour]],
    query_labels: Sequence[str] | None = None,
    title: str = "",
    figure: Figure | None = None,
) -> np.ndarray:
    """Draws each query with its neighbours beside it, nearest first.

    The frame of a neighbour is green where it is of the query's class, red where it is not,
    and grey where that is not known. The score stands below it, with a tick or a cross.

    Args:
        queries: Pictures uint8 `[height, width, 3]`, at least one.
        neighbours: For each query the same number of neighbours, at least one.
        query_labels: Class or name of each query.
        title: Title of the figure.
        figure: Figure to draw into; a new one by default.

    Returns:
        The `Axes`, an object array `[queries, 1 + neighbours]`.

    Raises:
        ValueError: There are no queries, or the lengths do not match.
    """
    counts = {len(line) for line in neighbours}
    if not len(queries) or len(neighbours) != len(queries) or len(counts) != 1 or 0 in counts:
        raise ValueError(
            "`queries` and `neighbours` must have one line each, at least one, and all lines the "
            "same number of neighbours, at least one. Received: "
            f"{len(queries)} queries and lines of {[len(line) for line in neighbours]} neighbours"
        )
    columns = counts.pop()
    figure = figure or new_figure(1.45 * (columns + 1) + 0.5, 1.72 * len(queries) + 0.7)
    # A narrow empty column parts the query from what was found.
    axes = figure.subplots(
        len(queries),
        columns + 2,
        squeeze=False,
        width_ratios=[1, 0.12, *[1] * columns],
    )
    for line in axes:
        line[1].set_axis_off()
    axes = np.delete(axes, 1, axis=1)
    for row, (query, found) in enumerate(zip(queries, neighbours, strict=True)):
        label = "" if query_labels is None else query_labels[row]
        _draw(axes[row, 0], query, GRID, 1.0, _short(label), INK)
        for cell, neighbour in zip(axes[row, 1:], found, strict=True):
            _draw_neighbour(cell, neighbour)
    axes[0, 0].set_title("query", fontsize=10.5, color=INK, pad=9, fontweight="bold")
    for place, cell in enumerate(axes[0, 1:], 1):
        cell.set_title(str(place), fontsize=10.5, color=FAINT_INK, pad=9)
    if title:
        figure.suptitle(title, x=0.015, ha="left", fontsize=12.5, color=INK)
    return axes


def _draw_neighbour(cell: Axes, neighbour: Neighbour) -> None:
    text = f"{neighbour.score:.3f}".replace("-", "−")
    colour, width = FAINT_INK, 1.0
    if neighbour.correct is not None:
        colour, width = (RIGHT, 3.2) if neighbour.correct else (WRONG, 3.2)
        text += "  ✓" if neighbour.correct else "  ✗"
    label = _short(neighbour.label)
    _draw(cell, neighbour.image, colour, width, f"{text}\n{label}" if label else text, colour)


def _draw(cell: Axes, image: np.ndarray, frame: str, width: float, text: str, colour: str) -> None:
    cell.imshow(image, interpolation="antialiased")
    cell.set(xticks=[], yticks=[])
    cell.spines[:].set(color=frame, linewidth=width)
    # A dollar in a name begins no formula.
    cell.set_xlabel(text, fontsize=9, color=colour, labelpad=5, linespacing=1.35, parse_math=False)


def _short(label: str) -> str:
    """Returns the end of a long label, where file names differ, in letters that can be drawn."""
    label = label.encode("utf-8", "replace").decode()
    return label if len(label) <= _LONGEST_LABEL else "…" + label[1 - _LONGEST_LABEL :]
