"""The inner glyphs of the symbols, drawn within -1 to 1.

`GLYPHS` maps a name to its paths. Glyphs that are turned copies of one another are left out
(a saltire is a turned plus), for symbols are found on drawings at any angle; arrows alone come
in eight directions, and `classes.py` uses those only where something else shows which way is up.
"""

from __future__ import annotations

import math

import numpy as np

from simclr_tf.data.symbols.shapes import (
    Path,
    arc,
    circle,
    line,
    placed,
    polygon,
    regular,
    smooth,
)

Paths = tuple[Path, ...]

DIRECTIONS = ("up", "up_right", "right", "down_right", "down", "down_left", "left", "up_left")

_ARROW: Paths = (line((0, 0.95), (0, -0.9)), line((-0.55, -0.3), (0, -0.9), (0.55, -0.3)))
ARROWS: dict[str, Paths] = {
    f"arrow_{direction}": placed(_ARROW, 0, 0, 1, 45.0 * turn)
    for turn, direction in enumerate(DIRECTIONS)
}


def _spiral() -> Path:
    angles = np.linspace(0, 5 * math.pi, 32)
    radii = np.linspace(0.08, 0.95, 32)
    return Path(np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1))


def _fan(blades: int, filled: bool) -> Paths:
    blade = smooth((0, 0), (0.42, -0.4), (0.3, -0.9), (-0.12, -0.85), closed=True, filled=filled)
    turns = (blade.placed(0, 0, 1, 360 * turn / blades) for turn in range(blades))
    return (*turns, circle(0, 0, 0.14, filled=True))


def _sun() -> Paths:
    rays = (line((0, -0.65), (0, -0.98)).placed(0, 0, 1, 45 * turn) for turn in range(8))
    return (circle(0, 0, 0.42), *rays)


def _dots(*centres: tuple[float, float], radius: float = 0.26) -> Paths:
    return tuple(circle(x, y, radius, filled=True) for x, y in centres)


_FLAME = (
    (0.05, -1.0), (0.2, -0.45), (0.62, 0.1), (0.5, 0.75), (0, 0.98), (-0.55, 0.72), (-0.6, 0.15),
    (-0.3, -0.15), (-0.12, -0.45),
)  # fmt: skip
_DROP = polygon((0, -1.0), (0.42, -0.25), (0.6, 0.3), (0.42, 0.78), (0, 0.96), (-0.42, 0.78),
                (-0.6, 0.3), (-0.42, -0.25))  # fmt: skip
_BOLT = polygon((0.2, -1), (-0.6, 0.15), (-0.08, 0.15), (-0.25, 1), (0.6, -0.25), (0.06, -0.25))
_HOUSE = polygon((0, -0.95), (0.95, -0.1), (0.7, -0.1), (0.7, 0.9), (-0.7, 0.9), (-0.7, -0.1),
                 (-0.95, -0.1))  # fmt: skip
_VALVE = polygon((-0.95, -0.55), (0.95, 0.55), (0.95, -0.55), (-0.95, 0.55))
_HEART = smooth((0, -0.45), (0.45, -0.85), (0.92, -0.4), (0.55, 0.3), (0, 0.92), (-0.55, 0.3),
                (-0.92, -0.4), (-0.45, -0.85), closed=True)  # fmt: skip
_MOON = smooth((0.25, -0.95), (-0.5, -0.7), (-0.85, 0), (-0.5, 0.7), (0.25, 0.95), (0.7, 0.75),
               (0.05, 0.5), (-0.15, 0), (0.05, -0.5), (0.7, -0.75), closed=True)  # fmt: skip
_PLUS = polygon((-0.3, -0.9), (0.3, -0.9), (0.3, -0.3), (0.9, -0.3), (0.9, 0.3), (0.3, 0.3),
                (0.3, 0.9), (-0.3, 0.9), (-0.3, 0.3), (-0.9, 0.3), (-0.9, -0.3), (-0.3, -0.3),
                )  # fmt: skip
_FISH = smooth((-0.95, -0.4), (-0.35, -0.05), (0.2, -0.5), (0.95, 0), (0.2, 0.5), (-0.35, 0.05),
               (-0.95, 0.4), (-0.75, 0), closed=True)  # fmt: skip

