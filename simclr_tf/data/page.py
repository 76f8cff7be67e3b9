"""A drawing's page at its full size."""

from __future__ import annotations

import os
import warnings

import numpy as np
from PIL import Image

from simclr_tf.data.opened_picture import (
    opened_picture,
    to_rgb,
    without_exif_rotation,
)
from simclr_tf.data.unreadable import PictureTooLarge

# A scan of an A0 sheet at 250 dots an inch; its pixels, and what is made of them, take 1 GB.
MAXIMUM_PAGE_PIXELS = 120_000_000


def decode_page(source: str | os.PathLike[str] | bytes) -> np.ndarray:
    """Returns a page of any known format, bit depth and colour space at its full size.

    Args:
        source: The file, or its bytes.

    Returns:
        uint8 `[height, width]` of a page in black and white or grey, else
        `[height, width, 3]`, upright; transparency is white paper.

    Raises:
        UnreadablePicture: The file is missing, broken or no picture.
        PictureTooLarge: It has more than 120,000,000 pixels; an UnreadablePicture too.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with opened_picture(source, MAXIMUM_PAGE_PIXELS) as picture:
            width, height = picture.size
            if width * height > MAXIMUM_PAGE_PIXELS:
                raise PictureTooLarge(
                    f"{width} x {height} pixels, more than the {MAXIMUM_PAGE_PIXELS} accepted of "
                    "a page"
                )
            upright = without_exif_rotation(picture)
            if upright.mode in ("1", "L") and "transparency" not in upright.info:
                return np.asarray(upright.convert("L"))
            return np.asarray(to_rgb(upright))
