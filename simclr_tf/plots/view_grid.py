"""Pairs of augmented views, one picture a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simclr_tf.checks import check_at_least
from simclr_tf.plots.figures import FAINT_INK, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_views(
    images_first: np.ndarray,
    images_second: np.ndarray,
    originals: np.ndarray | None = None,
    figure: Figure | None = None,
    max_pictures: int = 12,
) -> np.ndarray:
    """Draws both views of each picture below one another, under the original if given.

    Args:
        images_first: First views `[n, size, size, 3]`, uint8, or floats from 0 to 1 or
            0 to 255.
        images_second: Second views, as the first.
        originals: The pictures before augmentation, `[n, size, size, 3]`.
        figure: Figure to draw into; a new one by default.
        max_pictures: Pictures drawn at most, at least 1.

    Returns:
        The `Axes`, an object array `[2 or 3, pictures]`.

    Raises:
        ValueError: No pictures, or arrays of different lengths.
    """
    check_at_least("max_pictures", max_pictures, 1)
    named = {"view 1": images_first, "view 2": images_second}
    if originals is not None:
        named = {"original": originals, **named}
    lengths = {name: len(images) for name, images in named.items()}
    if len(set(lengths.values())) > 1 or 0 in lengths.values():
        raise ValueError(
            f"Views and originals must be of the same pictures, at least one. Received: {lengths}"
        )
    pictures = min(len(images_first), max_pictures)
    figure = figure or new_figure(1.1 * pictures + 0.9, 1.15 * len(named))
    axes: np.ndarray = figure.subplots(len(named), pictures, squeeze=False)
    for line, (name, images) in zip(axes, named.items(), strict=True):
        for cell, image in zip(line, _displayable(images[:pictures]), strict=True):
            cell.imshow(image, interpolation="nearest")
            cell.set(xticks=[], yticks=[])
            cell.spines[:].set_visible(False)
        line[0].set_ylabel(name, color=FAINT_INK, rotation=0, ha="right", va="center")
    return axes


def _displayable(images: np.ndarray) -> np.ndarray:
    """Returns uint8 pictures; floats up to 1 are taken as fractions."""
    images = np.asarray(images)
    if images.dtype == np.uint8:
        return images
    images = np.nan_to_num(images.astype(np.float32))
    if images.max() <= 1.0:
        images = images * 255
    return np.clip(np.rint(images), 0, 255).astype(np.uint8)
