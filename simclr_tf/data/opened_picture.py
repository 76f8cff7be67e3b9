"""Opening a picture file of any of the known formats, upright and in RGB."""

from __future__ import annotations

import contextlib
import io
import os
import struct
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageOps

from simclr_tf.data.unreadable import PictureTooLarge, UnreadablePicture

# The size at which Pillow itself begins to warn of a decompression bomb.
MAXIMUM_PIXELS = 89_478_485

# Pillow asks every plug-in it knows otherwise, some of which start other programs.
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF")
_ORIENTATION_TAG = 0x0112
_TURNED_SIDEWAYS = (5, 6, 7, 8)
# What Pillow's readers raise on broken files, beside OSError.
_BROKEN_FILE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    LookupError,
    TypeError,
    EOFError,
    MemoryError,
    OverflowError,
    struct.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


@contextlib.contextmanager
def opened_picture(
    source: str | os.PathLike[str] | bytes, maximum_pixels: int = MAXIMUM_PIXELS
) -> Iterator[Image.Image]:
    """Opens a picture; whatever goes wrong in the `with` block becomes an `UnreadablePicture`.

    Args:
        source: The file, or its bytes.
        maximum_pixels: What the text names where Pillow finds the picture too large.
    """
    if source == b"":
        raise UnreadablePicture("the file is empty")
    try:
        file = io.BytesIO(source) if isinstance(source, bytes) else source
        with Image.open(file, formats=_FORMATS) as picture:
            yield picture
    except Image.UnidentifiedImageError as error:
        raise UnreadablePicture("not a picture in a known format") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureTooLarge(f"more than {maximum_pixels} pixels") from error
    except _BROKEN_FILE_ERRORS as error:
        if isinstance(error, UnreadablePicture):
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnreadablePicture(f"broken picture: {reason}") from error


def without_exif_rotation(picture: Image.Image) -> Image.Image:
    """Returns the picture turned as its EXIF data says."""
    return picture if _exif_orientation(picture) == 1 else ImageOps.exif_transpose(picture)


def is_turned_sideways(picture: Image.Image) -> bool:
    """Returns whether width and height change places as the EXIF data says."""
    return _exif_orientation(picture) in _TURNED_SIDEWAYS


def _exif_orientation(picture: Image.Image) -> int:
    is_jpeg = picture.format in ("JPEG", "MPO")
    if is_jpeg and "exif" not in picture.info and "xmp" not in picture.info:
        return 1
    orientation = 1
    # Good pixels may come with broken EXIF data.
    with contextlib.suppress(*_BROKEN_FILE_ERRORS):
        orientation = picture.getexif().get(_ORIENTATION_TAG, 1)
    return orientation


def to_rgb(picture: Image.Image) -> Image.Image:
    """Returns the picture in RGB, transparency on white."""
    if picture.mode == "RGB" and "transparency" not in picture.info:
        return picture
    if picture.mode.startswith(("I", "F")):
        return _grey_of_many_bits(picture).convert("RGB")
    if picture.has_transparency_data:
        pixels = picture.convert("RGBA")
        white = Image.new("RGBA", pixels.size, "white")
        return Image.alpha_composite(white, pixels).convert("RGB")
    return picture.convert("RGB")


def _grey_of_many_bits(picture: Image.Image) -> Image.Image:
    # Pillow's own conversion clips at 255 instead of scaling.
    values = np.nan_to_num(np.asarray(picture).astype(np.float64))
    low, high = float(values.min()), float(values.max())
    if picture.mode.startswith("I;16") or (picture.mode == "I" and 0 <= low and high <= 65535):
        values = values / 257
    elif picture.mode == "F" and 0 <= low and high <= 1:
        values = values * 255
    elif low < 0 or high > 255:
        values = (values - low) * (255 / max(high - low, 1e-30))
    return Image.fromarray(np.rint(values).astype(np.uint8))
