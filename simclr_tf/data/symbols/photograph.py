"""What happens to paper and ink before and while a drawing is photographed."""

from __future__ import annotations

import functools
import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from simclr_tf.data.symbols.style import Style

# A narrower blur changes nothing that can be seen, pixels.
MIN_SIGMA = 0.35
# Side of a sheet of blotches, as a multiple of the picture's side.
SHEET_SIDE = 5


@functools.lru_cache(maxsize=64)
def _sheet(size: int, cells: int) -> np.ndarray:
    coarse = np.random.default_rng([size, cells]).standard_normal(
        (SHEET_SIDE * cells, SHEET_SIDE * cells), dtype=np.float32
    )
    whole = (SHEET_SIDE * size, SHEET_SIDE * size)
    return np.asarray(Image.fromarray(coarse).resize(whole, Image.Resampling.BICUBIC))


def _blotches(size: int, cells: int, rng: np.random.Generator) -> np.ndarray:
    """A piece of a sheet of smooth blotches, mean 0, deviation near 1, float32 `[size, size]`.

    Cutting pieces from one sheet, as papers are, is several times quicker than a new sheet each.
    """
    top, left = rng.integers(0, (SHEET_SIDE - 1) * size, 2)
    return _sheet(size, cells)[top : top + size, left : left + size]


def paper_texture(size: int, rng: np.random.Generator, style: Style) -> np.ndarray:
    """Returns the paper's deviations from its colour: light, stains, fibres, `[size, size]`."""
    ramp = np.linspace(-1, 1, size, dtype=np.float32)
    slope = rng.uniform(-1, 1, 2).astype(np.float32)
    stains, fibres = rng.uniform(0, 0.4, 2).astype(np.float32)
    light = ramp * slope[0] + ramp[:, None] * slope[1]
    light += stains * _blotches(size, int(rng.integers(3, 9)), rng)
    light += fibres * _blotches(size, size // 2, rng)
    return light * np.float32(rng.uniform(0, style.texture))


def ink_left(size: int, rng: np.random.Generator, style: Style) -> np.ndarray:
    """Returns the share of the ink that is left after wear, float32 `[size, size]`."""
    left = np.ones((size, size), np.float32)
    patchy, scratched, erased = rng.random(3) < style.wear
    if patchy:
        left = np.clip(0.9 + 0.35 * _blotches(size, size // 4, rng), 0.25, 1.0)
    if scratched or erased:
        mask = Image.new("L", (size, size), 255)
        draw = ImageDraw.Draw(mask)
        if scratched:
            for row in (rng.uniform(0, 1, (int(rng.integers(1, 4)), 4)) * size).tolist():
                draw.line(row, fill=0, width=max(1, size // 40))
        if erased:
            x, y = rng.uniform(0.2, 0.8, 2) * size
            radius = rng.uniform(0.05, 0.11) * size
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=80)
        left = left * (np.asarray(mask, dtype=np.float32) / np.float32(255))
    return left


def photographed(planes: np.ndarray, rng: np.random.Generator, style: Style) -> np.ndarray:
    """Returns the picture after fading, blur, noise and compression.

    Args:
        planes: Colours before the photograph, float32 `[3, size, size]`, 0 to 255.
        rng: Source of the random factors.
        style: Their ranges.

    Returns:
        uint8 `[size, size, 3]`.
    """
    size = planes.shape[-1]
    haze = rng.uniform(40, 220, (3, 1, 1)).astype(np.float32)
    # Most pictures keep most of their contrast: the square of a uniform number is mostly small.
    planes = planes + (haze - planes) * np.float32(style.fade * rng.random() ** 2)
    deviation = np.float32(rng.uniform(0, style.noise))
    noise = rng.standard_normal((size, size), dtype=np.float32) * deviation
    # Half of the pictures are sharp.
    sigma = rng.uniform(-style.blur, style.blur) * size
    if sigma > MIN_SIGMA:
        blurred = Image.fromarray(_pixels(planes)).filter(ImageFilter.GaussianBlur(sigma))
        planes = np.asarray(blurred, dtype=np.float32).transpose(2, 0, 1)
    pixels = _pixels(planes + noise)
    if rng.random() < style.compression:
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "JPEG", quality=int(rng.integers(15, 60)))
        pixels = np.asarray(Image.open(stream))
    return pixels


def _pixels(planes: np.ndarray) -> np.ndarray:
    """Rounds float32 `[3, size, size]` to uint8 `[size, size, 3]`."""
    rounded = (planes + np.float32(0.5)).clip(0, 255).astype(np.uint8)
    return np.ascontiguousarray(rounded.transpose(1, 2, 0))
