"""The rooms of a storey and the walls between them."""

from __future__ import annotations

import collections
import dataclasses

import numpy as np

MIN_ROOM = 105
CORRIDOR = (46, 64)


@dataclasses.dataclass(frozen=True)
class Room:
    """A rectangular room in page pixels."""

    x_min: int
    y_min: int
    x_max: int
    y_max: int
    kind: str = "room"

    @property
    def width(self) -> int:
        """Extent to the right."""
        return self.x_max - self.x_min

    @property
    def height(self) -> int:
        """Extent downwards."""
        return self.y_max - self.y_min

    @property
    def centre(self) -> tuple[float, float]:
        """The middle."""
        return (self.x_min + self.x_max) / 2, (self.y_min + self.y_max) / 2


@dataclasses.dataclass(frozen=True)
class Wall:
    """A straight piece of wall with one room, or two, along its whole length.

    Args:
        upright: Whether it runs down the page, at a fixed x.
        at: The fixed coordinate.
        start: Where it begins along the other axis.
        end: Where it ends.
        rooms: Rows of the rooms beside it: two within the building, one at its outside.
        after: Whether the first of `rooms` lies at greater coordinates than the wall.
    """

    upright: bool
    at: int
    start: int
    end: int
    rooms: tuple[int, ...]
    after: bool

    @property
    def outer(self) -> bool:
        """Whether it is a wall to the outside."""
        return len(self.rooms) == 1

    @property
    def length(self) -> int:
        """Its length in pixels."""
        return self.end - self.start

    def point(self, along: float, aside: float = 0.0) -> tuple[float, float]:
        """Returns the page point at `along` on the wall's axis and `aside` of it."""
        if self.upright:
            return self.at + aside, along
        return along, self.at + aside

    def box(self, start: float, end: float, half: float) -> tuple[float, float, float, float]:
        """Returns the rectangle between two places along the wall, `half` to either side."""
        (x_min, y_min), (x_max, y_max) = self.point(start, -half), self.point(end, half)
        return x_min, y_min, x_max, y_max


@dataclasses.dataclass(frozen=True)
class Layout:
    """The rooms and walls of one storey."""

    rooms: tuple[Room, ...]
    walls: tuple[Wall, ...]


def draw_layout(box: tuple[int, int, int, int], rng: np.random.Generator) -> Layout:
    """Returns rooms that fill a rectangle, perhaps with a corridor or without a corner.

    Args:
        box: The rectangle `(x_min, y_min, x_max, y_max)` in page pixels.
        rng: Source of everything that varies.
    """
    x_min, y_min, x_max, y_max = box
    rooms: list[Room] = []
    if rng.random() < 0.55:
        width = int(rng.integers(*CORRIDOR))
        top = int(y_min + (y_max - y_min - width) * rng.uniform(0.4, 0.6))
        rooms.append(Room(x_min, top, x_max, top + width, "corridor"))
        parts = [Room(x_min, y_min, x_max, top), Room(x_min, top + width, x_max, y_max)]
    else:
        parts = [Room(x_min, y_min, x_max, y_max)]
    target = int(rng.integers(170, 250)) ** 2
    for part in parts:
        rooms += _split(part, target, rng)
    corners = [
        row
        for row, room in enumerate(rooms)
        if room.kind != "corridor"
        and (room.x_min == x_min or room.x_max == x_max)
        and (room.y_min == y_min or room.y_max == y_max)
    ]
    if len(rooms) > 6 and rng.random() < 0.4:
        del rooms[corners[rng.integers(len(corners))]]
    return Layout(tuple(rooms), tuple(_walls(rooms)))


def _split(room: Room, target: int, rng: np.random.Generator) -> list[Room]:
    wide = room.width > room.height * rng.uniform(0.8, 1.25)
    length = room.width if wide else room.height
    small = room.width * room.height < target * rng.uniform(0.7, 1.5)
    if length < 2 * MIN_ROOM or small and length < 2.2 * min(room.width, room.height):
        return [room]
    cut = int(rng.uniform(0.33, 0.67) * length)
    cut = min(max(cut, MIN_ROOM), length - MIN_ROOM)
    if wide:
        x = room.x_min + cut
        halves = (
            Room(room.x_min, room.y_min, x, room.y_max),
            Room(x, room.y_min, room.x_max, room.y_max),
        )
    else:
        y = room.y_min + cut
        halves = (
            Room(room.x_min, room.y_min, room.x_max, y),
            Room(room.x_min, y, room.x_max, room.y_max),
        )
    return [piece for half in halves for piece in _split(half, target, rng)]


def _walls(rooms: list[Room]) -> list[Wall]:
    walls = []
    for upright in (True, False):
        # Of every line: the edges on it as (start, end, room, whether the room lies after it).
        edges: dict[int, list[tuple[int, int, int, bool]]] = collections.defaultdict(list)
        for row, room in enumerate(rooms):
            across = (room.x_min, room.x_max) if upright else (room.y_min, room.y_max)
            along = (room.y_min, room.y_max) if upright else (room.x_min, room.x_max)
            edges[across[0]].append((*along, row, True))
            edges[across[1]].append((*along, row, False))
        for at, line in sorted(edges.items()):
            cuts = sorted({place for edge in line for place in edge[:2]})
            for start, end in zip(cuts, cuts[1:], strict=False):
                beside = [edge for edge in line if edge[0] <= start and end <= edge[1]]
                if beside:
                    owners = tuple(edge[2] for edge in beside)
                    walls.append(Wall(upright, at, start, end, owners, beside[0][3]))
    return walls
