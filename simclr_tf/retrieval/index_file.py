"""One file for an index: FAISS's own bytes, then the ids, a header and its length.

What FAISS wrote stands first because it maps files from their beginning; the rest is found
from the end, which also tells when the file was cut off. A checksum of it all is compared before
FAISS sees a byte: given a damaged graph it would read beyond its memory and end the program.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import struct
import zlib
from collections.abc import Callable, Sequence
from typing import BinaryIO

from simclr_tf.archives import DAMAGED_FILE_ERRORS
from simclr_tf.files import written_beside

_MAGIC = b"simclr_tf index 2\n"
# Length of the header, and checksum of everything before this.
_TRAILER = struct.Struct("<QI")
_BLOCK_BYTES = 1 << 20


@dataclasses.dataclass(frozen=True)
class IndexHeader:
    """What a saved index says of itself.

    Args:
        engine: Name of its engine.
        dimension: Length of its vectors.
        count: How many there are.
        encoder: Fingerprint of their encoder, or None.
        contents: See `Index`.
    """

    engine: str
    dimension: int
    count: int
    encoder: str | None
    contents: str | None = None


def write_index_file(
    path: str | os.PathLike[str],
    header: IndexHeader,
    write_engine: Callable[[BinaryIO], None],
    ids: Sequence[str],
) -> None:
    """Writes an index; a half-written file never replaces a good one.

    Args:
        path: File to write.
        header: What it says of itself.
        write_engine: Writes the engine to an open file.
        ids: The ids by number, an empty text for a number without vector.
    """
    names = zlib.compress("\0".join(ids).encode("utf-8", "surrogateescape"), level=1)
    with written_beside(path) as file:
        write_engine(file)
        engine_bytes = file.tell()
        file.write(names)
        description = {
            **dataclasses.asdict(header),
            "engine_bytes": engine_bytes,
            "ids_bytes": len(names),
            "ids": len(ids),
        }
        content = json.dumps(description).encode()
        file.write(content)
        file.flush()
        checksum = _checksum(pathlib.Path(file.name), file.tell())
        file.write(_TRAILER.pack(len(content), checksum) + _MAGIC)


def read_index_file(path: str | os.PathLike[str]) -> tuple[IndexHeader, list[str]]:
    """Returns the header and the ids of an index that `write_index_file` wrote.

    Raises:
        ValueError: The file is not an index, is cut off or damaged.
        OSError: The file cannot be read.
    """
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        tail = _TRAILER.size + len(_MAGIC)
        file.seek(max(0, size - tail))
        end = file.read()
        if len(end) < tail or not end.endswith(_MAGIC):
            raise ValueError(
                f"{os.fspath(path)!r} is not an index of simclr_tf, or was cut off: its end is "
                f"missing ({size} bytes)."
            )
        length, checksum = _TRAILER.unpack(end[: _TRAILER.size])
        try:
            file.seek(size - tail - length)
            description = json.loads(file.read(length))
            sizes = [description.pop(name) for name in ("engine_bytes", "ids_bytes", "ids")]
            if sizes[0] + sizes[1] + length + tail != size:
                raise ValueError("its length is wrong")
            if _checksum(path, size - tail) != checksum:
                raise ValueError("its checksum is wrong")
            file.seek(sizes[0])
            text = zlib.decompress(file.read(sizes[1])).decode("utf-8", "surrogateescape")
            ids = text.split("\0") if sizes[2] else []
            if len(ids) != sizes[2]:
                raise ValueError("ids are missing")
            return IndexHeader(**description), ids
        except (OSError, *DAMAGED_FILE_ERRORS) as error:
            raise ValueError(f"The index {os.fspath(path)!r} is damaged: {error}.") from error


def _checksum(path: str | os.PathLike[str], length: int) -> int:
    """Returns the CRC-32 of the first `length` bytes of a file."""
    checksum = 0
    with open(path, "rb") as file:
        while length and (block := file.read(min(length, _BLOCK_BYTES))):
            checksum = zlib.crc32(block, checksum)
            length -= len(block)
    return checksum
