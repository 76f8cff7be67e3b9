"""A part of a picture, in fractions so that it holds at every size of the picture."""

from __future__ import annotations

from PIL import Image

# Left, top, right and bottom as fractions of width and height, from the upper left corner.
Region = tuple[float, float, float, float]


def check_region(region: Region) -> None:
    """Raises `ValueError` unless the region is a part of the picture and not empty."""
    left, top, right, bottom = region
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise ValueError(
            "`region` must be (left, top, right, bottom) with 0 <= left < right <= 1 and "
            f"0 <= top < bottom <= 1. Received: region={region!r}"
        )


def cut_region(picture: Image.Image, region: Region) -> Image.Image:
    """Returns the part of the picture, at least one pixel wide and high."""
    left, top, right, bottom = region
    width, height = picture.size
    x, y = min(round(left * width), width - 1), min(round(top * height), height - 1)
    end_x, end_y = max(x + 1, round(right * width)), max(y + 1, round(bottom * height))
    return picture.crop((x, y, end_x, end_y))
