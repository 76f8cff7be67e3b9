"""Pictures that lie in several mapped files, read as one array."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from simclr_tf.checks import check_at_least


class ShardedPictures:
    """Pictures in several memory maps, which are read picture by picture when they are asked for.

    It is indexed like a NumPy array along the first axis: a number or a list of rows (or a boolean
    mask) reads these pictures into memory, a slice reads nothing and gives a part. Any row is as
    near as any other, so a shuffled order costs what a sorted one does, but for the disk's own
    seeks. Only the numbers of the rows are in memory, 8 bytes a picture.

    Args:
        shards: at least one array of pictures, uint8 `[m_i, size, size, 3]`, such as read-only
            memory maps; together they hold `n` pictures.

    Raises:
        ValueError: if there are no shards, or they differ in the shape or type of their pictures.

    Example:
        >>> pictures = ShardedPictures([np.load(path, mmap_mode="r") for path in paths])
        >>> batch = pictures[[5, 3, 100_000]]  # uint8 [3, size, size, 3], in memory
        >>> held_out = pictures[:1000]  # reads nothing
    """

    def __init__(self, shards: Sequence[np.ndarray]) -> None:
        check_at_least("len(shards)", len(shards), 1)
        kinds = {(shard.shape[1:], shard.dtype) for shard in shards}
        if len(kinds) > 1:
            raise ValueError(
                "`shards` must hold pictures of one shape and type. "
                f"Received: shapes={[shard.shape for shard in shards]}"
            )
        self._shards = tuple(shards)
        self._ends = np.cumsum([len(shard) for shard in shards])
        self._rows = np.arange(self._ends[-1])

    @property
    def shape(self) -> tuple[int, ...]:
        """`(n, size, size, 3)`."""
        return (len(self._rows), *self._shards[0].shape[1:])

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype:
        """The type of a pixel's channel."""
        return self._shards[0].dtype

    @property
    def nbytes(self) -> int:
        """What the pictures would take in memory, in bytes."""
        return int(np.prod(self.shape)) * self.dtype.itemsize

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return self.chosen(key)
        wanted = np.asarray(None if isinstance(key, tuple) else key)
        if wanted.dtype.kind not in "iub" or wanted.ndim > 1:
            raise IndexError(
                f"only whole pictures can be chosen, by rows or a mask, not by {key!r}"
            )
        rows = self._rows[wanted]
        return self._read(rows) if wanted.ndim else self._read(rows[None])[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("`copy` must not be False: the pictures lie in several files.")
        return self._read(self._rows).astype(self.dtype if dtype is None else dtype, copy=False)

    def chosen(self, rows: Any) -> ShardedPictures:
        """Returns the pictures of `rows`, a slice, int `[m]` or mask `[n]`, without reading any."""
        part = object.__new__(ShardedPictures)
        part._shards, part._ends = self._shards, self._ends
        part._rows = self._rows[rows]
        return part

    def _read(self, rows: np.ndarray) -> np.ndarray:
        """Copies the pictures of these rows of the shards, in that order."""
        pictures = np.empty((len(rows), *self.shape[1:]), self.dtype)
        # By shard, and upwards in each: so the disk is read in one direction.
        order = np.argsort(rows, kind="stable")
        numbers = np.searchsorted(self._ends, rows[order], side="right")
        starts = np.flatnonzero(np.diff(numbers, prepend=-1))
        for begin, end in itertools.pairwise([*starts, len(rows)]):
            number, places = numbers[begin], order[begin:end]
            shard = self._shards[number]
            pictures[places] = shard[rows[places] - (self._ends[number] - len(shard))]
        return pictures


Pictures = np.ndarray | ShardedPictures
"""Pictures uint8 `[n, size, size, 3]`: an array, a memory map, or many maps read as one."""
