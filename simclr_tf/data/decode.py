"""One picture file, whatever its format, to a square uint8 RGB array."""

from __future__ import annotations

import contextlib
import io
import math
import os
import struct
import warnings
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageOps

from simclr_tf.checks import check_at_least, check_one_of
from simclr_tf.data.region import Region, check_region, cut_region
from simclr_tf.data.unreadable import PictureTooLarge, UnreadablePicture

# Part of the cache key: raise it whenever the pixels that come out change.
DECODER_VERSION = 1
# The size at which Pillow itself begins to warn of a decompression bomb.
MAXIMUM_PIXELS = 89_478_485
MINIMUM_SIZE = 8
RESIZE_MODES = ("crop", "pad", "stretch")

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


def decode_picture(
    path: str | os.PathLike[str], image_size: int, resize_mode: str = "crop"
) -> np.ndarray:
    """Returns the picture of a file as a square of `image_size` pixels.

    JPEG, PNG, BMP, GIF (first frame), WebP and TIFF; grey, 16-bit, palette, CMYK and
    transparent pictures become RGB (transparency on white); EXIF rotation is applied. A
    picture that already has the wanted size passes through unchanged.

    Args:
        path: the file.
        image_size: side of the result in pixels, at least 8.
        resize_mode: `"crop"` (short side to `image_size`, then the centre), `"pad"` (whole
            picture on white) or `"stretch"`.

    Returns:
        uint8 `[image_size, image_size, 3]`.

    Raises:
        UnreadablePicture: if the file is not a picture, is broken or has more than
            89,478,485 pixels.
    """
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise UnreadablePicture(error.strerror or str(error)) from error
    return decode_content(content, image_size, resize_mode)


def decode_content(
    content: bytes, image_size: int, resize_mode: str = "crop", region: Region | None = None
) -> np.ndarray:
    """Returns the picture in the bytes of a file; see `decode_picture`.

    Args:
        content: the bytes.
        image_size: as in `decode_picture`.
        resize_mode: as in `decode_picture`.
        region: part of the upright picture, cut before it is resized; see `Region`.

    Raises:
        ValueError: if an argument is not accepted.
        UnreadablePicture: as `decode_picture`.
    """
    check_at_least("image_size", image_size, MINIMUM_SIZE)
    check_one_of("resize_mode", resize_mode, RESIZE_MODES)
    # Twice the wanted size keeps the resampling below as good as from the full picture.
    wanted_side = 2 * image_size
    if region is not None:
        check_region(region)
        share = min(region[2] - region[0], region[3] - region[1])
        wanted_side = math.ceil(min(wanted_side / share, MAXIMUM_PIXELS))
    with _opened(content) as picture:
        upright = _upright_rgb(picture, wanted_side)
        part = upright if region is None else cut_region(upright, region)
        return _pixels(_resize(part, image_size, resize_mode))


def decode_whole(content: bytes, longest_side: int) -> np.ndarray:
    """Returns the whole picture in the bytes of a file, upright and RGB, to be looked at.

    Args:
        content: the bytes.
        longest_side: of the result in pixels, at least 1; a smaller picture keeps its size.

    Returns:
        uint8 `[height, width, 3]`.

    Raises:
        UnreadablePicture: as `decode_picture`.
    """
    check_at_least("longest_side", longest_side, 1)
    with _opened(content) as picture:
        upright = _upright_rgb(picture, 2 * longest_side)
        scale = longest_side / max(upright.size)
        if scale < 1:
            width, height = (max(1, round(side * scale)) for side in upright.size)
            upright = _resample(upright, (width, height))
        return _pixels(upright)


def picture_size(source: str | os.PathLike[str] | bytes) -> tuple[int, int]:
    """Returns width and height of a picture, turned as its EXIF data says; decodes nothing.

    Only the head of the file is read, so the picture may be larger than can be decoded here.

    Args:
        source: the file, or its bytes.

    Raises:
        UnreadablePicture: if the file is missing, empty or not a picture.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with _opened(source) as picture:
            turned = _exif_orientation(picture) in _TURNED_SIDEWAYS
            return picture.size[::-1] if turned else picture.size


@contextlib.contextmanager
def _opened(source: str | os.PathLike[str] | bytes) -> Iterator[Image.Image]:
    """Opens a picture; whatever goes wrong in the `with` block becomes an `UnreadablePicture`."""
    if source == b"":
        raise UnreadablePicture("the file is empty")
    try:
        file = io.BytesIO(source) if isinstance(source, bytes) else source
        with Image.open(file, formats=_FORMATS) as picture:
            yield picture
    except Image.UnidentifiedImageError as error:
        raise UnreadablePicture("not a picture in a known format") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureTooLarge(f"more than {MAXIMUM_PIXELS} pixels") from error
    except _BROKEN_FILE_ERRORS as error:
        if isinstance(error, UnreadablePicture):
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnreadablePicture(f"broken picture: {reason}") from error


def _upright_rgb(picture: Image.Image, wanted_side: int) -> Image.Image:
    """Returns the picture in RGB; a JPEG may come smaller, with sides of `wanted_side` at least."""
    width, height = picture.size
    if width * height > MAXIMUM_PIXELS:
        raise PictureTooLarge(f"{width} x {height} pixels, more than the accepted {MAXIMUM_PIXELS}")
    if picture.format in ("JPEG", "MPO"):
        picture.draft(None, (wanted_side, wanted_side))
    return _to_rgb(_without_exif_rotation(picture))


def _pixels(picture: Image.Image) -> np.ndarray:
    # `tobytes` and not `asarray`, which would add a slow copy through the array interface.
    return np.frombuffer(picture.tobytes(), np.uint8).reshape(picture.height, picture.width, 3)


def _without_exif_rotation(picture: Image.Image) -> Image.Image:
    return picture if _exif_orientation(picture) == 1 else ImageOps.exif_transpose(picture)


def _exif_orientation(picture: Image.Image) -> int:
    is_jpeg = picture.format in ("JPEG", "MPO")
    if is_jpeg and "exif" not in picture.info and "xmp" not in picture.info:
        return 1
    orientation = 1
    # Good pixels may come with broken EXIF data.
    with contextlib.suppress(*_BROKEN_FILE_ERRORS):
        orientation = picture.getexif().get(_ORIENTATION_TAG, 1)
    return orientation


def _to_rgb(picture: Image.Image) -> Image.Image:
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


def _resize(picture: Image.Image, image_size: int, resize_mode: str) -> Image.Image:
    if picture.size == (image_size, image_size):
        return picture
    square = (image_size, image_size)
    if resize_mode == "stretch":
        return _resample(picture, square)
    width, height = picture.size
    if resize_mode == "crop":
        side = min(width, height)
        left, top = (width - side) / 2, (height - side) / 2
        return _resample(picture, square, (left, top, left + side, top + side))
    scale = image_size / max(width, height)
    fitted = _resample(picture, (max(1, round(width * scale)), max(1, round(height * scale))))
    canvas = Image.new("RGB", square, "white")
    canvas.paste(fitted, ((image_size - fitted.width) // 2, (image_size - fitted.height) // 2))
    return canvas


def _resample(
    picture: Image.Image,
    size: tuple[int, int],
    box: tuple[float, float, float, float] | None = None,
) -> Image.Image:
    return picture.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=2.0)
