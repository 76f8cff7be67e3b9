"""Many pictures in order, decoded on all cores."""

from __future__ import annotations

import collections
import hashlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from simclr_tf.data.decode import (
    UnreadablePicture,
    decode_content,
    decode_picture,
    read_content,
)

Decoded = np.ndarray | str
"""A picture, uint8 `[size, size, 3]`, or the reason why it cannot be read."""

Source = TypeVar("Source")
Result = TypeVar("Result")

_CHUNK = 64
# Of pictures that wait for their reader, who may have something to load first.
_BYTES_AHEAD = 1 << 27
_MOST_CHUNKS_AHEAD = 64


def decode_files(
    root: str, paths: Sequence[str], image_size: int, resize_mode: str
) -> Iterator[Decoded]:
    """Gives the pictures of the files `paths` below `root`, or why one cannot be read."""
    return _in_parallel(
        paths,
        lambda path: decode_picture(os.path.join(root, path), image_size, resize_mode),
        min(_BYTES_AHEAD // (_CHUNK * 3 * max(1, image_size) ** 2), _MOST_CHUNKS_AHEAD),
    )


def decode_contents(
    contents: Iterable[bytes], image_size: int, resize_mode: str
) -> Iterator[Decoded]:
    """Gives the pictures of the files' bytes, or why one cannot be read."""
    return _in_parallel(contents, lambda content: decode_content(content, image_size, resize_mode))


def decode_and_hash_files(
    root: str, paths: Sequence[str], image_size: int, resize_mode: str
) -> Iterator[tuple[bytes, np.ndarray] | str]:
    """Gives SHA-256 and picture of each file, read once, or why one cannot be read."""

    def decode(path: str) -> tuple[bytes, np.ndarray]:
        content = read_content(os.path.join(root, path))
        picture = decode_content(content, image_size, resize_mode)
        return hashlib.sha256(content).digest(), picture

    return _in_parallel(paths, decode)


def _in_parallel(
    sources: Iterable[Source], decode: Callable[[Source], Result], most_ahead: int = 0
) -> Iterator[Result | str]:
    """Decodes in order, a bounded number of chunks ahead of the reader."""

    def decode_chunk(chunk: Sequence[Source]) -> list[Result | str]:
        decoded: list[Result | str] = []
        for source in chunk:
            try:
                decoded.append(decode(source))
            except UnreadablePicture as error:
                decoded.append(str(error))
        return decoded

    threads = os.cpu_count() or 1
    ahead = max(2 * threads, most_ahead)
    remaining = iter(sources)
    pending: collections.deque[Future[list[Result | str]]] = collections.deque()
    pool = ThreadPoolExecutor(threads)
    try:
        while chunk := list(itertools.islice(remaining, _CHUNK)):
            pending.append(pool.submit(decode_chunk, chunk))
            if len(pending) > ahead:
                yield from pending.popleft().result()
        while pending:
            yield from pending.popleft().result()
    finally:
        # A reader that stops does not wait for what it will not read.
        pool.shutdown(cancel_futures=True)
