"""The outer frames of the symbols: outline, details, and the room left for a glyph."""

from __future__ import annotations

import dataclasses

import numpy as np

from simclr_tf.data.symbols.shapes import Path, arc, circle, line, polygon, regular, smooth


@dataclasses.dataclass(frozen=True, eq=False)
class Frame:
    """A frame around a glyph.

    Args:
        outline: The closed outer edge; None when the frame encloses no area.
        details: Other lines of the frame.
        room: Centre x, centre y and half-size of the box a glyph may fill.
        upright: Whether the frame itself shows which way is up.
    """

    outline: Path | None
    details: tuple[Path, ...]
    room: tuple[float, float, float]
    upright: bool = False


def _joined(*paths: Path) -> Path:
    return Path(np.concatenate([path.points for path in paths]), closed=True)


def _gear() -> Path:
    angles = np.radians(np.arange(40) * 9.0)
    radii = np.resize([0.98, 0.98, 0.98, 0.78, 0.78], 40)
    return Path(np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1), closed=True)


def _brackets() -> tuple[Path, ...]:
    return tuple(
        line((0.5 * x, 0.95 * y), (0.95 * x, 0.95 * y), (0.95 * x, 0.5 * y))
        for x in (-1, 1)
        for y in (-1, 1)
    )


def _broken_circle() -> tuple[Path, ...]:
    return tuple(arc(0, 0, 0.95, start, start + 52) for start in (19, 109, 199, 289))


_CIRCLE = circle(0, 0, 0.95)
_SQUARE = polygon((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9))
_SHIELD = _joined(
    line((-0.8, -0.9), (0.8, -0.9)),
    smooth((0.8, -0.9), (0.8, 0.0), (0.55, 0.55), (0.0, 0.98)),
    smooth((0.0, 0.98), (-0.55, 0.55), (-0.8, 0.0), (-0.8, -0.9)),
)
_STADIUM = _joined(arc(0.33, 0, 0.66, -90, 90), arc(-0.33, 0, 0.66, 90, 270))
_PIN = _joined(arc(0, -0.27, 0.7, 148, 392), line((0, 1.0)))
_DOME = _joined(arc(0, 0.6, 0.95, 180, 360, height=1.4), line((0.95, 0.6), (-0.95, 0.6)))
_TAG = polygon((-0.95, -0.66), (0.4, -0.66), (0.98, 0.0), (0.4, 0.66), (-0.95, 0.66))
_BUBBLE = _joined(
    arc(0.55, -0.45, 0.4, -90, 0),
    arc(0.55, 0.15, 0.4, 0, 90),
    line((0.1, 0.55), (-0.45, 0.98), (-0.4, 0.55)),
    arc(-0.55, 0.15, 0.4, 90, 180),
    arc(-0.55, -0.45, 0.4, 180, 270),
)
_PAGE = polygon((-0.75, -0.95), (0.35, -0.95), (0.75, -0.55), (0.75, 0.95), (-0.75, 0.95))

FRAMES: dict[str, Frame] = {
    "none": Frame(None, (), (0.0, 0.0, 0.9)),
    "circle": Frame(_CIRCLE, (), (0.0, 0.0, 0.6)),
    "square": Frame(_SQUARE, (), (0.0, 0.0, 0.66)),
    "triangle": Frame(regular(3, 1.12).placed(0, 0.2, 1.0), (), (0.0, 0.3, 0.4), True),
    "rhombus": Frame(polygon((0, -1), (0.78, 0), (0, 1), (-0.78, 0)), (), (0.0, 0.0, 0.42)),
    "hexagon": Frame(regular(6, 1.0, start=0), (), (0.0, 0.0, 0.6)),
    "shield": Frame(_SHIELD, (), (0.0, -0.15, 0.56), True),
    "double_circle": Frame(circle(0, 0, 0.98), (circle(0, 0, 0.74),), (0.0, 0.0, 0.48)),
    "double_square": Frame(
        polygon((-0.95, -0.95), (0.95, -0.95), (0.95, 0.95), (-0.95, 0.95)),
        (polygon((-0.68, -0.68), (0.68, -0.68), (0.68, 0.68), (-0.68, 0.68)),),
        (0.0, 0.0, 0.48),
    ),
    "stadium": Frame(_STADIUM, (), (0.0, 0.0, 0.46)),
    "pin": Frame(_PIN, (), (0.0, -0.27, 0.45), True),
    "dome": Frame(_DOME, (line((-0.95, 0.92), (0.95, 0.92)),), (0.0, 0.02, 0.5), True),
    "gear": Frame(_gear(), (), (0.0, 0.0, 0.52)),
    "brackets": Frame(None, _brackets(), (0.0, 0.0, 0.66)),
    "tag": Frame(_TAG, (circle(-0.72, -0.4, 0.1),), (0.0, 0.02, 0.46), True),
    "bubble": Frame(_BUBBLE, (), (0.0, -0.15, 0.5), True),
    "page": Frame(
        _PAGE, (line((0.35, -0.95), (0.35, -0.55), (0.75, -0.55)),), (0.0, 0.15, 0.54), True
    ),
    "broken_circle": Frame(None, _broken_circle(), (0.0, 0.0, 0.58)),
}