# Glyphs of few bold strokes, legible in the narrow frames and as small as eight pixels.
BOLD: dict[str, Paths] = {
    "plus": (line((-0.9, 0), (0.9, 0)), line((0, -0.9), (0, 0.9))),
    "cross_solid": (_PLUS.solid(),),
    "star_solid": (regular(5, 1.0, inner=0.42).solid(),),
    "asterisk": tuple(line((0, -0.9), (0, 0.9)).placed(0, 0, 1, a) for a in (0, 60, 120)),
    "bars": (line((-0.85, -0.6), (0.85, -0.6)), line((-0.85, 0), (0.85, 0)),
             line((-0.85, 0.6), (0.85, 0.6))),
    "dots_three": _dots((0, -0.55), (-0.6, 0.5), (0.6, 0.5)),
    "dots_four": _dots((-0.55, -0.55), (0.55, -0.55), (-0.55, 0.55), (0.55, 0.55)),
    "zigzag": (line((-0.95, 0.45), (-0.5, -0.45), (0, 0.45), (0.5, -0.45), (0.95, 0.45)),),
    "wave": tuple(
        smooth((-0.95, y), (-0.5, y - 0.35), (0, y), (0.5, y + 0.35), (0.95, y))
        for y in (-0.35, 0.35)
    ),
    "bolt": (_BOLT.solid(),),
    "drop_solid": (_DROP.solid(),),
    "valve_solid": (_VALVE.solid(),),
    "heart_solid": (_HEART.solid(),),
    "moon": (_MOON.solid(),),
    "house_solid": (_HOUSE.solid(), polygon((-0.2, 0.9), (-0.2, 0.3), (0.2, 0.3), (0.2, 0.9),
                                            filled=True, ink=False)),
    "chevrons": (line((-0.8, 0.0), (0, -0.75), (0.8, 0.0)),
                 line((-0.8, 0.75), (0, 0), (0.8, 0.75))),
    "double_arrow": (line((-0.95, 0), (0.95, 0)), line((-0.5, -0.45), (-0.95, 0), (-0.5, 0.45)),
                     line((0.5, -0.45), (0.95, 0), (0.5, 0.45))),
    "diode": (polygon((-0.6, -0.7), (0.6, 0), (-0.6, 0.7), filled=True),
              line((0.7, -0.8), (0.7, 0.8))),
    "tick": (line((-0.85, 0.1), (-0.25, 0.75), (0.9, -0.75)),),
    "hook": (line((0.35, -0.95), (0.35, 0.35)), arc(-0.15, 0.35, 0.5, 0, 190)),
    "exclamation": (line((0, -0.95), (0, 0.3), weight=1.3), circle(0, 0.8, 0.16, filled=True)),
    "fish": (_FISH.solid(),),
    "letter_A": (line((-0.7, 0.9), (0, -0.9), (0.7, 0.9)), line((-0.4, 0.3), (0.4, 0.3))),
    "letter_E": (line((0.6, -0.9), (-0.55, -0.9), (-0.55, 0.9), (0.6, 0.9)),
                 line((-0.55, 0), (0.45, 0))),
    "letter_F": (line((0.6, -0.9), (-0.55, -0.9), (-0.55, 0.9)), line((-0.55, 0), (0.45, 0))),
    "letter_H": (line((-0.6, -0.9), (-0.6, 0.9)), line((0.6, -0.9), (0.6, 0.9)),
                 line((-0.6, 0), (0.6, 0))),
    "letter_K": (line((-0.55, -0.9), (-0.55, 0.9)), line((0.6, -0.9), (-0.5, 0.05), (0.65, 0.9))),
    "letter_M": (line((-0.75, 0.9), (-0.65, -0.9), (0, 0.4), (0.65, -0.9), (0.75, 0.9)),),
    "letter_T": (line((-0.75, -0.85), (0.75, -0.85)), line((0, -0.85), (0, 0.9))),
    "digit_4": (line((0.35, 0.9), (0.35, -0.9), (-0.7, 0.35), (0.75, 0.35)),),
    "digit_7": (line((-0.65, -0.85), (0.65, -0.85), (-0.2, 0.9)),),
}  # fmt: skip

