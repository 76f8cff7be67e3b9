"""A page to draw on with pens of fractional widths, in page pixels."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from simclr_tf.data.symbols.shapes import Path

SUPERSAMPLING = 2

Ink = tuple[int, int, int]
Point = tuple[float, float]
Rectangle = tuple[float, float, float, float]


@functools.lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    # Pillow's own font: the same on every machine.
    return ImageFont.load_default(size)


class Sheet:
    """A drawing page.

    Args:
        width: Width in pixels.
        height: Height in pixels.
        paper: Its colour.
    """

    def __init__(self, width: int, height: int, paper: Ink) -> None:
        self.width, self.height, self.paper = width, height, paper
        self.canvas = Image.new("RGB", (width * SUPERSAMPLING, height * SUPERSAMPLING), paper)
        self._draw = ImageDraw.Draw(self.canvas)

    def finished(self) -> np.ndarray:
        """Returns the page, uint8 `[height, width, 3]`."""
        return np.asarray(self.canvas.reduce(SUPERSAMPLING))

    def line(self, points: Iterable[Point], width: float, ink: Ink) -> None:
        """Draws a chain of straight lines."""
        self._draw.line(_scaled(points), fill=ink, width=_pen(width), joint="curve")

    def dashed(
        self, start: Point, end: Point, width: float, ink: Ink, dashes: Sequence[float] = (7, 5)
    ) -> None:
        """Draws a line of dashes and gaps of these lengths in turn."""
        length = math.dist(start, end)
        if not length:
            return
        x, y = (end[0] - start[0]) / length, (end[1] - start[1]) / length
        place, number = 0.0, 0
        while place < length:
            stop = min(place + dashes[number % len(dashes)], length)
            if number % 2 == 0:
                ends = [(start[0] + x * at, start[1] + y * at) for at in (place, stop)]
                self.line(ends, width, ink)
            place, number = stop, number + 1

    def rectangle(
        self, box: Rectangle, width: float = 0, ink: Ink | None = None, fill: Ink | None = None
    ) -> None:
        """Draws a rectangle, filled, outlined or both; the line lies inside."""
        corners = _scaled([(box[0], box[1]), (box[2], box[3])])
        self._draw.rectangle(corners, fill=fill, outline=ink, width=_pen(width))

    def circle(
        self,
        centre: Point,
        radius: float,
        width: float = 0,
        ink: Ink | None = None,
        fill: Ink | None = None,
    ) -> None:
        """Draws a circle, filled, outlined or both."""
        (x, y), r = centre, radius
        corners = _scaled([(x - r, y - r), (x + r, y + r)])
        self._draw.ellipse(corners, fill=fill, outline=ink, width=_pen(width))

    def arc(
        self, centre: Point, radius: float, start: float, end: float, width: float, ink: Ink
    ) -> None:
        """Draws an arc between two angles in degrees, 0 to the right, clockwise."""
        (x, y), r = centre, radius
        corners = _scaled([(x - r, y - r), (x + r, y + r)])
        self._draw.arc(corners, start, end, fill=ink, width=_pen(width))

    def paths(self, paths: Iterable[Path], width: float, ink: Ink) -> None:
        """Draws paths whose points are in page pixels."""
        for path in paths:
            points = _scaled(path.points.tolist())
            if path.filled:
                self._draw.polygon(points, fill=ink if path.ink else self.paper)
            else:
                chain = points + points[:1] if path.closed else points
                self._draw.line(chain, fill=ink, width=_pen(width * path.weight), joint="curve")

    def text(
        self, centre: Point, text: str, size: float, ink: Ink, upright: bool = False
    ) -> Rectangle:
        """Writes text around a point, from bottom to top when `upright`; returns where it is."""
        font = _font(max(6, round(size * SUPERSAMPLING)))
        left, top, right, bottom = (round(edge) for edge in font.getbbox(text))
        writing = Image.new("L", (max(1, right - left), max(1, bottom - top)))
        ImageDraw.Draw(writing).text((-left, -top), text, fill=255, font=font)
        if upright:
            writing = writing.transpose(Image.Transpose.ROTATE_90)
        x = round(centre[0] * SUPERSAMPLING - writing.width / 2)
        y = round(centre[1] * SUPERSAMPLING - writing.height / 2)
        self.canvas.paste(ink, (x, y), writing)
        edges = (x, y, x + writing.width, y + writing.height)
        return tuple(edge / SUPERSAMPLING for edge in edges)  # type: ignore[return-value]

    def hatch(
        self, box: Rectangle, step: float, width: float, ink: Ink, slope: float = 1.0
    ) -> None:
        """Fills a rectangle with parallel lines that rise (or fall) by `slope`."""
        left, top, right, bottom = (round(edge * SUPERSAMPLING) for edge in box)
        if right <= left or bottom <= top:
            return
        lines = Image.new("L", (right - left, bottom - top))
        draw = ImageDraw.Draw(lines)
        run = (bottom - top) / abs(slope)
        low, high = (bottom - top, 0) if slope > 0 else (0, bottom - top)
        for x in np.arange(-run, right - left, step * SUPERSAMPLING).tolist():
            draw.line((x, low, x + run, high), fill=255, width=_pen(width))
        self.canvas.paste(ink, (left, top), lines)


def _scaled(points: Iterable[Sequence[float]]) -> list[Point]:
    return [(x * SUPERSAMPLING, y * SUPERSAMPLING) for x, y in points]


def _pen(width: float) -> int:
    return max(1, round(width * SUPERSAMPLING))
