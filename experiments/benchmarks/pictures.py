"""Pictures and views to measure with, the same for every contestant."""

from __future__ import annotations

import os
import pathlib
import tempfile
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from simclr_tf.data import ShardedPictures

SPLITS = ("train", "validation", "test")


def random_pictures(count: int, size: int, seed: int = 0) -> np.ndarray:
    """Returns uint8 `[count, size, size, 3]`; what they show does not change the work."""
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), np.uint8)


def pictures_on_disk(count: int, size: int, seed: int = 0) -> ShardedPictures:
    """Returns uint8 `[count, size, size, 3]` in shards of about 1 MiB, as beyond the memory limit.

    Their files have no name any more, and go when nobody reads them.
    """
    from simclr_tf.data.cache import decode_once

    generator = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        return decode_once(
            [f"{row:064x}" for row in range(count)],
            lambda rows: (generator.integers(0, 256, (size, size, 3), np.uint8) for _ in rows),
            image_size=size,
            resize_mode="crop",
            cache_dir=folder,
            ram_limit_bytes=0,
            shard_bytes=1 << 20,
        ).images


def random_projections(pairs: int, size: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Returns two views of projections, float32 `[pairs, size]` each, alike but not equal."""
    generator = np.random.default_rng(seed)
    first = generator.standard_normal((pairs, size), np.float32)
    return first, first + generator.standard_normal((pairs, size), np.float32)


def write_jpeg_folder(folder: pathlib.Path, count: int, size: int, seed: int = 0) -> None:
    """Writes `count` smooth pictures of `size` pixels into two class folders below `folder`."""
    generator = np.random.default_rng(seed)
    for label in ("first", "second"):
        (folder / label).mkdir(parents=True)
    for number in range(count):
        coarse = generator.integers(0, 256, (8, 8, 3), np.uint8)
        picture = Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC)
        label = ("first", "second")[number % 2]
        picture.save(folder / label / f"{number:06d}.jpg", quality=90)


def picture_files(folder: str | os.PathLike[str]) -> list[str]:
    """Returns the JPEG and PNG files anywhere below `folder`, sorted."""
    endings = {".jpg", ".jpeg", ".png"}
    found = pathlib.Path(folder).rglob("*")
    return sorted(str(path) for path in found if path.suffix.lower() in endings)
