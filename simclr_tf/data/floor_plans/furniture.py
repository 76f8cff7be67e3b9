"""Furniture seen from above, in unit coordinates: -1 to 1, its back at the top."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from simclr_tf.data.symbols.shapes import Path, arc, circle, line, polygon, smooth

Paths = tuple[Path, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Piece:
    """A piece of furniture.

    Args:
        paths: What is drawn, from -1 to 1.
        width: Usual width in pixels, along the wall behind it.
        depth: Usual depth in pixels.
        free: Whether it stands in the middle of a room rather than at a wall.
    """

    paths: Paths
    width: float
    depth: float
    free: bool = False


def _box(x_min: float = -1, y_min: float = -1, x_max: float = 1, y_max: float = 1) -> Path:
    return polygon((x_min, y_min), (x_max, y_min), (x_max, y_max), (x_min, y_max))


def _rounded(x_min: float, y_min: float, x_max: float, y_max: float, r: float) -> Path:
    corners = [
        arc(x_max - r, y_min + r, r, -90, 0),
        arc(x_max - r, y_max - r, r, 0, 90),
        arc(x_min + r, y_max - r, r, 90, 180),
        arc(x_min + r, y_min + r, r, 180, 270),
    ]
    return Path(np.concatenate([corner.points for corner in corners]), closed=True)


def _bed(pillows: int) -> Paths:
    places = (0.0,) if pillows == 1 else (-0.5, 0.5)
    half = 0.7 if pillows == 1 else 0.4
    heads = tuple(_rounded(x - half, -0.93, x + half, -0.58, 0.12) for x in places)
    return (_box(), *heads, line((-1, -0.3), (1, -0.3)), line((0.35, -0.3), (1, 0.25)))


def _sofa(seats: int) -> Paths:
    edges = np.linspace(-0.78, 0.78, seats + 1).tolist()
    return (
        _rounded(-1, -1, 1, 1, 0.2),
        line((-0.78, 1), (-0.78, -0.45), (0.78, -0.45), (0.78, 1)),
        *(line((x, -0.45), (x, 0.95)) for x in edges[1:-1]),
    )


def _table(chairs: int) -> Paths:
    places = np.linspace(-0.62, 0.62, chairs).tolist()
    seats = tuple(
        _rounded(x - 0.17, y - 0.16, x + 0.17, y + 0.16, 0.08)
        for x in places
        for y in (-0.82, 0.82)
    )
    return (_box(-0.95, -0.55, 0.95, 0.55), *seats)


def _round_table() -> Paths:
    seats = tuple(
        _rounded(-0.2, -0.98, 0.2, -0.68, 0.08).placed(0, 0, 1, angle)
        for angle in (45, 135, 225, 315)
    )
    return (circle(0, 0, 0.58), *seats)


def _desk() -> Paths:
    return (
        _box(-1, -1, 1, 0.05),
        _box(-0.35, -0.85, 0.35, -0.65),
        _rounded(-0.3, 0.3, 0.3, 0.95, 0.15),
        arc(0, 0.55, 0.42, 20, 160),
    )


def _kitchen() -> Paths:
    burners = tuple(circle(x, y, 0.06, height=0.26) for x in (-0.72, -0.52) for y in (-0.42, 0.42))
    return (
        _box(),
        _box(-0.82, -0.85, -0.42, 0.85),
        *burners,
        _rounded(0.1, -0.6, 0.5, 0.7, 0.1),
        circle(0.3, 0.05, 0.03, height=0.12),
        line((0.55, -1), (0.55, 1)),
        line((0.55, -1), (1, 1)),
    )


def _bath() -> Paths:
    return (_box(), _rounded(-0.9, -0.75, 0.9, 0.75, 0.3), circle(-0.7, 0, 0.05, height=0.1))


def _toilet() -> Paths:
    return (
        _box(-0.7, -1, 0.7, -0.55),
        smooth((0, -0.5), (0.6, -0.2), (0.55, 0.55), (0, 0.98), (-0.55, 0.55), (-0.6, -0.2),
               closed=True),
    )  # fmt: skip


def _basin() -> Paths:
    return (
        _box(),
        circle(0, 0.1, 0.7, height=0.65),
        circle(0, -0.6, 0.08),
        line((0, -1), (0, -0.7)),
    )


def _shower() -> Paths:
    return (_box(), line((-1, -1), (1, 1)), line((-1, 1), (1, -1)), circle(0, 0, 0.12))


def _wardrobe() -> Paths:
    hangers = (
        line((x - 0.05, -0.7), (x + 0.05, 0.7)) for x in np.linspace(-0.85, 0.85, 9).tolist()
    )
    return (_box(), line((-1, 0), (1, 0)), *hangers)


def _shelf() -> Paths:
    return (_box(), *(line((x, -1), (x, 1)) for x in (-0.5, 0.0, 0.5)))


def _armchair() -> Paths:
    return (_rounded(-1, -1, 1, 1, 0.3), line((-0.6, 0.98), (-0.6, -0.5), (0.6, -0.5), (0.6, 0.98)))


def _plant() -> Paths:
    leaves = (
        smooth((0, 0), (0.25, -0.45), (0, -0.98), (-0.25, -0.45), closed=True).placed(
            0, 0, 1, angle
        )
        for angle in range(0, 360, 60)
    )
    return tuple(leaves)


@functools.cache
def pieces() -> dict[str, Piece]:
    """Returns the pieces of furniture by name."""
    return {
        "double_bed": Piece(_bed(2), 62, 74),
        "single_bed": Piece(_bed(1), 38, 74),
        "sofa": Piece(_sofa(3), 78, 34),
        "love_seat": Piece(_sofa(2), 58, 34),
        "armchair": Piece(_armchair(), 32, 32),
        "dining_table": Piece(_table(3), 82, 62, free=True),
        "meeting_table": Piece(_table(5), 124, 66, free=True),
        "round_table": Piece(_round_table(), 62, 62, free=True),
        "desk": Piece(_desk(), 52, 46),
        "kitchen": Piece(_kitchen(), 124, 26),
        "bath": Piece(_bath(), 72, 34),
        "toilet": Piece(_toilet(), 20, 30),
        "basin": Piece(_basin(), 28, 22),
        "shower": Piece(_shower(), 38, 38),
        "wardrobe": Piece(_wardrobe(), 72, 24),
        "shelf": Piece(_shelf(), 80, 16),
        "plant": Piece(_plant(), 24, 24),
    }


# What stands in each kind of room, and what may be written there.
ROOMS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "bedroom": (("double_bed", "single_bed", "wardrobe", "shelf", "armchair"), ("BEDROOM", "ROOM")),
    "living": (
        ("sofa", "love_seat", "armchair", "round_table", "shelf", "plant"),
        ("LIVING", "LOUNGE"),
    ),
    "kitchen": (("kitchen", "dining_table", "shelf"), ("KITCHEN", "DINING")),
    "bath": (("bath", "toilet", "basin", "shower"), ("BATH", "WC")),
    "office": (("desk", "desk", "desk", "shelf", "plant"), ("OFFICE", "STUDIO")),
    "meeting": (("meeting_table", "plant", "shelf"), ("MEETING", "SEMINAR")),
    "storage": (("shelf", "shelf", "wardrobe"), ("STORE", "ARCHIVE", "PLANT ROOM")),
    "empty": ((), ("HALL", "LAB", "WORKSHOP")),
    "stairs": ((), ("STAIRS",)),
    "corridor": (("plant",), ("CORRIDOR",)),
}
