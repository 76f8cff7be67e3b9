"""What a scanner does to a page: tone, stains, worn lines, blur and noise."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter


def scanned(page: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Returns a page as if printed and scanned.

    Args:
        page: uint8 `[height, width, 3]`.
        strength: How much it suffers, from 0 (returned as it is) to 1.
        rng: Source of everything that varies.

    Returns:
        uint8 `[height, width, 3]`.
    """
    if strength <= 0:
        return page
    height, width = page.shape[:2]
    sigma = float(rng.uniform(0.3, 0.3 + 0.6 * strength))
    blurred = Image.fromarray(page).filter(ImageFilter.GaussianBlur(sigma))
    # One plane of changes for all colours, as dirt and light are.
    change = _blotches(height, width, int(rng.integers(3, 7)), rng) * rng.uniform(0, 9) * strength
    change += rng.standard_normal((height, width), np.float32) * rng.uniform(1, 7) * strength
    faded = 1 - 0.35 * strength * rng.random()
    values = np.asarray(blurred, np.float32)
    tone = np.float32(rng.uniform(170, 235))
    values = tone + (values - tone) * np.float32(faded)
    values += change.astype(np.float32)[:, :, None]
    return np.clip(values + 0.5, 0, 255).astype(np.uint8)


def _blotches(height: int, width: int, cells: int, rng: np.random.Generator) -> np.ndarray:
    coarse = Image.fromarray(rng.standard_normal((cells, cells), np.float32))
    return np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))
