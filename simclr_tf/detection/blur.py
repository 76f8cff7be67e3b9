"""The slight blur under which lines that are a pixel apart still overlap."""

from __future__ import annotations

import functools

import numpy as np
from scipy import ndimage

# Of the Gaussian, pixels; it ends after three times as many.
SIGMA = 1.0
REACH = 3


def blurred(ink: np.ndarray) -> np.ndarray:
    """Returns ink `[height, width]` under a Gaussian of one pixel, float32, from 0 to 1.

    It is `ndimage.gaussian_filter` without its preparations, which take longer than the work on
    the thousands of small windows of a page.
    """
    down = ndimage.correlate1d(ink.astype(np.float32) / 255, _kernel(), axis=0, mode="constant")
    return ndimage.correlate1d(down, _kernel(), axis=1, mode="constant")


@functools.cache
def _kernel() -> np.ndarray:
    weights = np.exp(-0.5 * (np.arange(-REACH, REACH + 1) / SIGMA) ** 2)
    return weights / weights.sum()
