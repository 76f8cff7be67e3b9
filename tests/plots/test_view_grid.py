from __future__ import annotations

import numpy as np
import pytest

from simclr_tf.plots import plot_views


def pictures(seed: int, count: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 4, 4, 3), np.uint8)


def test_each_column_holds_original_and_both_views_of_a_picture() -> None:
    first, second, originals = pictures(0), pictures(1), pictures(2)
    axes = plot_views(first, second, originals)
    assert axes.shape == (3, 3)
    for line, images in zip(axes, (originals, first, second), strict=True):
        for cell, image in zip(line, images, strict=True):
            assert np.array_equal(cell.images[0].get_array(), image)
    assert [line[0].get_ylabel() for line in axes] == ["original", "view 1", "view 2"]


def test_without_originals_there_are_two_lines() -> None:
    assert plot_views(pictures(0), pictures(1)).shape == (2, 3)


@pytest.mark.parametrize("scale", [1, 255])
def test_floats_are_shown_like_the_bytes_they_stand_for(scale: int) -> None:
    images = pictures(0)
    axes = plot_views(images.astype(np.float32) / 255 * scale, images)
    assert np.array_equal(axes[0, 0].images[0].get_array(), images[0])


def test_at_most_max_pictures_are_drawn() -> None:
    assert plot_views(pictures(0, 9), pictures(1, 9), max_pictures=5).shape == (2, 5)


def test_views_of_different_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match="Received: {'view 1': 3, 'view 2': 2}"):
        plot_views(pictures(0), pictures(1, 2))
