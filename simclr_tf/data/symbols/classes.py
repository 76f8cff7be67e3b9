"""The classes of symbols: a frame, a glyph within it and perhaps a mark beside it."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from simclr_tf.checks import check_between
from simclr_tf.data.symbols.frames import FRAMES
from simclr_tf.data.symbols.glyphs import ARROWS, BOLD, FINE, GLYPHS
from simclr_tf.data.symbols.shapes import (
    Path,
    circle,
    densified,
    line,
    placed,
    sharp_corners,
)

MAX_CLASSES = 2000

# Frames with less room than this take bold glyphs only, to stay legible in small pictures.
ROOM_FOR_FINE_GLYPHS = 0.5

# One in this many framed designs is a solid frame with the glyph cut out of it.
SOLID_SHARE = 4

# Close classes that share all but one of frame, glyph, mark and solidity.
FAMILY_SIZE = 3

# What a mark adds, the x, y and scale of the framed glyph that makes room for it, and how often
# it is drawn.
_BELOW = (0.0, -0.22, 0.78)
_UPPER_BADGE = (-0.16, 0.16, 0.82)
_LOWER_BADGE = (-0.16, -0.16, 0.82)
_TEETH = tuple(zip((-0.75, -0.45, -0.15, 0.15, 0.45, 0.75), (0.98, 0.7) * 3, strict=True))
MARKS: dict[str, tuple[tuple[Path, ...], tuple[float, float, float], int]] = {
    "plain": ((), (0.0, 0.0, 1.0), 6),
    "dots": (tuple(circle(x, 0.85, 0.13, filled=True) for x in (-0.55, 0.0, 0.55)), _BELOW, 2),
    "bar": ((line((-0.8, 0.86), (0.8, 0.86)),), _BELOW, 2),
    "teeth": ((line(*_TEETH),), _BELOW, 2),
    "post": ((line((0, 0.5), (0, 0.97)), line((-0.4, 0.97), (0.4, 0.97))), _BELOW, 1),
    "plus": ((line((0.5, -0.75), (1.0, -0.75)), line((0.75, -1.0), (0.75, -0.5))), _UPPER_BADGE, 2),
    "ring": ((circle(0.74, -0.74, 0.24),), _UPPER_BADGE, 2),
    "disc": ((circle(0.76, 0.76, 0.24, filled=True),), _LOWER_BADGE, 2),
}
_MARK_DRAWS = tuple(mark for mark, (_, _, weight) in MARKS.items() for _ in range(weight))


@dataclasses.dataclass(frozen=True)
class Design:
    """The choice of parts that makes one class."""

    frame: str
    glyph: str
    mark: str
    solid: bool

    @property
    def name(self) -> str:
        """The parts joined by dashes, such as `circle-arrow_up-dots`."""
        frame = f"solid_{self.frame}" if self.solid else self.frame
        parts = (frame, self.glyph) if self.mark == "plain" else (frame, self.glyph, self.mark)
        return "-".join(parts)


@dataclasses.dataclass(frozen=True, eq=False)
class SymbolClass:
    """One class of symbols, as paths in unit coordinates.

    Args:
        design: The parts it is made of.
        paths: What to paint, in order.
        outline: The frame's closed outer edge; None for a symbol without one.
    """

    design: Design
    paths: tuple[Path, ...]
    outline: Path | None

    @property
    def name(self) -> str:
        """The readable, unique name of the class."""
        return self.design.name

    @functools.cached_property
    def points(self) -> np.ndarray:
        """The points of all paths in one array, `[n, 2]`."""
        return np.concatenate([path.points for path in self.paths])

    @functools.cached_property
    def corners(self) -> tuple[tuple[int, ...], ...]:
        """For every path, the rows of its points that need a round joint or cap."""
        return tuple(tuple(sharp_corners(path)) for path in self.paths)


def compose(design: Design) -> SymbolClass:
    """Returns the paths of a design."""
    frame = FRAMES[design.frame]
    mark_paths, (x, y, scale), _ = MARKS[design.mark]
    glyph = placed(GLYPHS[design.glyph], *frame.room)
    inside = (*frame.details, *glyph)
    outline = frame.outline
    if outline is None:
        body = inside
    elif design.solid:
        body = (outline.solid(), *(path.inverted() for path in inside))
    else:
        body = (outline, *inside)
    paths = (*placed(body, x, y, scale), *mark_paths)
    return SymbolClass(
        design=design,
        paths=tuple(densified(path) for path in paths),
        outline=None if outline is None else densified(outline.placed(x, y, scale)),
    )


def _is_allowed(design: Design) -> bool:
    frame = FRAMES[design.frame]
    if design.solid and frame.outline is None:
        return False
    if design.glyph in FINE and frame.room[2] < ROOM_FOR_FINE_GLYPHS:
        return False
    # Every mark sits on one side, and so shows which way is up.
    upright = frame.upright or design.mark != "plain"
    return upright or design.glyph not in ARROWS or design.glyph == "arrow_up"


def _draw_design(rng: np.random.Generator) -> Design:
    glyph_names = (*BOLD, *FINE, "arrow")
    glyph = glyph_names[rng.integers(len(glyph_names))]
    if glyph == "arrow":
        glyph = tuple(ARROWS)[rng.integers(len(ARROWS))]
    return Design(
        frame=tuple(FRAMES)[rng.integers(len(FRAMES))],
        glyph=glyph,
        mark=_MARK_DRAWS[rng.integers(len(_MARK_DRAWS))],
        solid=bool(rng.integers(SOLID_SHARE) == 0),
    )


def symbol_classes(count: int = 240, seed: int = 0) -> list[SymbolClass]:
    """Returns `count` classes of symbols that differ in shape, many of them closely related.

    The classes come in families of three that share all but one of frame, glyph, mark and
    solidity. No class is a turned copy of another. The first classes do not depend on `count`.

    Args:
        count: Number of classes, from 1 to 2000, default 240.
        seed: Seed of the choice of classes, default 0.

    Returns:
        The classes, with unique names.

    Raises:
        ValueError: If `count` is out of range.
    """
    check_between("count", count, 1, MAX_CLASSES)
    rng = np.random.default_rng(seed)
    designs: dict[Design, None] = {}
    while len(designs) < count:
        parent = _draw_design(rng)
        family = [parent]
        while len(family) < FAMILY_SIZE:
            field = ("frame", "glyph", "mark", "solid")[rng.integers(4)]
            other = getattr(_draw_design(rng), field)
            family.append(dataclasses.replace(parent, **{field: other}))
        designs.update(dict.fromkeys(filter(_is_allowed, family)))
    return [compose(design) for design in list(designs)[:count]]
