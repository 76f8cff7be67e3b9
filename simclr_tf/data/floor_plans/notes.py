"""What is written around a plan: dimensions, axes, a title block, a north arrow."""

from __future__ import annotations

import numpy as np

from simclr_tf.data.floor_plans.layout import Layout
from simclr_tf.data.floor_plans.sheet import Rectangle, Sheet
from simclr_tf.data.floor_plans.theme import Theme

# Millimetres of a pixel, for the numbers on dimension lines.
_MILLIMETRES = 29.4
# No letter or digit of a symbol's glyph, for an axis in its circle must not be such a symbol.
_AXES = "CDJLNQUVWYZ"
_TITLES = ("GROUND FLOOR", "FIRST FLOOR", "SECOND FLOOR", "BASEMENT", "LEVEL 03", "ATTIC")
_SCALES = ("1:50", "1:75", "1:100", "1:200")


def draw_axes(
    sheet: Sheet, layout: Layout, box: Rectangle, theme: Theme, rng: np.random.Generator
) -> None:
    """Draws dash-dotted lines through the building, each with its letter in a circle."""
    x_min, y_min, x_max, y_max = box
    radius = float(rng.uniform(9, 12))
    places = _apart({wall.at for wall in layout.walls if wall.upright}, 2 * radius + 4)
    for number, x in enumerate(places[: len(_AXES)]):
        top = y_min - 62
        dashes = (16, 4, 3, 4)
        sheet.dashed((x, top + radius), (x, y_max + 14), theme.pen * 0.5, theme.note, dashes)
        sheet.circle((x, top), radius, theme.pen * 0.8, theme.note)
        sheet.text((x, top), _AXES[number], radius, theme.note)
    if rng.random() < 0.5:
        heights = _apart({wall.at for wall in layout.walls if not wall.upright}, 2 * radius + 4)
        for number, y in enumerate(heights):
            left = x_min - 62
            dashes = (16, 4, 3, 4)
            sheet.dashed((left + radius, y), (x_max + 14, y), theme.pen * 0.5, theme.note, dashes)
            sheet.circle((left, y), radius, theme.pen * 0.8, theme.note)
            sheet.text((left, y), f"{number + 11}", radius * 0.9, theme.note)


def draw_dimensions(
    sheet: Sheet, layout: Layout, box: Rectangle, theme: Theme, rng: np.random.Generator
) -> None:
    """Draws chains of dimensions above and to the left of the building, and overall ones."""
    x_min, y_min, x_max, y_max = box
    for upright, low, high, edge in ((True, x_min, x_max, y_min), (False, y_min, y_max, x_min)):
        inner = {wall.at for wall in layout.walls if wall.upright == upright and wall.length > 80}
        between = _apart({at for at in inner if low + 14 < at < high - 14}, 14)
        places = [int(low), *between, int(high)]
        _draw_chain(sheet, places, edge - 22, upright, theme)
        if rng.random() < 0.7:
            _draw_chain(sheet, [places[0], places[-1]], edge - 42, upright, theme)


def _apart(places: set[int], least: float) -> list[int]:
    """Returns the places in rising order, without those that follow another too closely."""
    kept: list[int] = []
    for place in sorted(places):
        if not kept or place - kept[-1] >= least:
            kept.append(place)
    return kept


def _draw_chain(sheet: Sheet, places: list[int], aside: float, along_x: bool, theme: Theme) -> None:
    def point(along: float, across: float) -> tuple[float, float]:
        return (along, across) if along_x else (across, along)

    pen = theme.pen * 0.6
    sheet.line([point(places[0] - 6, aside), point(places[-1] + 6, aside)], pen, theme.note)
    for place in places:
        sheet.line([point(place, aside - 6), point(place, aside + 12)], pen, theme.note)
        sheet.line([point(place - 4, aside + 4), point(place + 4, aside - 4)], pen * 2, theme.note)
    for start, end in zip(places, places[1:], strict=False):
        if end - start > 34:
            number = f"{round((end - start) * _MILLIMETRES / 5) * 5}"
            centre = point((start + end) / 2, aside - 7)
            sheet.text(centre, number, 8.5, theme.note, upright=not along_x)


def draw_title_block(sheet: Sheet, theme: Theme, rng: np.random.Generator) -> None:
    """Draws the sheet's border and, at the lower right, a table with names and numbers."""
    margin = 12
    width, height = sheet.width, sheet.height
    border = (margin, margin, width - margin, height - margin)
    sheet.rectangle(border, theme.pen, theme.note)
    left, top = width - margin - 270, height - margin - 48
    sheet.rectangle((left, top, width - margin, height - margin), theme.pen, theme.note)
    middle = top + 24
    pen = theme.pen * 0.7
    sheet.line([(left, middle), (width - margin, middle)], pen, theme.note)
    for x in (left + 90, left + 180):
        sheet.line([(x, middle), (x, height - margin)], pen, theme.note)
    title = _TITLES[rng.integers(len(_TITLES))]
    sheet.text((left + 135, top + 12), f"{title} - FLOOR PLAN", 11, theme.note)
    cells = (
        f"SCALE {_SCALES[rng.integers(len(_SCALES))]}",
        f"DRG {int(rng.integers(100, 999))}-{int(rng.integers(10, 99))}",
        f"REV {'CDJ'[rng.integers(3)]}",
    )
    for number, text in enumerate(cells):
        sheet.text((left + 45 + 90 * number, middle + 12), text, 9, theme.note)


def draw_north_arrow(sheet: Sheet, theme: Theme, rng: np.random.Generator) -> None:
    """Draws an arrow with an N, and a bar of the scale, at the lower left."""
    x, y = 44.0, sheet.height - 42.0
    angle = float(rng.uniform(0, 2 * np.pi))
    along = np.array([np.cos(angle), np.sin(angle)]) * 17
    aside = np.array([-along[1], along[0]]) * 0.3
    tip, tail = np.array([x, y]) + along, np.array([x, y]) - along
    corners = (tip, tail + aside, tail * 0.8 + tip * 0.2, tail - aside, tip)
    sheet.line([tuple(corner) for corner in corners], theme.pen, theme.note)
    sheet.text((x + 30, y - 8), "N", 10, theme.note)
    for number in range(4):
        left = x + 50 + 34 * number
        fill = theme.note if number % 2 == 0 else theme.paper
        sheet.rectangle((left, y + 6, left + 34, y + 11), theme.pen * 0.5, theme.note, fill)
        sheet.text((left, y - 1), str(number), 8, theme.note)


def draw_columns(sheet: Sheet, layout: Layout, theme: Theme, rng: np.random.Generator) -> None:
    """Draws small columns where walls meet, on some plans."""
    half = float(rng.uniform(5, 8))
    for room in layout.rooms:
        if rng.random() < 0.5:
            x, y = room.x_min, room.y_min
            box = (x - half, y - half, x + half, y + half)
            sheet.rectangle(box, theme.pen, theme.wall, fill=theme.wall)
