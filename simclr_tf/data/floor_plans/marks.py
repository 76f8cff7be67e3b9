"""Symbols placed on a plan, with their boxes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from simclr_tf.data.floor_plans.interior import overlaps
from simclr_tf.data.floor_plans.layout import Layout
from simclr_tf.data.floor_plans.picture_symbol import PictureShape, PictureSymbol
from simclr_tf.data.floor_plans.sheet import SUPERSAMPLING, Rectangle, Sheet
from simclr_tf.data.floor_plans.structure import OUTER
from simclr_tf.data.floor_plans.theme import Theme
from simclr_tf.data.symbols.classes import SymbolClass
from simclr_tf.data.symbols.render import draw_symbol

# Half-size of symbols, pixels.
HALF_SIZE = (11.0, 32.0)
_TRIES = 80
_PREFIXES = ("SD", "FE", "L", "P", "V")


class Mark(NamedTuple):
    """A symbol on a page.

    Attributes:
        label: Its class.
        box: `(x_min, y_min, x_max, y_max)` of its ink, page pixels.
        angle: How far it is turned clockwise, degrees from 0 to 360.
    """

    label: int
    box: Rectangle
    angle: float


def place_marks(
    sheet: Sheet,
    layout: Layout,
    wanted: Sequence[tuple[int, SymbolClass | PictureSymbol]],
    taken: list[Rectangle],
    theme: Theme,
    rng: np.random.Generator,
) -> list[Mark]:
    """Draws symbols into the rooms, none upon another.

    Args:
        sheet: The page.
        layout: Its rooms.
        wanted: Label and class of each symbol, in the order of drawing; one that finds no place
            is left out. A picture keeps its colours.
        taken: Areas that most symbols keep free.
        theme: Inks and pens.
        rng: Source of everything that varies.
    """
    areas = np.array([room.width * room.height for room in layout.rooms], float)
    # Most symbols of a page have about the same size.
    usual = math.exp(rng.uniform(*np.log(HALF_SIZE)))
    marks: list[Mark] = []
    used: list[Rectangle] = []
    for label, symbol in wanted:
        half = float(np.clip(usual * math.exp(rng.normal(0, 0.22)), *HALF_SIZE))
        angle = float(rng.integers(4) * 90) if rng.random() < 0.65 else float(rng.uniform(0, 360))
        shape = _shape(symbol, half, angle, theme, rng)
        centre = _free_place(layout, areas / areas.sum(), shape.points, used, taken, rng)
        if centre is not None:
            box = shape.paint(sheet, centre)
            marks.append(Mark(label, box, angle))
            used.append(box)
            below = (box[0] - 8, box[3] + 2, box[2] + 8, box[3] + 14)
            if rng.random() < 0.25 and not overlaps(below, used):
                number = f"{_PREFIXES[rng.integers(len(_PREFIXES))]}-{int(rng.integers(10, 99))}"
                used.append(sheet.text((centre[0], box[3] + 8), number, 7.5, theme.note))
    return marks


def _free_place(
    layout: Layout,
    shares: np.ndarray,
    points: np.ndarray,
    used: list[Rectangle],
    taken: list[Rectangle],
    rng: np.random.Generator,
) -> np.ndarray | None:
    """Returns a centre at which the points, given around the origin, fit into a room."""
    low, high = points.min(axis=0) - 2, points.max(axis=0) + 2
    avoids_furniture = rng.random() < 0.8
    for attempt in range(_TRIES):
        room = layout.rooms[int(rng.choice(len(shares), p=shares))]
        least = np.array([room.x_min, room.y_min]) + OUTER - low
        most = np.array([room.x_max, room.y_max]) - OUTER - high
        if (most <= least).any():
            continue
        centre = rng.uniform(least, most)
        if rng.random() < 0.4:
            # At a wall, where many devices hang.
            axis = int(rng.integers(2))
            centre[axis] = (least, most)[int(rng.integers(2))][axis]
        box = (*(centre + low).tolist(), *(centre + high).tolist())
        crowded = avoids_furniture and attempt < _TRIES // 2 and overlaps(box, taken)
        if not crowded and not overlaps(box, used, gap=9.0):
            return centre
    return None


def _shape(
    symbol: SymbolClass | PictureSymbol,
    half: float,
    angle: float,
    theme: Theme,
    rng: np.random.Generator,
) -> _DrawnShape | PictureShape:
    if isinstance(symbol, PictureSymbol):
        return PictureShape(symbol, half, angle)
    return _DrawnShape(symbol, half, angle, theme, rng)


class _DrawnShape:
    """A symbol of one size and angle.

    Args:
        symbol_class: The symbol.
        half: Its half-size, page pixels.
        angle: How far it is turned clockwise, degrees.
        theme: Inks and pens.
        rng: Source of whether what lies below is cleared.
    """

    def __init__(
        self,
        symbol_class: SymbolClass,
        half: float,
        angle: float,
        theme: Theme,
        rng: np.random.Generator,
    ) -> None:
        self._class, self._half, self._theme, self._rng = symbol_class, half, theme, rng
        radians = math.radians(angle)
        cosine, sine = math.cos(radians), math.sin(radians)
        self._matrix = np.array([[cosine, sine], [-sine, cosine]]) * half
        self.points = symbol_class.points @ self._matrix

    def paint(self, sheet: Sheet, centre: np.ndarray) -> Rectangle:
        """Draws the symbol around `centre` and returns the box of its ink."""
        theme = self._theme
        margin = math.ceil(self._half * theme.symbol_line) + 2
        corner = np.floor(self.points.min(axis=0) + centre).astype(int) - margin
        extent = np.ceil(self.points.max(axis=0) + centre).astype(int) + margin - corner
        width, height = (extent * SUPERSAMPLING).tolist()
        x, y = (corner * SUPERSAMPLING).tolist()

        def local(points: np.ndarray) -> np.ndarray:
            return (points + centre - corner) * SUPERSAMPLING

        outline = self._class.outline
        if outline is not None and self._rng.random() < 0.65:
            # Many drafters clear what lies below a symbol.
            inside = Image.new("L", (width, height))
            chain = local(outline.points @ self._matrix).tolist()
            ImageDraw.Draw(inside).polygon([tuple(point) for point in chain], fill=255)
            sheet.canvas.paste(theme.paper, (x, y), inside)
        ink = Image.new("L", (width, height))
        pen = self._half * theme.symbol_line * SUPERSAMPLING
        draw_symbol(ImageDraw.Draw(ink), self._class, local(self.points), pen)
        sheet.canvas.paste(theme.symbol, (x, y), ink)
        left, top, right, bottom = ink.getbbox() or (0, 0, width, height)
        return tuple(edge / SUPERSAMPLING for edge in (x + left, y + top, x + right, y + bottom))
