"""Walls with their doors and windows, drawn as on plans."""

from __future__ import annotations

import dataclasses

import numpy as np

from simclr_tf.data.floor_plans.layout import Layout, Wall
from simclr_tf.data.floor_plans.sheet import Rectangle, Sheet
from simclr_tf.data.floor_plans.theme import Theme

# Half of the thickness of walls, pixels.
OUTER, INNER = 6.0, 3.5
_DOOR = (30.0, 44.0)
_LEAST_SHARED = 48


@dataclasses.dataclass(frozen=True)
class Opening:
    """A door or a window in a wall."""

    wall: Wall
    start: float
    end: float
    kind: str


def half_thickness(wall: Wall) -> float:
    """Returns half of the thickness of a wall in pixels."""
    return OUTER if wall.outer else INNER


def draw_openings(layout: Layout, rng: np.random.Generator) -> list[Opening]:
    """Returns doors that join all rooms and lead outside, and windows."""
    openings = []
    joined = list(range(len(layout.rooms)))
    # Rooms are so large that each has a neighbour along more than this.
    inner = [wall for wall in layout.walls if not wall.outer and wall.length > _LEAST_SHARED]
    # A corridor joins first, as it does in buildings.
    order = sorted(
        rng.permutation(len(inner)).tolist(),
        key=lambda row: all(layout.rooms[room].kind != "corridor" for room in inner[row].rooms),
    )
    for row in order:
        first, second = (joined[room] for room in inner[row].rooms)
        if first != second or rng.random() < 0.12:
            joined = [first if group == second else group for group in joined]
            width = min(rng.uniform(*_DOOR), inner[row].length - 22)
            openings.append(_placed(inner[row], "door", width, rng))
    outer = [wall for wall in layout.walls if wall.outer and wall.length > 90]
    entrance = int(rng.integers(len(outer)))
    for row, wall in enumerate(outer):
        if row == entrance:
            openings.append(_placed(wall, "door", _DOOR[1], rng))
        elif rng.random() < 0.75:
            width = min(rng.uniform(45, 100), wall.length - 34)
            openings.append(_placed(wall, "window", width, rng))
    return openings


def _placed(wall: Wall, kind: str, width: float, rng: np.random.Generator) -> Opening:
    slack = wall.length - width - 2 * (OUTER + 4)
    # Doors stand near a corner, windows near the middle.
    share = rng.uniform(0.35, 0.65) if kind == "window" else rng.choice((0.06, 0.94))
    start = wall.start + OUTER + 4 + max(slack, 0) * share
    return Opening(wall, start, start + width, kind)


def draw_walls(sheet: Sheet, layout: Layout, theme: Theme) -> None:
    """Draws all walls, joined at their corners."""
    boxes = [
        wall.box(wall.start - half, wall.end + half, half)
        for wall in layout.walls
        for half in [half_thickness(wall)]
    ]
    for box in boxes:
        sheet.rectangle(box, fill=theme.wall)
    if theme.wall_style == "solid":
        return
    pen = theme.pen * 1.3
    for x_min, y_min, x_max, y_max in boxes:
        inside = (x_min + pen, y_min + pen, x_max - pen, y_max - pen)
        sheet.rectangle(inside, fill=theme.paper)
    if theme.wall_style == "hatched":
        for x_min, y_min, x_max, y_max in boxes:
            inside = (x_min + pen, y_min + pen, x_max - pen, y_max - pen)
            sheet.hatch(inside, 5.0, 0.7, theme.wall)


def draw_opening(
    sheet: Sheet, opening: Opening, theme: Theme, rng: np.random.Generator
) -> Rectangle:
    """Draws a door or a window and returns the area that it takes."""
    wall, half = opening.wall, half_thickness(opening.wall)
    sheet.rectangle(wall.box(opening.start, opening.end, half), fill=theme.paper)
    for along in (opening.start, opening.end):
        sheet.line([wall.point(along, -half), wall.point(along, half)], theme.pen, theme.wall)
    if opening.kind == "window":
        for aside in (-half, 0.0, half) if rng.random() < 0.7 else (-half, -1.5, 1.5, half):
            ends = [wall.point(opening.start, aside), wall.point(opening.end, aside)]
            sheet.line(ends, theme.pen * 0.7, theme.wall)
        return wall.box(opening.start, opening.end, half)
    return _draw_door(sheet, opening, theme, rng)


def _draw_door(sheet: Sheet, opening: Opening, theme: Theme, rng: np.random.Generator) -> Rectangle:
    wall = opening.wall
    width = opening.end - opening.start
    # An outer door opens inwards.
    inwards = wall.after if wall.outer else bool(rng.integers(2))
    side = 1 if inwards else -1
    at_start = bool(rng.integers(2))
    hinge = opening.start if at_start else opening.end
    pivot, tip = wall.point(hinge), wall.point(hinge, side * width)
    sheet.line([pivot, tip], theme.pen * 1.4, theme.wall)
    # Angles of the open leaf and of the closed one, in degrees, clockwise from the right.
    opened = (0 if side > 0 else 180) if wall.upright else (90 if side > 0 else 270)
    closed = (90 if at_start else 270) if wall.upright else (0 if at_start else 180)
    start, end = sorted((opened, closed))
    if end - start > 180:
        start, end = end, start + 360
    sheet.arc(pivot, width, start, end, theme.pen * 0.7, theme.fine)
    (x_a, y_a), (x_b, y_b) = wall.point(opening.start), wall.point(opening.end, side * width)
    return min(x_a, x_b), min(y_a, y_b), max(x_a, x_b), max(y_a, y_b)
