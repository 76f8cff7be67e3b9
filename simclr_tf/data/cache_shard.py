"""Which pictures lie together in one file of the cache."""

from __future__ import annotations

import dataclasses
import hashlib
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from simclr_tf.data.decode import DECODER_VERSION

# Part of the names of the files: raise it whenever what they hold changes.
_FORMAT_VERSION = 2
# Every mapped file takes one of the files that a process may have open, often 1,024.
_MOST_SHARDS = 128


@dataclasses.dataclass(frozen=True)
class CacheShard:
    """Consecutive pictures of a set.

    Args:
        path: the `.npy` file; its description lies beside it as `.json`.
        start: row of the first picture in the set.
        stop: row after the last one.
    """

    path: Path
    start: int
    stop: int

    @property
    def description(self) -> Path:
        """The file that says what the shard holds."""
        return self.path.with_suffix(".json")

    def __len__(self) -> int:
        return self.stop - self.start


def plan_shards(
    folder: Path, sha256: Sequence[str], image_size: int, resize_mode: str, shard_bytes: int
) -> list[CacheShard]:
    """Returns the shards of a set of pictures.

    A file is named by the contents of its pictures and the way of decoding, so a file with
    this name can only hold these pictures: other contents or settings have other files. Where a
    shard ends is decided by the contents around that place and not by counting from the start, so
    a picture that is added, changed or taken away changes one or two shards, and the others are
    found again.

    Args:
        folder: where the files lie.
        sha256: `n` hexadecimal digests of the pictures' contents.
        image_size: side of the pictures in pixels.
        resize_mode: see `decode_picture`.
        shard_bytes: size of a shard on average, from half of it to twice as much; doubled until
            about 128 shards hold the set.
    """
    picture_bytes = image_size * image_size * 3
    while len(sha256) * picture_bytes > _MOST_SHARDS * shard_bytes:
        shard_bytes *= 2
    settings = f"{_FORMAT_VERSION} {DECODER_VERSION} {image_size} {resize_mode}\n".encode()

    def shard(start: int, stop: int) -> CacheShard:
        digest = hashlib.sha256(settings + "\n".join(sha256[start:stop]).encode())
        return CacheShard(folder / f"{digest.hexdigest()[:32]}.npy", start, stop)

    bounds = _bounds(sha256, max(1, shard_bytes // picture_bytes))
    return [shard(start, stop) for start, stop in bounds]


def _bounds(sha256: Sequence[str], pictures: int) -> Iterator[tuple[int, int]]:
    """Gives where shards of about so many pictures begin and end."""
    half = max(1, pictures // 2)
    start = 0
    for row, digest in enumerate(sha256):
        length = row + 1 - start
        # Once there is a half, one picture in a half ends the shard: a whole on average.
        ends = length >= half and zlib.crc32(digest.encode()) % half == 0
        if ends or length >= 2 * pictures:
            yield start, row + 1
            start = row + 1
    if start < len(sha256):
        yield start, len(sha256)
