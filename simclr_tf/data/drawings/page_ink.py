"""Paper and ink of a page."""

from __future__ import annotations

import numpy as np

# Grey levels between paper and what counts as ink: more than a scan's noise and stains.
_LEAST_CONTRAST = 40
# Pixels that the colour of the paper is taken from.
_SAMPLE = 1 << 18


def page_paper(page: np.ndarray) -> np.ndarray:
    """Returns the colour of the paper: the median of each channel, uint8 `[3]`.

    Args:
        page: uint8 `[height, width, 3]`; a large one is sampled evenly.
    """
    step = max(1, int(np.sqrt(page.shape[0] * page.shape[1] / _SAMPLE)))
    return np.median(page[::step, ::step], axis=(0, 1)).astype(np.uint8)


def ink_mask(page: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """Returns bool `[height, width]`: where some channel is far from that of the paper.

    Args:
        page: uint8 `[height, width, 3]`.
        paper: uint8 `[3]`.
    """
    low = np.clip(paper.astype(np.int16) - _LEAST_CONTRAST, 0, 255).astype(np.uint8)
    high = np.clip(paper.astype(np.int16) + _LEAST_CONTRAST, 0, 255).astype(np.uint8)
    mask = np.zeros(page.shape[:2], bool)
    for channel in range(3):
        mask |= (page[..., channel] < low[channel]) | (page[..., channel] > high[channel])
    return mask


class InkShare:
    """The share of ink in any window of a page, each at once by four sums.

    Args:
        mask: bool `[height, width]`, see `ink_mask`.
    """

    def __init__(self, mask: np.ndarray) -> None:
        # Pages have less than 2^31 pixels.
        self._sums = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1), np.int32)
        np.cumsum(np.cumsum(mask, axis=0, dtype=np.int32), axis=1, out=self._sums[1:, 1:])

    def of(self, windows: np.ndarray) -> np.ndarray:
        """Returns float64 `[n]`, 0..1; what lies beside the page has no ink.

        Args:
            windows: whole `[x_min, y_min, x_max, y_max]` in pixels, `[n, 4]`, each with an area.
        """
        height, width = self._sums.shape
        limits = [width - 1, height - 1, width - 1, height - 1]
        left, top, right, bottom = np.clip(windows, 0, limits).astype(np.int64).T
        ink = self._sums[bottom, right] - self._sums[top, right]
        ink = ink - self._sums[bottom, left] + self._sums[top, left]
        sides = windows[:, 2:] - windows[:, :2]
        return ink / (sides[:, 0] * sides[:, 1])
