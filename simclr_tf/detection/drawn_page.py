"""A page with the found boxes drawn on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from simclr_tf.boxes import Detections

# Colours that tell neighbouring labels apart on paper.
_COLOURS = (
    (214, 39, 40),
    (31, 119, 180),
    (44, 160, 44),
    (148, 103, 189),
    (255, 127, 14),
    (23, 150, 170),
    (190, 60, 150),
    (120, 90, 30),
)


def draw_detections(
    page: np.ndarray, detections: Detections, class_names: Sequence[str]
) -> Image.Image:
    """Returns a page with a box round each detection, and its class and score above it.

    Args:
        page: uint8 `[height, width]` or `[height, width, 3]`.
        detections: What was found.
        class_names: Names of the labels.
    """
    picture = Image.fromarray(page).convert("RGB")
    canvas = ImageDraw.Draw(picture)
    line = max(1, round(max(picture.size) / 1500))
    font = ImageFont.load_default(size=max(10, round(max(picture.size) / 220)))
    # The best is drawn last, so that nothing covers it.
    for box, label, score in reversed(list(zip(*detections, strict=True))):
        colour = _COLOURS[int(label) % len(_COLOURS)]
        text = f"{class_names[int(label)]} {score:.2f}"
        place = (float(box[0]), max(0.0, float(box[1]) - line))
        anchor = "lb" if box[1] > 20 else "lt"
        # A white rim keeps it readable on the lines and texts of the page.
        canvas.text(place, text, colour, font, anchor, stroke_width=line + 1, stroke_fill="white")
        canvas.rectangle([float(edge) for edge in box], outline=colour, width=line)
    return picture
