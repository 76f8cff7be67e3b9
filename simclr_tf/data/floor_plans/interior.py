"""What is inside the rooms: floors, stairs, furniture and names."""

from __future__ import annotations

import dataclasses

import numpy as np

from simclr_tf.data.floor_plans.furniture import ROOMS, Piece, pieces
from simclr_tf.data.floor_plans.layout import Layout, Room
from simclr_tf.data.floor_plans.sheet import Rectangle, Sheet
from simclr_tf.data.floor_plans.theme import Theme

_KINDS = ("bedroom", "living", "kitchen", "bath", "office", "meeting", "storage", "empty")
_OFTEN = (0.14, 0.15, 0.1, 0.13, 0.2, 0.08, 0.1, 0.1)
# A square metre, in square pixels.
_SQUARE_METRE = 34.0**2
# Free space between a room's edge and what stands in it.
_CLEARANCE = 9.0


def overlaps(box: Rectangle, others: list[Rectangle], gap: float = 0.0) -> bool:
    """Returns whether a rectangle comes closer than `gap` pixels to one of the others."""
    return any(
        box[0] < other[2] + gap
        and other[0] < box[2] + gap
        and box[1] < other[3] + gap
        and other[1] < box[3] + gap
        for other in others
    )


def draw_kinds(layout: Layout, rng: np.random.Generator) -> list[str]:
    """Returns the use of every room; one of those that have the space holds the stairs."""
    kinds = [
        room.kind if room.kind == "corridor" else str(rng.choice(_KINDS, p=_OFTEN))
        for room in layout.rooms
    ]
    roomy = [
        row
        for row, room in enumerate(layout.rooms)
        if room.kind != "corridor" and 100 < min(room.width, room.height) < 200
    ]
    if roomy and rng.random() < 0.8:
        kinds[roomy[rng.integers(len(roomy))]] = "stairs"
    return kinds


def draw_interior(
    sheet: Sheet,
    room: Room,
    kind: str,
    taken: list[Rectangle],
    theme: Theme,
    rng: np.random.Generator,
) -> list[Rectangle]:
    """Draws one room's inside and returns the areas that it takes.

    Args:
        sheet: The page.
        room: The room.
        kind: Its use, a key of `ROOMS`.
        taken: Areas to keep free, such as those of doors.
        theme: Inks and pens.
        rng: Source of everything that varies.
    """
    _draw_floor(sheet, room, kind, theme, rng)
    if kind == "stairs":
        return [_draw_stairs(sheet, room, theme, rng)]
    areas: list[Rectangle] = []
    names, titles = ROOMS[kind]
    title = titles[rng.integers(len(titles))]
    if rng.random() < 0.85:
        size = rng.uniform(9, 12.5)
        x, y = room.centre
        shift = 0.0 if kind == "corridor" else rng.uniform(-0.15, 0.15) * room.height
        areas.append(sheet.text((x, y + shift), title, size, theme.note))
        if kind != "corridor" and rng.random() < 0.7:
            metres = room.width * room.height / _SQUARE_METRE
            below = (x, y + shift + size * 1.5)
            areas.append(sheet.text(below, f"{metres:.1f} m2", size * 0.85, theme.note))
    for _ in range(int(rng.integers(2, 6)) if names else 0):
        piece = pieces()[names[rng.integers(len(names))]]
        area = _draw_piece(sheet, room, piece, taken + areas, theme, rng)
        if area is not None:
            areas.append(area)
    return areas


