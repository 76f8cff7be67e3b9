"""One floor plan with symbols on it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from simclr_tf.data.floor_plans.interior import draw_interior, draw_kinds
from simclr_tf.data.floor_plans.layout import Layout, draw_layout
from simclr_tf.data.floor_plans.marks import place_marks
from simclr_tf.data.floor_plans.notes import (
    draw_axes,
    draw_columns,
    draw_dimensions,
    draw_north_arrow,
    draw_title_block,
)
from simclr_tf.data.floor_plans.picture_symbol import PictureSymbol
from simclr_tf.data.floor_plans.scan import scanned
from simclr_tf.data.floor_plans.sheet import Rectangle, Sheet
from simclr_tf.data.floor_plans.structure import draw_opening, draw_openings, draw_walls
from simclr_tf.data.floor_plans.theme import Theme, draw_theme
from simclr_tf.data.symbols.classes import SymbolClass

# Width and height of pages, pixels.
WIDTH, HEIGHT = (900, 1200), (800, 1000)
# Room around the building for dimensions and the title block: left, top, right, bottom.
_MARGINS = (96, 96, 34, 86)


@dataclasses.dataclass(frozen=True, eq=False)
class FloorPlan:
    """A drawn page.

    Attributes:
        image: uint8 `[height, width, 3]`.
        boxes: `[x_min, y_min, x_max, y_max]` of each symbol's ink, pixels, float32 `[n, 4]`.
        labels: Class of each symbol, int64 `[n]`.
        angles: How far each is turned clockwise, degrees from 0 to 360, float32 `[n]`.
        layout: The rooms and walls.
    """

    image: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray
    angles: np.ndarray
    layout: Layout


def draw_floor_plan(
    wanted: Sequence[tuple[int, SymbolClass | PictureSymbol]], rng: np.random.Generator
) -> FloorPlan:
    """Returns a floor plan with symbols.

    Args:
        wanted: Label and class of each symbol; one that finds no place is left out, the last
            ones first.
        rng: Source of everything that varies; equal states give equal plans.
    """
    theme = draw_theme(rng)
    width, height = int(rng.integers(*WIDTH)), int(rng.integers(*HEIGHT))
    left, top, right, bottom = _MARGINS
    building = (left, top, width - right, height - bottom)
    layout = draw_layout(building, rng)
    sheet = Sheet(width, height, theme.paper)
    taken = _draw_building(sheet, layout, theme, rng)
    _draw_notes(sheet, layout, building, theme, rng)
    marks = place_marks(sheet, layout, wanted, taken, theme, rng)
    return FloorPlan(
        image=scanned(sheet.finished(), theme.scanned, rng),
        boxes=np.array([mark.box for mark in marks], np.float32).reshape(-1, 4),
        labels=np.array([mark.label for mark in marks], np.int64),
        angles=np.array([mark.angle for mark in marks], np.float32),
        layout=layout,
    )


def _draw_building(
    sheet: Sheet, layout: Layout, theme: Theme, rng: np.random.Generator
) -> list[Rectangle]:
    """Draws the building and returns the areas that symbols mostly keep free."""
    openings = draw_openings(layout, rng)
    # What stands in the rooms keeps clear of the doors on both sides.
    doors = [
        opening.wall.box(opening.start, opening.end, opening.end - opening.start)
        for opening in openings
        if opening.kind == "door"
    ]
    taken = list(doors)
    for room, kind in zip(layout.rooms, draw_kinds(layout, rng), strict=True):
        taken += draw_interior(sheet, room, kind, doors, theme, rng)
    draw_walls(sheet, layout, theme)
    if rng.random() < 0.25:
        draw_columns(sheet, layout, theme, rng)
    for opening in openings:
        draw_opening(sheet, opening, theme, rng)
    return taken


def _draw_notes(
    sheet: Sheet, layout: Layout, building: Rectangle, theme: Theme, rng: np.random.Generator
) -> None:
    drawn = rng.random(4) < (0.45, 0.85, 0.85, 0.75)
    if drawn[0]:
        draw_axes(sheet, layout, building, theme, rng)
    if drawn[1]:
        draw_dimensions(sheet, layout, building, theme, rng)
    if drawn[2]:
        draw_title_block(sheet, theme, rng)
    if drawn[3]:
        draw_north_arrow(sheet, theme, rng)
