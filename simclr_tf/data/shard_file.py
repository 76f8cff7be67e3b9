"""Writing a shard of decoded pictures, and opening it after a check of every byte."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import logging
import os
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from simclr_tf.data.cache_folder import cached_file
from simclr_tf.data.cache_shard import CacheShard
from simclr_tf.data.decode_many import Decoded
from simclr_tf.files import read_json

_CHUNK_BYTES = 1 << 20
_LOGGER = logging.getLogger(__name__)


class OpenShard(NamedTuple):
    """The pictures of a shard that could be decoded.

    Args:
        images: uint8 `[m, size, size, 3]`, a read-only memory map.
        unreadable: the others: row within the shard, increasing, and reason.
    """

    images: np.ndarray
    unreadable: tuple[tuple[int, str], ...]


def write_shard(shard: CacheShard, image_size: int, pictures: Iterator[Decoded]) -> None:
    """Writes the next `len(shard)` of `pictures`; the file appears when it is whole.

    Raises:
        OSError: if the disk is full, or there are fewer pictures.
    """
    unreadable: list[tuple[int, str]] = []
    checksum = rows = 0
    with cached_file(shard.path) as file:
        header = _header(len(shard), image_size)
        file.write(header)
        for row, picture in enumerate(itertools.islice(pictures, len(shard))):
            rows = row + 1
            if isinstance(picture, str):
                unreadable.append((row, picture))
            else:
                content = picture.tobytes()
                checksum = zlib.crc32(content, checksum)
                file.write(content)
        if rows < len(shard):
            raise OSError(f"The source of {shard.path} gave {rows} of {len(shard)} pictures.")
        # NumPy pads headers so that the first dimension can be corrected in place.
        corrected = _header(rows - len(unreadable), image_size)
        if len(corrected) != len(header):
            raise OSError(f"The header of {shard.path} changed its length.")
        file.seek(0)
        file.write(corrected)
        file.seek(0, os.SEEK_END)
    description = {
        "pictures": rows - len(unreadable),
        "crc32": _with_unreadable(checksum, unreadable),
        "unreadable": unreadable,
    }
    with cached_file(shard.description) as file:
        file.write(json.dumps(description).encode())


def open_shard(shard: CacheShard, image_size: int) -> OpenShard | None:
    """Returns the pictures of a shard; None, with a warning, where they are damaged.

    A shard that is not there gives None without a warning. One that is opened counts as used now.
    """
    if not shard.path.exists() or not shard.description.exists():
        return None
    try:
        description = read_json(shard.description, dict)
        unreadable = tuple((int(row), str(reason)) for row, reason in description["unreadable"])
        images = _checked_map(shard, image_size, description["crc32"], unreadable)
    except (OSError, ValueError, KeyError, TypeError) as error:
        _LOGGER.warning(
            "The cached pictures %s are damaged (%s): decoding them again.", shard.path, error
        )
        return None
    with contextlib.suppress(OSError):
        os.utime(shard.description)
    return OpenShard(images, unreadable)


def _checked_map(
    shard: CacheShard, image_size: int, checksum: Any, unreadable: tuple[tuple[int, str], ...]
) -> np.ndarray:
    shape = (len(shard) - len(unreadable), image_size, image_size, 3)
    header = _header(shape[0], image_size)
    size = len(header) + int(np.prod(shape))
    with open(shard.path, "rb") as file:
        found_size = os.fstat(file.fileno()).st_size
        if found_size != size:
            raise ValueError(f"{found_size} bytes instead of {size}")
        if file.read(len(header)) != header:
            raise ValueError("another header")
        # Read and not looked at in the map: a disk's error is an exception here, a crash there.
        found = 0
        while block := file.read(_CHUNK_BYTES):
            found = zlib.crc32(block, found)
        if _with_unreadable(found, unreadable) != checksum:
            raise ValueError("wrong checksum")
        if not shape[0]:
            # An empty array cannot be mapped.
            return np.empty(shape, np.uint8)
        return np.memmap(file, np.uint8, "r", len(header), shape)


def _header(pictures: int, image_size: int) -> bytes:
    file = io.BytesIO()
    shape = (pictures, image_size, image_size, 3)
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue()


def _with_unreadable(checksum: int, unreadable: Any) -> int:
    """Returns the checksum of the pictures continued over the list of those left out."""
    return zlib.crc32(json.dumps(unreadable).encode(), checksum)