def _draw_floor(
    sheet: Sheet, room: Room, kind: str, theme: Theme, rng: np.random.Generator
) -> None:
    box = (room.x_min, room.y_min, room.x_max, room.y_max)
    pen = theme.pen * 0.45
    chance = {"bath": 0.6, "kitchen": 0.3, "storage": 0.25, "empty": 0.2}.get(kind, 0.0)
    if rng.random() >= chance:
        return
    if kind in ("bath", "kitchen"):
        step = float(rng.uniform(11, 17))
        for x in np.arange(room.x_min + step, room.x_max, step).tolist():
            sheet.line([(x, room.y_min), (x, room.y_max)], pen, theme.fine)
        for y in np.arange(room.y_min + step, room.y_max, step).tolist():
            sheet.line([(room.x_min, y), (room.x_max, y)], pen, theme.fine)
    else:
        sheet.hatch(
            box, float(rng.uniform(10, 18)), pen, theme.fine, float(rng.choice((-1.0, 1.0)))
        )


def _draw_stairs(sheet: Sheet, room: Room, theme: Theme, rng: np.random.Generator) -> Rectangle:
    """Two flights beside each other, with a landing, a break line and an arrow."""
    wide = room.width > room.height
    length, breadth = (room.width, room.height) if wide else (room.height, room.width)
    inset = 10.0

    def point(along: float, across: float) -> tuple[float, float]:
        return (
            (room.x_min + along, room.y_min + across)
            if wide
            else (room.x_min + across, room.y_min + along)
        )

    start, end = inset + 0.16 * length, length - inset - 0.22 * length
    near, middle, far = inset, breadth / 2, breadth - inset
    tread = float(rng.uniform(8, 11))
    for along in np.arange(start, end + 1, tread).tolist():
        for low, high in ((near, middle - 3), (middle + 3, far)):
            sheet.line([point(along, low), point(along, high)], theme.pen * 0.7, theme.fine)
    for low, high in ((near, middle - 3), (middle + 3, far)):
        ends = [point(start, low), point(end, low), point(end, high), point(start, high)]
        sheet.line([*ends, ends[0]], theme.pen * 0.8, theme.fine)
    across = (near + middle) / 2
    tip = point(end - 4, across)
    sheet.line([point(start, across), tip], theme.pen * 0.8, theme.note)
    sheet.line(
        [point(end - 12, across - 5), tip, point(end - 12, across + 5)], theme.pen, theme.note
    )
    cut = (start + end) / 2
    zigzag = [(cut - 8, middle + 3), (cut + 2, middle + 12), (cut - 4, far - 12), (cut + 6, far)]
    sheet.line([point(*place) for place in zigzag], theme.pen, theme.fine)
    (x_min, y_min), (x_max, y_max) = point(start, near), point(end, far)
    return x_min, y_min, x_max, y_max


def _draw_piece(
    sheet: Sheet,
    room: Room,
    piece: Piece,
    taken: list[Rectangle],
    theme: Theme,
    rng: np.random.Generator,
) -> Rectangle | None:
    """Draws a piece where it fits; None when it does not."""
    size = rng.uniform(0.85, 1.15)
    for _ in range(8):
        turns = int(rng.integers(4))
        half = np.array([piece.width, piece.depth]) * size / 2
        if turns % 2:
            half = half[::-1]
        low = np.array([room.x_min, room.y_min]) + _CLEARANCE + half
        high = np.array([room.x_max, room.y_max]) - _CLEARANCE - half
        if (high <= low).any():
            continue
        centre = rng.uniform(low, high)
        if not piece.free:
            # The back, at the top of the unit square, comes to the wall after the turn.
            axis, at_low = ((1, True), (0, False), (1, False), (0, True))[turns]
            centre[axis] = (low if at_low else high)[axis]
        box = (*(centre - half).tolist(), *(centre + half).tolist())
        if overlaps(box, taken, gap=4.0):
            continue
        angle = 90.0 * turns
        stretch = np.array([piece.width, piece.depth]) * size / 2
        placed = (
            dataclasses.replace(path, points=path.points * stretch).placed(
                float(centre[0]), float(centre[1]), 1.0, angle
            )
            for path in piece.paths
        )
        sheet.paths(placed, theme.pen * 0.8, theme.fine)
        return box
    return None
