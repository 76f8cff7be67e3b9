"""What surrounds a symbol on a drawing: walls, thin lines, text-like marks, neighbours."""

from __future__ import annotations

import math

import numpy as np
from PIL import ImageDraw

from simclr_tf.data.symbols.frames import FRAMES

_NEIGHBOURS = tuple(frame.outline for frame in FRAMES.values() if frame.outline is not None)


def draw_clutter(
    draw: ImageDraw.ImageDraw, size: int, probability: float, rng: np.random.Generator
) -> None:
    """Draws foreign lines, each kind with the given probability, in ink 255."""
    chosen = rng.random(4) < probability
    if chosen[0]:
        _draw_walls(draw, size, rng)
    if chosen[1]:
        _draw_thin_lines(draw, size, rng)
    if chosen[2]:
        _draw_text(draw, size, rng)
    if chosen[3]:
        _draw_neighbour(draw, size, rng)


def _draw_walls(draw: ImageDraw.ImageDraw, size: int, rng: np.random.Generator) -> None:
    """One or two thick or double lines from edge to edge, off the centre."""
    for _ in range(rng.integers(1, 3)):
        angle = rng.normal(0, 0.08) + math.pi / 2 * rng.integers(2)
        offset = rng.uniform(0.22, 0.48) * size * rng.choice((-1, 1))
        along = np.array([math.cos(angle), math.sin(angle)])
        across = np.array([-along[1], along[0]])
        middle = size / 2 + across * offset
        gap = rng.uniform(0.03, 0.07) * size
        width = max(1, round(rng.uniform(0.012, 0.035) * size))
        for side in (0.0, gap) if rng.random() < 0.6 else (0.0,):
            ends = (middle + across * side - along * size, middle + across * side + along * size)
            draw.line([tuple(end) for end in ends], fill=255, width=width)


def _draw_thin_lines(draw: ImageDraw.ImageDraw, size: int, rng: np.random.Generator) -> None:
    """A few straight strokes at any angle: leaders, contours, grid lines."""
    count = int(rng.integers(1, 5))
    ends = rng.uniform(-0.1, 1.1, (count, 4)) * size
    width = max(1, round(rng.uniform(0.008, 0.02) * size))
    for row in ends.tolist():
        draw.line(row, fill=255, width=width)


def _draw_text(draw: ImageDraw.ImageDraw, size: int, rng: np.random.Generator) -> None:
    """One or two rows of short strokes that look like small writing near an edge."""
    height = rng.uniform(0.06, 0.11) * size
    width = max(1, round(0.012 * size))
    for _ in range(rng.integers(1, 3)):
        top = (rng.uniform(0.0, 0.12) if rng.random() < 0.5 else rng.uniform(0.82, 0.94)) * size
        left = rng.uniform(-0.2, 0.6) * size
        letters = int(rng.integers(3, 9))
        knots = rng.random((letters, 4, 2)) * (0.65 * height, height) + (0.0, top)
        knots[:, :, 0] += left + np.arange(letters)[:, None] * height * 0.85
        for letter in knots.reshape(letters, 8).tolist():
            draw.line(letter, fill=255, width=width)


def _draw_neighbour(draw: ImageDraw.ImageDraw, size: int, rng: np.random.Generator) -> None:
    """The outline of another symbol, most of it beyond the picture's edge."""
    outline = _NEIGHBOURS[rng.integers(len(_NEIGHBOURS))]
    angle = rng.uniform(0, 2 * math.pi)
    centre = 0.5 + 0.78 * np.array([math.cos(angle), math.sin(angle)])
    points = (outline.points * rng.uniform(0.25, 0.4) + centre) * size
    chain = np.concatenate([points, points[:1]]).ravel().tolist()
    draw.line(chain, fill=255, width=max(1, round(rng.uniform(0.02, 0.045) * size)))
