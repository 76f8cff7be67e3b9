"""Papers and inks that are seen together on plans, maps and signs."""

from __future__ import annotations

import numpy as np

# Least difference in luminance between ink and paper before fading, of 255.
MIN_CONTRAST = 95.0
LUMINANCE = np.array([0.299, 0.587, 0.114], dtype=np.float32)
JITTER = 22.0

_DARK_INKS = (
    (25, 25, 30), (40, 40, 45), (70, 65, 65), (20, 40, 130), (30, 80, 170), (170, 25, 30),
    (20, 100, 50), (110, 60, 25), (100, 30, 120), (0, 95, 110),
)  # fmt: skip
_LIGHT_INKS = (
    (250, 250, 250), (235, 240, 250), (250, 225, 70), (170, 225, 250), (255, 200, 170),
)  # fmt: skip
# Paper colour, its inks, and how often it is drawn.
_PAPERS = (
    ((248, 248, 246), _DARK_INKS, 5),
    ((240, 230, 200), _DARK_INKS, 4),
    ((205, 205, 200), _DARK_INKS, 3),
    ((222, 200, 160), _DARK_INKS, 2),
    ((190, 215, 190), _DARK_INKS, 1),
    ((185, 210, 235), _DARK_INKS, 1),
    ((245, 200, 195), _DARK_INKS, 1),
    ((250, 215, 60), _DARK_INKS[:3], 1),
    ((240, 150, 50), _DARK_INKS[:3], 1),
    ((35, 65, 130), _LIGHT_INKS, 3),
    ((30, 35, 40), _LIGHT_INKS, 2),
    ((170, 30, 35), _LIGHT_INKS[:3], 1),
    ((20, 105, 60), _LIGHT_INKS[:3], 1),
    ((75, 85, 95), _LIGHT_INKS, 1),
    ((105, 65, 40), _LIGHT_INKS, 1),
)
_WEIGHTS = np.cumsum([weight for _, _, weight in _PAPERS]) / sum(weight for _, _, weight in _PAPERS)


def draw_colours(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Returns a paper and an ink, each float32 `[3]`, that can be told apart."""
    paper_colour, inks, _ = _PAPERS[int(np.searchsorted(_WEIGHTS, rng.random(), side="right"))]
    ink_colour = inks[rng.integers(len(inks))]
    jitter = rng.uniform(-JITTER, JITTER, (2, 3)).astype(np.float32)
    paper = np.clip(np.asarray(paper_colour, np.float32) + jitter[0], 0, 255)
    ink = np.clip(np.asarray(ink_colour, np.float32) + jitter[1], 0, 255)
    difference = float((ink - paper) @ LUMINANCE)
    if abs(difference) < MIN_CONTRAST:
        target = np.float32(255.0 if difference > 0 else 0.0)
        reach = abs(float(target - paper @ LUMINANCE))
        share = (MIN_CONTRAST - abs(difference)) / max(reach - abs(difference), 1.0)
        ink = ink + (target - ink) * np.float32(min(share, 1.0))
    return paper, ink
