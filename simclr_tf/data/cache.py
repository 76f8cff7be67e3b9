"""Decode once: the pictures of a data set as one checked `.npy` file."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import logging
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from simclr_tf.data.cache_folder import cache_folder, cached_file, evict_oldest
from simclr_tf.data.decode import DECODER_VERSION
from simclr_tf.data.decode_many import Decoded

DEFAULT_CACHE_LIMIT_BYTES = 50 * 10**9

_CHUNK_BYTES = 1 << 22
_LOGGER = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class DecodedPictures:
    """The pictures that could be decoded, in the order asked for.

    Args:
        images: uint8 `[m, size, size, 3]`, an array or a read-only memory map.
        rows: int64 `[m]`: which of the `n` wanted pictures they are, increasing.
        unreadable: the other rows with the reason of each.
    """

    images: np.ndarray
    rows: np.ndarray
    unreadable: tuple[tuple[int, str], ...]


def decode_once(
    sha256: Sequence[str],
    decode_all: Callable[[], Iterator[Decoded]],
    *,
    image_size: int,
    resize_mode: str,
    cache_dir: str | os.PathLike[str] | None = None,
    ram_limit_bytes: int | None = None,
    cache_limit_bytes: int = DEFAULT_CACHE_LIMIT_BYTES,
    progress: Callable[[int, int], None] | None = None,
) -> DecodedPictures:
    """Returns the decoded pictures, from the cache when an intact copy is there.

    Args:
        sha256: `n` hexadecimal digests of the pictures' contents; with the size and the way
            of resizing they name the cached copy.
        decode_all: gives the `n` pictures in that order; called only without a cached copy.
        image_size: side of the pictures in pixels.
        resize_mode: see `decode_picture`.
        cache_dir: see `cache_folder`.
        ram_limit_bytes: a larger set stays on disk as a memory map; by default half of the
            memory that is free.
        cache_limit_bytes: what all cached sets together may take; the ones used longest ago
            are deleted.
        progress: called with (pictures done, all pictures) while decoding.

    Raises:
        ValueError: if the set is larger than `cache_limit_bytes`, or the cache folder cannot
            be written to.
        OSError: if the disk is full.
    """
    data = cache_folder(cache_dir) / f"{_key(sha256, image_size, resize_mode)}.npy"
    limit = _half_of_free_memory() if ram_limit_bytes is None else ram_limit_bytes
    decoded = _open(data, len(sha256), image_size, limit)
    if decoded is None:
        _make_room(data, len(sha256), image_size, cache_limit_bytes)
        _write(data, len(sha256), image_size, decode_all(), progress)
        decoded = _open(data, len(sha256), image_size, limit)
    if decoded is None:
        raise OSError(f"The decoded pictures just written to {data} cannot be read back.")
    return decoded


def _key(sha256: Sequence[str], image_size: int, resize_mode: str) -> str:
    digest = hashlib.sha256(f"{DECODER_VERSION} {image_size} {resize_mode}\n".encode())
    digest.update("\n".join(sha256).encode())
    return digest.hexdigest()[:32]


def _make_room(data: Path, num_pictures: int, image_size: int, cache_limit_bytes: int) -> None:
    needed = num_pictures * image_size * image_size * 3
    if needed > cache_limit_bytes:
        raise ValueError(
            f"The {num_pictures} decoded pictures take {needed} bytes and do not fit into the "
            f"cache folder {data.parent}. Raise `cache_limit_bytes`, lower `image_size` or keep "
            "fewer classes with `max_classes`. Received: "
            f"cache_limit_bytes={cache_limit_bytes!r}"
        )
    data.unlink(missing_ok=True)
    evict_oldest(data.parent, cache_limit_bytes, needed)


def _write(
    data: Path,
    num_pictures: int,
    image_size: int,
    pictures: Iterator[Decoded],
    progress: Callable[[int, int], None] | None,
) -> None:
    unreadable: list[tuple[int, str]] = []
    checksum = 0
    with cached_file(data) as file:
        header_bytes = _write_header(file, (num_pictures, image_size, image_size, 3))
        for row, picture in enumerate(pictures):
            if isinstance(picture, str):
                unreadable.append((row, picture))
            else:
                content = picture.tobytes()
                checksum = zlib.crc32(content, checksum)
                file.write(content)
            if progress is not None and ((row + 1) % 256 == 0 or row + 1 == num_pictures):
                progress(row + 1, num_pictures)
        # NumPy pads headers so that the first dimension can be corrected in place.
        file.seek(0)
        readable = num_pictures - len(unreadable)
        if _write_header(file, (readable, image_size, image_size, 3)) != header_bytes:
            raise OSError(f"The header of {data} changed its length.")
        file.seek(0, os.SEEK_END)
    description = {
        "pictures": readable,
        "bytes": data.stat().st_size,
        "header_bytes": header_bytes,
        "crc32": checksum,
        "unreadable": unreadable,
    }
    with cached_file(data.with_suffix(".json")) as file:
        file.write(json.dumps(description).encode())


def _write_header(file: Any, shape: tuple[int, ...]) -> int:
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    return int(file.tell())


def _open(
    data: Path, num_pictures: int, image_size: int, ram_limit_bytes: int
) -> DecodedPictures | None:
    description_path = data.with_suffix(".json")
    if not description_path.exists() or not data.exists():
        return None
    try:
        description = json.loads(description_path.read_bytes())
        unreadable = tuple((int(row), str(reason)) for row, reason in description["unreadable"])
        images = _read_checked(data, description, ram_limit_bytes)
        readable = num_pictures - len(unreadable)
        if images.shape != (readable, image_size, image_size, 3):
            raise ValueError(f"it holds an array of shape {images.shape}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        _LOGGER.warning("The cached pictures %s are damaged (%s): decoding again.", data, error)
        return None
    rows = np.setdiff1d(np.arange(num_pictures), [row for row, _ in unreadable])
    with contextlib.suppress(OSError):
        os.utime(description_path)
    return DecodedPictures(images, rows.astype(np.int64), unreadable)


def _read_checked(data: Path, description: dict[str, Any], ram_limit_bytes: int) -> np.ndarray:
    size = data.stat().st_size
    if size != description["bytes"]:
        raise ValueError(f"{size} bytes instead of {description['bytes']}")
    # An empty array cannot be mapped.
    mapped = np.load(data, mmap_mode="r" if description["pictures"] else None)
    if mapped.dtype != np.uint8:
        raise ValueError(f"it holds {mapped.dtype}")
    in_memory = mapped.nbytes <= ram_limit_bytes
    images = np.empty(mapped.shape, np.uint8) if in_memory else mapped
    flat = images.reshape(-1)
    checksum = 0
    with open(data, "rb") as file:
        file.seek(description["header_bytes"])
        for start in range(0, mapped.nbytes, _CHUNK_BYTES):
            block = file.read(min(_CHUNK_BYTES, mapped.nbytes - start))
            checksum = zlib.crc32(block, checksum)
            if in_memory:
                flat[start : start + len(block)] = np.frombuffer(block, np.uint8)
    if checksum != description["crc32"]:
        raise ValueError("wrong checksum")
    return images


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
