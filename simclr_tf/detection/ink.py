"""How much ink there is at each pixel of a page, whatever its paper and pens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

# Differences from the paper below this are dirt and noise, in levels of 255.
_LEAST_DIFFERENCE = 24
# Of the differences above the least one, this percentile counts as full ink.
_FULL_INK = 75
# Shares of full ink at which ink begins and is full.
_FROM, _TO = 0.2, 0.9
# Pixels that are worked on together, so that a large page needs little beside itself.
_PIXELS_AT_ONCE = 1 << 21


def ink_map(page: np.ndarray, paper: Sequence[int] | None = None) -> np.ndarray:
    """Returns the ink of a page: 0 on its paper, 255 where the pen was.

    White on blue is ink as black on white is. What differs from the paper in one channel only,
    such as yellow, counts as less than black.

    Args:
        page: uint8 `[height, width]` or `[height, width, 3]`.
        paper: Its level in each channel; the most frequent one of the page by default.

    Returns:
        uint8 `[height, width]`; all 0 for a page without ink.

    Raises:
        ValueError: The page is not uint8 of such a shape, or has no pixels.
    """
    shape = page.shape
    if page.dtype != np.uint8 or not page.size or shape[2:] not in ((), (3,)) or page.ndim < 2:
        raise ValueError(
            "`page` must be uint8 [height, width] or [height, width, 3]. "
            f"Received: page.shape={shape}, page.dtype={page.dtype}"
        )
    channels = [page] if page.ndim == 2 else [page[:, :, channel] for channel in range(3)]
    if paper is None:
        paper = [int(_histogram(values).argmax()) for values in channels]
    tables = [_distances(level) for level in paper]
    ink = np.empty(shape[:2], np.uint8)
    for rows in _strips(*shape[:2]):
        differences = np.stack(
            [table[values[rows]] for table, values in zip(tables, channels, strict=True)]
        )
        largest, summed = differences.max(axis=0), differences.sum(axis=0, dtype=np.uint16)
        count = len(channels)
        ink[rows] = (summed + count * largest.astype(np.uint16)) // (2 * count)
    levels = _ink_of_difference(_histogram(ink))
    for rows in _strips(*shape[:2]):
        ink[rows] = levels[ink[rows]]
    return ink


def _ink_of_difference(counts: np.ndarray) -> np.ndarray:
    """Returns the ink at each of the 256 differences, of which there are so many, uint8."""
    counts[:_LEAST_DIFFERENCE] = 0
    total = counts.sum()
    if not total:
        return np.zeros(256, np.uint8)
    full = int(np.searchsorted(np.cumsum(counts), total * _FULL_INK / 100))
    levels = np.clip((np.arange(256) / full - _FROM) / (_TO - _FROM), 0, 1)
    levels[: _LEAST_DIFFERENCE // 2] = 0
    return np.rint(255 * levels).astype(np.uint8)


def _distances(paper: int) -> np.ndarray:
    return np.abs(np.arange(256) - paper).astype(np.uint8)


def _histogram(values: np.ndarray) -> np.ndarray:
    counts = np.zeros(256, np.int64)
    for rows in _strips(*values.shape):
        counts += np.bincount(values[rows].ravel(), minlength=256)
    return counts


def _strips(height: int, width: int) -> Iterator[slice]:
    step = max(1, _PIXELS_AT_ONCE // width)
    return (slice(start, start + step) for start in range(0, height, step))
