"""The size of a page, which the annotation and the picture state alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simclr_tf.data.decode import picture_size


def page_size(picture: Path, width: Any, height: Any) -> tuple[int, int]:
    """Returns width and height of a picture in pixels.

    Args:
        picture: The file.
        width: Width that the annotation states; None (or 0, as some tools write) for none.
        height: Height that the annotation states; likewise.

    Raises:
        ValueError: The picture cannot be read, or has another size: the boxes are then those of
            another picture, or of this one before it was scaled or turned. The text is the reason.
    """
    try:
        is_there = picture.is_file()
    except OSError:
        # A name that is too long, say.
        is_there = False
    if not is_there:
        raise ValueError(f"there is no picture {picture}")
    size = picture_size(picture)
    for stated in (width, height):
        if stated is not None and not isinstance(stated, (int, float)):
            raise ValueError(f"the size of the page must be numbers, not {stated!r}")
    if width and height and (width, height) != size:
        # A whole number may be too large for the format of a real one.
        wide, high = (f"{side:g}" if isinstance(side, float) else side for side in (width, height))
        raise ValueError(
            f"the page is stated to have {wide} x {high} pixels, but the picture "
            f"{picture} has {size[0]} x {size[1]}"
        )
    return size
