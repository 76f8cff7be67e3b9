"""Vector primitives in unit coordinates, x to the right and y down.

Everything a symbol is made of is a `Path`: a chain of points, stroked or filled, in ink or in
paper (a cut-out). Arcs and curves are flattened here, so that a renderer, at any size, knows
points only.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence

import numpy as np

Point = tuple[float, float]

# Straight runs are cut into pieces of this length, so that a hand-drawn wobble bends them too.
SEGMENT_LENGTH = 0.3


@dataclasses.dataclass(frozen=True, eq=False)
class Path:
    """A chain of points that is stroked, or filled when `filled`.

    Args:
        points: `[n, 2]` coordinates; a symbol stays within -1 to 1.
        closed: Whether the last point is joined to the first.
        filled: Whether the inside is painted instead of the line.
        ink: Whether it is painted in ink; False cuts it out of what lies below.
        weight: Line width as a multiple of the drawing's line width.
    """

    points: np.ndarray
    closed: bool = False
    filled: bool = False
    ink: bool = True
    weight: float = 1.0

    def placed(self, x: float, y: float, scale: float, angle: float = 0.0) -> Path:
        """Returns the path turned by `angle` degrees clockwise, scaled, then moved by (x, y)."""
        radians = math.radians(angle)
        cosine, sine = math.cos(radians), math.sin(radians)
        turned = self.points @ np.array([[cosine, sine], [-sine, cosine]])
        return dataclasses.replace(self, points=turned * scale + (x, y))

    def inverted(self) -> Path:
        """Returns the path with ink and paper exchanged."""
        return dataclasses.replace(self, ink=not self.ink)

    def solid(self) -> Path:
        """Returns the path filled."""
        return dataclasses.replace(self, closed=True, filled=True)


def placed(
    paths: Iterable[Path], x: float, y: float, scale: float, angle: float = 0.0
) -> tuple[Path, ...]:
    """Returns every path turned by `angle` degrees, scaled, then moved by (x, y)."""
    return tuple(path.placed(x, y, scale, angle) for path in paths)


def line(*points: Point, weight: float = 1.0) -> Path:
    """Returns a stroke through the points."""
    return Path(np.asarray(points, dtype=float), weight=weight)


def polygon(*points: Point, filled: bool = False, ink: bool = True) -> Path:
    """Returns a closed outline, or an area when `filled`."""
    return Path(np.asarray(points, dtype=float), closed=True, filled=filled, ink=ink)


def arc(
    x: float, y: float, radius: float, start: float, end: float, height: float | None = None
) -> Path:
    """Returns an arc of a circle, or of an ellipse of half-height `height`.

    Args:
        x: Centre, to the right.
        y: Centre, down.
        radius: Radius, or half the ellipse's width.
        start: Angle of the first point in degrees, 0 to the right, clockwise.
        end: Angle of the last point in degrees.
        height: Half the ellipse's height; the radius when None.
    """
    count = max(5, math.ceil(abs(end - start) / 15) + 1)
    angles = np.radians(np.linspace(start, end, count))
    tall = radius if height is None else height
    return Path(np.stack([x + radius * np.cos(angles), y + tall * np.sin(angles)], axis=1))


def circle(
    x: float,
    y: float,
    radius: float,
    filled: bool = False,
    ink: bool = True,
    height: float | None = None,
) -> Path:
    """Returns a circle, or an ellipse of half-height `height`, outlined or filled."""
    points = arc(x, y, radius, 0, 345, height).points
    return Path(points, closed=True, filled=filled, ink=ink)


def regular(sides: int, radius: float, start: float = -90.0, inner: float | None = None) -> Path:
    """Returns a regular polygon, or a star when `inner` gives the radius of its notches."""
    radii = [radius] if inner is None else [radius, inner]
    count = sides * len(radii)
    angles = np.radians(start + np.arange(count) * 360 / count)
    lengths = np.resize(radii, count)
    points = np.stack([lengths * np.cos(angles), lengths * np.sin(angles)], axis=1)
    return Path(points, closed=True)


def smooth(*points: Point, closed: bool = False, filled: bool = False, ink: bool = True) -> Path:
    """Returns a curve through the points (a Catmull-Rom spline)."""
    knots = np.asarray(points, dtype=float)
    padded = (
        np.concatenate([knots[-1:], knots, knots[:2]])
        if closed
        else np.concatenate([knots[:1], knots, knots[-1:]])
    )
    t = np.linspace(0, 1, 5, endpoint=False)[:, None]
    pieces = []
    for before, start, end, after in zip(
        padded[:-3], padded[1:-2], padded[2:-1], padded[3:], strict=True
    ):
        pieces.append(
            0.5
            * (
                2 * start
                + (end - before) * t
                + (2 * before - 5 * start + 4 * end - after) * t**2
                + (3 * start - before - 3 * end + after) * t**3
            )
        )
    if not closed:
        pieces.append(knots[-1:])
    return Path(np.concatenate(pieces), closed=closed, filled=filled, ink=ink)


def densified(path: Path) -> Path:
    """Returns the path with every straight run cut into short pieces; its corners stay."""
    ends = np.roll(path.points, -1, axis=0) if path.closed else path.points[1:]
    starts = path.points if path.closed else path.points[:-1]
    pieces: list[np.ndarray] = []
    for start, end in zip(starts, ends, strict=True):
        count = max(1, math.ceil(math.dist(start, end) / SEGMENT_LENGTH))
        pieces.append(start + (end - start) * np.arange(count)[:, None] / count)
    if not path.closed:
        pieces.append(path.points[-1:])
    return dataclasses.replace(path, points=np.concatenate(pieces))


def sharp_corners(path: Path, degrees: float = 25.0) -> Sequence[int]:
    """Returns the rows of the points where a wide stroke needs a round joint or cap."""
    if path.filled:
        return ()
    steps = np.diff(path.points, axis=0, append=path.points[:1])
    headings = np.degrees(np.arctan2(steps[:, 1], steps[:, 0]))
    turns = np.abs((headings - np.roll(headings, 1) + 180) % 360 - 180)
    sharp = turns > degrees
    if not path.closed:
        sharp[[0, -1]] = True
    return np.flatnonzero(sharp).tolist()
