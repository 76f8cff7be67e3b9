"""One picture file, whatever its format, to a square uint8 RGB array."""

from __future__ import annotations

import math
import os
import warnings

import numpy as np
from PIL import Image

from simclr_tf.checks import check_at_least, check_one_of
from simclr_tf.data.opened_picture import (
    MAXIMUM_PIXELS,
    is_turned_sideways,
    opened_picture,
    to_rgb,
    without_exif_rotation,
)
from simclr_tf.data.region import Region, check_region, cut_region
from simclr_tf.data.unreadable import PictureTooLarge, UnreadablePicture

# Part of the cache key: raise it whenever the pixels that come out change.
DECODER_VERSION = 1
MINIMUM_SIZE = 8
RESIZE_MODES = ("crop", "pad", "stretch")


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
    return decode_content(read_content(path), image_size, resize_mode)


def read_content(path: str | os.PathLike[str]) -> bytes:
    """Returns the bytes of a file.

    Raises:
        UnreadablePicture: if it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise UnreadablePicture(error.strerror or str(error)) from error


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
    with opened_picture(content) as picture:
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
    with opened_picture(content) as picture:
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
        with opened_picture(source) as picture:
            return picture.size[::-1] if is_turned_sideways(picture) else picture.size


def _upright_rgb(picture: Image.Image, wanted_side: int) -> Image.Image:
    """Returns the picture in RGB; a JPEG may come smaller, with sides of `wanted_side` at least."""
    width, height = picture.size
    if width * height > MAXIMUM_PIXELS:
        raise PictureTooLarge(f"{width} x {height} pixels, more than the accepted {MAXIMUM_PIXELS}")
    if picture.format in ("JPEG", "MPO"):
        picture.draft(None, (wanted_side, wanted_side))
    return to_rgb(without_exif_rotation(picture))


def _pixels(picture: Image.Image) -> np.ndarray:
    # `tobytes` and not `asarray`, which would add a slow copy through the array interface.
    return np.frombuffer(picture.tobytes(), np.uint8).reshape(picture.height, picture.width, 3)


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
