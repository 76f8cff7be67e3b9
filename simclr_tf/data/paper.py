"""The paper that a picture of a symbol is drawn on."""

from __future__ import annotations

import numpy as np


def symbol_paper(picture: np.ndarray) -> tuple[int, ...]:
    """Returns the level of the paper in each channel of a picture that shows one symbol.

    Of two colours the lighter: the most frequent one along the border, where the paper is however
    much of the rest a solid sign covers; and the most frequent one of all, which is the paper
    where the lines of a symbol run along the border. Only a dark solid sign without any margin
    passes for paper.

    Args:
        picture: uint8 `[height, width, channels]` with at least one pixel.
    """
    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    everything = picture.reshape(-1, picture.shape[2])
    return max((_most_frequent(pixels) for pixels in (border, everything)), key=sum)


def _most_frequent(pixels: np.ndarray) -> tuple[int, ...]:
    return tuple(int(np.bincount(levels).argmax()) for levels in pixels.T)
