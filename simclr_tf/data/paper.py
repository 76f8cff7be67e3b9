"""The paper that a picture of a symbol is drawn on."""

from __future__ import annotations

import numpy as np


def border_colour(picture: np.ndarray) -> tuple[int, ...]:
    """Returns the most frequent level of each channel along the border of a picture.

    There a symbol's picture shows its paper, however much of the rest a solid symbol covers.

    Args:
        picture: uint8 `[height, width, channels]` with at least one pixel.
    """
    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    return tuple(int(np.bincount(levels).argmax()) for levels in border.T)
