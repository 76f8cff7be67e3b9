"""Crops as decoded pictures of one size, without files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simclr_tf.checks import check_at_least
from simclr_tf.data.decode import MINIMUM_SIZE, decode_content
from simclr_tf.data.drawings.crop_files import png_of
from simclr_tf.data.drawings.crops import Crop
from simclr_tf.data.picture_set import PictureSet


def crop_set(crops: Sequence[Crop], class_names: Sequence[str], image_size: int) -> PictureSet:
    """Returns crops as pictures with labels: the pixels that their files would be decoded to.

    Args:
        crops: What `cut_page` cut; those of label -1 have no class.
        class_names: Name of every label.
        image_size: Side of the pictures in pixels, at least 8.

    Returns:
        `n` pictures; the id of each is its page with the window in pixels.
    """
    check_at_least("image_size", image_size, MINIMUM_SIZE)
    images = np.empty((len(crops), image_size, image_size, 3), np.uint8)
    for row, crop in enumerate(crops):
        images[row] = decode_content(png_of(crop.pixels), image_size)
    return PictureSet(
        images=images,
        labels=np.array([crop.label for crop in crops], np.int32),
        ids=tuple(f"{crop.page}[{','.join(map(str, crop.window))}]" for crop in crops),
        class_names=tuple(class_names),
    )
