"""Decode once: the pictures of a data set as checked shards of uint8 on the disk.

A shard is an ordinary `.npy` file of decoded pictures, by default about 64 MiB, with a `.json`
beside it. TFRecord and ArrayRecord were weighed: a TFRecord is read from its beginning, so that
a shuffle is one of shards and of a buffer, and going on in the middle of an epoch means reading it
again; an ArrayRecord has its rows at hand but needs another package and copies every picture out of
its record. A mapped array has them at hand with NumPy alone: the order stays one permutation of all
pictures, a function of seed and epoch, however large the set is, and the system's page cache keeps
what fits into memory. Pictures are not compressed: decoding again is what the cache is to save.

A shard's name is a digest of its pictures' contents and of the way of decoding, see `plan_shards`.
So shards are written once and never changed, and what is missing (after an interruption, a deletion
or a change of some pictures) is all that is decoded. Every byte is checked when a set is opened.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from simclr_tf.checks import check_at_least
from simclr_tf.data.cache_folder import cache_folder, check_free_space, evict_oldest
from simclr_tf.data.cache_shard import CacheShard, plan_shards
from simclr_tf.data.decode_many import Decoded
from simclr_tf.data.shard_file import OpenShard, open_shard, write_shard
from simclr_tf.data.sharded_pictures import Pictures, ShardedPictures

DEFAULT_CACHE_LIMIT_BYTES = 50 * 10**9
DEFAULT_SHARD_BYTES = 1 << 26

_THREADS = 4
_LOGGER = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class DecodedPictures:
    """The pictures that could be decoded, in the order asked for.

    Args:
        images: uint8 `[m, size, size, 3]`, in memory, or `ShardedPictures` on the disk.
        rows: int64 `[m]`: which of the `n` wanted pictures they are, increasing.
        unreadable: the other rows with the reason of each.
    """

    images: Pictures
    rows: np.ndarray
    unreadable: tuple[tuple[int, str], ...]


def decode_once(
    sha256: Sequence[str],
    decode_rows: Callable[[np.ndarray], Iterator[Decoded]],
    *,
    image_size: int,
    resize_mode: str,
    cache_dir: str | os.PathLike[str] | None = None,
    ram_limit_bytes: int | None = None,
    cache_limit_bytes: int = DEFAULT_CACHE_LIMIT_BYTES,
    shard_bytes: int = DEFAULT_SHARD_BYTES,
    progress: Callable[[int, int], None] | None = None,
) -> DecodedPictures:
    """Returns the decoded pictures, from the cache where intact copies are there.

    Shards that are missing or damaged are decoded (again), the others are not touched: a writing
    that was interrupted goes on where it stopped.

    Args:
        sha256: `n` hexadecimal digests of the pictures' contents; with the size and the way
            of resizing they name the shards.
        decode_rows: gives the pictures of some rows of the `n`, int64 `[r]`, increasing, in
            their order; called at most once.
        image_size: side of the pictures in pixels.
        resize_mode: see `decode_picture`.
        cache_dir: see `cache_folder`.
        ram_limit_bytes: a larger set stays on the disk and is read picture by picture; by default
            half of the memory that is free.
        cache_limit_bytes: what all cached sets together may take; the shards used longest ago
            are deleted.
        shard_bytes: size of a shard, see `plan_shards`; at least 1.
        progress: called with (pictures done, all pictures) while decoding.

    Raises:
        ValueError: if the set is larger than `cache_limit_bytes`, or the cache folder cannot
            be written to.
        OSError: if the disk is full.
    """
    check_at_least("shard_bytes", shard_bytes, 1)
    folder = cache_folder(cache_dir)
    shards = plan_shards(folder, sha256, image_size, resize_mode, shard_bytes)
    # Reading and checksums leave Python's lock to others.
    with ThreadPoolExecutor(_THREADS) as pool:
        opened = list(pool.map(lambda shard: open_shard(shard, image_size), shards))
    missing = [shard for shard, found in zip(shards, opened, strict=True) if found is None]
    if missing:
        _warn_of_part(folder, shards, missing)
        _make_room(folder, shards, missing, image_size, cache_limit_bytes)
        rows = np.concatenate([np.arange(shard.start, shard.stop) for shard in missing])
        pictures = _counted(decode_rows(rows), len(sha256) - len(rows), len(sha256), progress)
        for shard in missing:
            write_shard(shard, image_size, pictures)
        opened = [
            open_shard(shard, image_size) if found is None else found
            for shard, found in zip(shards, opened, strict=True)
        ]
    limit = _half_of_free_memory() if ram_limit_bytes is None else ram_limit_bytes
    return _joined(shards, opened, image_size, limit)


def _warn_of_part(
    folder: Path, shards: Sequence[CacheShard], missing: Sequence[CacheShard]
) -> None:
    if len(missing) < len(shards):
        _LOGGER.warning(
            "%d of the %d shards of these pictures are not in the cache %s (interrupted writing, "
            "deleted or damaged shards, new or changed pictures): decoding %d of %d pictures.",
            len(missing),
            len(shards),
            folder,
            sum(map(len, missing)),
            sum(map(len, shards)),
        )


def _make_room(
    folder: Path,
    shards: Sequence[CacheShard],
    missing: Sequence[CacheShard],
    image_size: int,
    cache_limit_bytes: int,
) -> None:
    picture_bytes = image_size * image_size * 3
    pictures = sum(map(len, shards))
    if pictures * picture_bytes > cache_limit_bytes:
        raise ValueError(
            f"The {pictures} decoded pictures take {pictures * picture_bytes} bytes and do not fit "
            f"into the cache folder {folder}. Raise `cache_limit_bytes`, lower `image_size` or "
            "keep fewer classes with `max_classes`. Received: "
            f"cache_limit_bytes={cache_limit_bytes!r}"
        )
    for shard in missing:
        shard.description.unlink(missing_ok=True)
        shard.path.unlink(missing_ok=True)
    needed = sum(map(len, missing)) * picture_bytes
    evict_oldest(folder, cache_limit_bytes, needed, keep={shard.path for shard in shards})
    check_free_space(folder, needed)


def _counted(
    pictures: Iterable[Decoded],
    done: int,
    total: int,
    progress: Callable[[int, int], None] | None,
) -> Iterator[Decoded]:
    """Passes the pictures on and reports how many there are with the `done` of before."""
    for row, picture in enumerate(pictures, start=done + 1):
        if progress is not None and (row % 256 == 0 or row == total):
            progress(row, total)
        yield picture


def _joined(
    shards: Sequence[CacheShard],
    opened: Sequence[OpenShard | None],
    image_size: int,
    ram_limit_bytes: int,
) -> DecodedPictures:
    unreadable: list[tuple[int, str]] = []
    maps = []
    for shard, found in zip(shards, opened, strict=True):
        if found is None:
            raise OSError(f"The decoded pictures {shard.path} cannot be read back.")
        unreadable += [(shard.start + row, reason) for row, reason in found.unreadable]
        maps.append(found.images)
    num_pictures = shards[-1].stop if shards else 0
    rows = np.setdiff1d(np.arange(num_pictures), [row for row, _ in unreadable])
    shape = (len(rows), image_size, image_size, 3)
    if np.prod(shape) > ram_limit_bytes:
        images: Pictures = ShardedPictures(maps)
    else:
        images = np.empty(shape, np.uint8)
        ends = itertools.accumulate(map(len, maps))
        for end, pictures in zip(ends, maps, strict=True):
            images[end - len(pictures) : end] = pictures
    return DecodedPictures(images, rows.astype(np.int64), tuple(unreadable))


def _half_of_free_memory() -> int:
    """Memory the system can give without swapping; the page cache counts as free."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024 // 2
    with contextlib.suppress(AttributeError, OSError, ValueError):
        # Outside Linux only the total is known: count half of it as free.
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4
    return 2 * 10**9
