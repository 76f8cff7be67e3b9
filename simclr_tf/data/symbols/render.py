"""Pictures of symbols, as if cropped from photographed plans, maps and signs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from simclr_tf.checks import check_at_least
from simclr_tf.data.symbols.classes import SymbolClass
from simclr_tf.data.symbols.clutter import draw_clutter
from simclr_tf.data.symbols.colours import draw_colours
from simclr_tf.data.symbols.photograph import ink_left, paper_texture, photographed
from simclr_tf.data.symbols.style import PHOTOGRAPHED, Style

SUPERSAMPLING = 2
MIN_SIZE = 8


class Warp:
    """Where the unit square of a symbol lands on a canvas: a random warp of the plane.

    Args:
        size: Side of the canvas, pixels.
        rng: Source of the random factors.
        style: Their ranges.
    """

    def __init__(self, size: int, rng: np.random.Generator, style: Style) -> None:
        scale = rng.uniform(*style.scale)
        self.half_size = size / 2 * scale
        angle = math.radians(rng.uniform(-style.rotation, style.rotation))
        stretch, shear = rng.uniform(-style.shear, style.shear, 2)
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        skew = np.array([[1 + stretch / 2, 0.0], [shear, 1 - stretch / 2]])
        self._matrix = skew @ turn * self.half_size
        self._perspective = rng.uniform(-style.perspective, style.perspective, 2)
        margin = (size / 2 - self.half_size) * style.shift
        self._centre = size / 2 + rng.uniform(-margin, margin, 2)
        self._wobble = rng.uniform(0, style.wobble)
        self._waves = rng.uniform(-4, 4, (2, 2))
        self._phases = rng.uniform(0, 2 * math.pi, 2)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Returns the pixel coordinates `[n, 2]` of unit coordinates `[n, 2]`."""
        bent = points + self._wobble * np.sin(points @ self._waves + self._phases)
        return bent @ self._matrix / (1 + bent @ self._perspective)[:, None] + self._centre


def draw_symbol(
    draw: ImageDraw.ImageDraw,
    symbol_class: SymbolClass,
    points: np.ndarray,
    line_width: float,
    ink: int = 255,
    paper: int = 0,
) -> None:
    """Paints a symbol whose points have been moved to where they belong.

    Args:
        draw: Canvas.
        symbol_class: The symbol.
        points: `[n, 2]` pixel coordinates of `symbol_class.points`.
        line_width: Width of a stroke of weight 1, pixels.
        ink: Value painted for ink.
        paper: Value painted for cut-outs.
    """
    start = 0
    for path, corners in zip(symbol_class.paths, symbol_class.corners, strict=True):
        chain = points[start : start + len(path.points)].tolist()
        start += len(chain)
        value = ink if path.ink else paper
        if path.filled:
            draw.polygon([tuple(point) for point in chain], fill=value)
        else:
            _stroke(draw, chain, path.closed, corners, line_width * path.weight, value)


def _stroke(
    draw: ImageDraw.ImageDraw,
    chain: list[list[float]],
    closed: bool,
    corners: Sequence[int],
    line_width: float,
    value: int,
) -> None:
    run = [tuple(point) for point in chain]
    width = max(1, round(line_width))
    draw.line(run + run[:1] if closed else run, fill=value, width=width)
    radius = width / 2 - 0.5
    if radius >= 1:
        for corner in corners:
            x, y = run[corner]
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=value)


def render_symbol(
    symbol_class: SymbolClass,
    size: int,
    rng: np.random.Generator,
    style: Style = PHOTOGRAPHED,
) -> np.ndarray:
    """Returns one picture of a symbol.

    Args:
        symbol_class: What to draw.
        size: Side of the picture in pixels, at least 8.
        rng: Source of everything that varies; equal states give equal pictures.
        style: How far pictures may vary, default as if photographed; `CLEAN` for black on white.

    Returns:
        The picture, uint8 `[size, size, 3]`.

    Raises:
        ValueError: If `size` is less than 8.
    """
    check_at_least("size", size, MIN_SIZE)
    canvas_size = size * SUPERSAMPLING
    warp = Warp(canvas_size, rng, style)
    symbol = Image.new("L", (canvas_size, canvas_size))
    width = rng.uniform(*style.line_width) * warp.half_size
    draw_symbol(ImageDraw.Draw(symbol), symbol_class, warp(symbol_class.points), width)
    clutter = _surroundings(symbol_class, canvas_size, warp, width, rng, style)

    if style.coloured:
        paper, ink = draw_colours(rng)
    else:
        paper, ink = np.full(3, 255, np.float32), np.zeros(3, np.float32)
    # Colour planes come first, [3, size, size], for NumPy is slow where the last axis is short.
    planes = paper[:, None, None] + paper_texture(size, rng, style)
    foreign_ink = ink if rng.random() < 0.6 else draw_colours(rng)[1]
    strength = np.float32(rng.uniform(0.35, 0.9))
    planes += (foreign_ink[:, None, None] - planes) * (_coverage(clutter) * strength)
    coverage = _coverage(symbol) * ink_left(size, rng, style)
    opacity = np.float32(rng.uniform(1 - style.fade / 3, 1.0))
    planes += (ink[:, None, None] - planes) * (coverage * opacity)
    return photographed(planes, rng, style)


def _coverage(canvas: Image.Image) -> np.ndarray:
    """The share of ink of every pixel, float32 `[size, size]`."""
    return np.asarray(canvas.reduce(SUPERSAMPLING), dtype=np.float32) / np.float32(255)


def _surroundings(
    symbol_class: SymbolClass,
    canvas_size: int,
    warp: Warp,
    line_width: float,
    rng: np.random.Generator,
    style: Style,
) -> Image.Image:
    """Foreign lines, and the tint or hatching inside the symbol's frame, on one canvas."""
    canvas = Image.new("L", (canvas_size, canvas_size))
    draw = ImageDraw.Draw(canvas)
    draw_clutter(draw, canvas_size, style.clutter, rng)
    tinted, hatched, cleared = rng.random(3) < (style.fill, style.fill, 0.7)
    if symbol_class.outline is None or symbol_class.design.solid:
        return canvas
    inside = [tuple(point) for point in warp(symbol_class.outline.points).tolist()]
    if hatched:
        area = Image.new("L", canvas.size)
        ImageDraw.Draw(area).polygon(inside, fill=255)
        canvas.paste(_hatching(canvas_size, line_width, rng), mask=area)
    elif tinted:
        draw.polygon(inside, fill=int(rng.integers(50, 110)))
    elif cleared:
        draw.polygon(inside, fill=0)
    return canvas


def _hatching(size: int, line_width: float, rng: np.random.Generator) -> Image.Image:
    hatching = Image.new("L", (size, size))
    draw = ImageDraw.Draw(hatching)
    slope = float(rng.uniform(-1.2, 1.2))
    step = float(rng.uniform(0.06, 0.1) * size)
    value = int(rng.integers(90, 160))
    for y in np.arange(-1.2 * size, 2.2 * size, step).tolist():
        draw.line((0, y, size, y + slope * size), fill=value, width=max(1, int(line_width / 4)))
    return hatching