# Glyphs with finer parts, used where there is room.
FINE: dict[str, Paths] = {
    "star": (regular(5, 1.0, inner=0.42),),
    "drop": (_DROP,),
    "flame": (smooth(*_FLAME, closed=True),),
    "valve": (_VALVE,),
    "heart": (_HEART,),
    "house": (_HOUSE,),
    "arcs": (arc(0, 0.6, 0.55, 215, 325), arc(0, 0.6, 1.0, 218, 322), arc(0, 0.6, 1.45, 222, 318),
             circle(0, 0.68, 0.18, filled=True)),
    "fan_three": _fan(3, filled=True),
    "fan_four": _fan(4, filled=False),
    "spiral": (_spiral(),),
    "grid": tuple(line((a, -0.9), (a, 0.9)) for a in (-0.35, 0.35))
    + tuple(line((-0.9, a), (0.9, a)) for a in (-0.35, 0.35)),
    "key": (circle(-0.5, 0, 0.4), line((-0.1, 0), (0.95, 0)), line((0.5, 0), (0.5, 0.4)),
            line((0.85, 0), (0.85, 0.45))),
    "anchor": (circle(0, -0.72, 0.22), line((0, -0.5), (0, 0.9)), line((-0.4, -0.2), (0.4, -0.2)),
               smooth((-0.8, 0.2), (-0.6, 0.7), (0, 0.92), (0.6, 0.7), (0.8, 0.2))),
    "sun": _sun(),
    "tree": (line((0, 0.4), (0, 0.98)), polygon((0, -0.98), (0.75, 0.4), (-0.75, 0.4))),
    "tree_round": (line((0, 0.1), (0, 0.98)), circle(0, -0.35, 0.6, filled=True)),
    "umbrella": (polygon(*arc(0, 0, 0.92, 180, 360).points, filled=True), line((0, 0), (0, 0.75)),
                 arc(-0.2, 0.75, 0.2, 0, 180)),
    "flag": (line((-0.6, -0.95), (-0.6, 0.95)),
             polygon((-0.6, -0.85), (0.8, -0.4), (-0.6, 0.1), filled=True)),
    "bell": (smooth((-0.8, 0.5), (-0.5, 0.1), (-0.4, -0.5), (0, -0.85), (0.4, -0.5), (0.5, 0.1),
                    (0.8, 0.5)),
             line((-0.8, 0.5), (0.8, 0.5)), circle(0, 0.75, 0.18, filled=True)),
    "eye": (smooth((-0.98, 0), (-0.4, -0.5), (0.4, -0.5), (0.98, 0), (0.4, 0.5),
                   (-0.4, 0.5), closed=True),
            circle(0, 0, 0.26, filled=True)),
    "lock": (polygon((-0.65, -0.1), (0.65, -0.1), (0.65, 0.9), (-0.65, 0.9), filled=True),
             arc(0, -0.2, 0.42, 180, 360, height=0.65)),
    "person": (circle(0, -0.68, 0.26, filled=True), line((0, -0.35), (0, 0.25), weight=1.4),
               line((-0.6, -0.1), (0.6, -0.1)), line((-0.45, 0.95), (0, 0.25), (0.45, 0.95))),
    "leaf": (smooth((-0.7, 0.7), (-0.6, -0.3), (0.1, -0.8), (0.85, -0.85), (0.8, -0.1), (0.3, 0.6),
                    closed=True), line((-0.95, 0.95), (0.35, -0.35))),
    "mountain": (line((-0.98, 0.75), (-0.3, -0.8), (0.15, 0.2), (0.45, -0.3), (0.98, 0.75),
                      (-0.98, 0.75)),),
    "pump": (circle(0, 0, 0.85), polygon((-0.42, -0.73), (0.85, 0), (-0.42, 0.73), filled=True)),
    "ground": (line((0, -0.9), (0, 0)), line((-0.9, 0), (0.9, 0)), line((-0.55, 0.4), (0.55, 0.4)),
               line((-0.22, 0.8), (0.22, 0.8))),
    "coil": (line((-1, 0.3), (-0.75, 0.3)),
             *(arc(x, 0.3, 0.25, 180, 360, height=0.7) for x in (-0.5, 0, 0.5)),
             line((0.75, 0.3), (1, 0.3))),
    "capacitor": (line((-1, 0), (-0.22, 0)), line((-0.22, -0.8), (-0.22, 0.8)),
                  line((0.22, -0.8), (0.22, 0.8)), line((0.22, 0), (1, 0))),
    "switch": (circle(-0.75, 0.4, 0.18), circle(0.75, 0.4, 0.18),
               line((-0.62, 0.28), (0.5, -0.65))),
    "envelope": (polygon((-0.95, -0.65), (0.95, -0.65), (0.95, 0.65), (-0.95, 0.65)),
                 line((-0.95, -0.65), (0, 0.15), (0.95, -0.65))),
    "clock": (circle(0, 0, 0.9), line((0, -0.55), (0, 0), (0.4, 0.25))),
    "magnifier": (circle(-0.25, -0.25, 0.6), line((0.2, 0.2), (0.92, 0.92), weight=1.5)),
    "crown": (polygon((-0.9, 0.7), (-0.9, -0.6), (-0.4, 0.05), (0, -0.75), (0.4, 0.05),
                      (0.9, -0.6), (0.9, 0.7)),),
    "infinity": (circle(-0.48, 0, 0.45), circle(0.48, 0, 0.45)),
    "cup": (polygon((-0.8, -0.5), (0.45, -0.5), (0.3, 0.75), (-0.65, 0.75), filled=True),
            arc(0.45, 0.0, 0.38, -95, 100)),
    "fork": (line((0, -0.1), (0, 0.95)),
             line((-0.5, -0.95), (-0.5, -0.1), (0.5, -0.1), (0.5, -0.95)),
             line((0, -0.95), (0, -0.1))),
    "steps": (line((-0.95, 0.8), (-0.35, 0.8), (-0.35, 0.25), (0.2, 0.25), (0.2, -0.3),
                   (0.75, -0.3),
                   (0.75, -0.85)),),
    "ladder": (line((-0.45, -0.95), (-0.45, 0.95)), line((0.45, -0.95), (0.45, 0.95)),
               *(line((-0.45, y), (0.45, y)) for y in (-0.55, 0, 0.55))),
    "turn": (line((-0.5, 0.95), (-0.5, -0.2)), arc(0, -0.2, 0.5, 180, 360),
             line((0.5, -0.2), (0.5, 0.6)),
             line((0.05, 0.2), (0.5, 0.7), (0.95, 0.2))),
    "gauge": (arc(0, 0.4, 0.9, 180, 360), line((0, 0.4), (0.45, -0.2)),
              line((-0.9, 0.4), (0.9, 0.4))),
    "letter_B": (line((-0.55, 0), (-0.55, -0.9), (0.1, -0.9)), arc(0.1, -0.45, 0.45, -90, 90),
                 line((0.1, 0), (-0.55, 0), (-0.55, 0.9), (0.15, 0.9)),
                 arc(0.15, 0.45, 0.45, -90, 90)),
    "letter_G": (arc(0, 0, 0.85, -45, -325), line((0.7, 0.5), (0.7, 0.1), (0.15, 0.1))),
    "letter_P": (line((-0.5, 0.9), (-0.5, -0.9), (0.1, -0.9)), arc(0.1, -0.4, 0.5, -90, 90),
                 line((0.1, 0.1), (-0.5, 0.1))),
    "letter_R": (line((-0.5, 0.9), (-0.5, -0.9), (0.1, -0.9)), arc(0.1, -0.4, 0.5, -90, 90),
                 line((-0.5, 0.1), (0.1, 0.1), (0.65, 0.9))),
    "letter_S": (smooth((0.6, -0.65), (0.1, -0.92), (-0.5, -0.65), (-0.4, -0.2), (0.3, 0.15),
                        (0.6, 0.55),
                        (0.1, 0.92), (-0.6, 0.7)),),
    "digit_2": (smooth((-0.6, -0.5), (-0.3, -0.88), (0.3, -0.88), (0.55, -0.4), (0.1, 0.2),
                       (-0.6, 0.88)),
                line((-0.6, 0.88), (0.65, 0.88))),
    "digit_3": (arc(0, -0.45, 0.45, -160, 90), arc(0, 0.45, 0.48, -90, 160)),
}  # fmt: skip

GLYPHS: dict[str, Paths] = {**BOLD, **ARROWS, **FINE}
