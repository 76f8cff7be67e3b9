"""The slight blur under which lines that are a pixel apart still overlap."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

SIGMA = 1.0


def blurred(ink: np.ndarray, sigma: float = SIGMA) -> np.ndarray:
    """Returns ink `[height, width]` under a Gaussian of `sigma` pixels, float32, from 0 to 1."""
    return ndimage.gaussian_filter(
        ink.astype(np.float32) / 255, sigma, mode="constant", truncate=3.0
    )
