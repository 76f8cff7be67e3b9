"""The inks, pens and papers of one page."""

from __future__ import annotations

import dataclasses

import numpy as np

from simclr_tf.data.floor_plans.sheet import Ink

_RED, _BLUE, _GREEN = (190, 25, 30), (25, 60, 160), (15, 115, 60)
_KINDS = ("black", "grey", "coloured", "yellowed", "blueprint")
_OFTEN = (0.4, 0.18, 0.22, 0.12, 0.08)
_SYMBOL_INKS = (_RED, _BLUE, _GREEN, (130, 40, 130), (20, 20, 20))


@dataclasses.dataclass(frozen=True)
class Theme:
    """How one page is drawn.

    Args:
        paper: Colour of the page.
        wall: Ink of the walls.
        fine: Ink of furniture, stairs and hatching.
        note: Ink of texts and dimension lines.
        symbol: Ink of the symbols.
        wall_style: `"solid"`, `"outlined"` or `"hatched"`.
        pen: Width of a normal line, pixels.
        symbol_line: Line width of the symbols as a share of their half-size.
        scanned: How much the page has suffered, from 0 (as exported) to 1.
    """

    paper: Ink
    wall: Ink
    fine: Ink
    note: Ink
    symbol: Ink
    wall_style: str
    pen: float
    symbol_line: float
    scanned: float


def draw_theme(rng: np.random.Generator) -> Theme:
    """Returns a theme: black on white, grey, coloured, yellowed or a blueprint."""
    kind = rng.choice(_KINDS, p=_OFTEN)
    dark = int(rng.integers(0, 45))
    wall = fine = note = symbol = (dark, dark, dark)
    paper: Ink = (255, 255, 255)
    if kind == "grey":
        tone, paper_tone = int(rng.integers(90, 150)), int(rng.integers(225, 250))
        fine, paper = (tone,) * 3, (paper_tone,) * 3
    elif kind == "coloured":
        tone = int(rng.integers(95, 150))
        fine = (tone, tone, int(min(tone + rng.integers(0, 40), 255)))
        note = (dark, dark, dark) if rng.random() < 0.5 else _BLUE
        symbol = _SYMBOL_INKS[rng.integers(len(_SYMBOL_INKS))]
    elif kind == "yellowed":
        paper = (240, 230, 205)
        wall = fine = note = symbol = (55 + dark // 2, 45 + dark // 2, 40)
    elif kind == "blueprint":
        paper = (35, 70, 140)
        wall = symbol = (240, 245, 250)
        fine = note = (190, 210, 235)
    return Theme(
        paper=paper,
        wall=wall,
        fine=fine,
        note=note,
        symbol=symbol,
        wall_style=str(rng.choice(("solid", "outlined", "hatched"), p=(0.45, 0.3, 0.25))),
        pen=float(rng.uniform(0.9, 1.6)),
        symbol_line=float(rng.uniform(0.08, 0.15)),
        scanned=float(rng.uniform(0.2, 1.0)) if rng.random() < 0.5 else 0.0,
    )
