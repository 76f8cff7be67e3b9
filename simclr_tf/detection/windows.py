"""Which windows of a page hold enough ink to be looked at."""

from __future__ import annotations

import numpy as np


class InkSums:
    """Sums of ink over windows of any size, in the time of four look-ups each.

    Args:
        ink: Ink of each pixel, `[height, width]`, at least 0.
    """

    def __init__(self, ink: np.ndarray) -> None:
        height, width = ink.shape
        self._sums = np.zeros((height + 1, width + 1), np.float64)
        np.cumsum(ink, axis=0, dtype=np.float64, out=self._sums[1:, 1:])
        np.cumsum(self._sums[1:, 1:], axis=1, out=self._sums[1:, 1:])

    def of_windows(self, height: int, width: int) -> np.ndarray:
        """Returns the sum of every window, `[H - height + 1, W - width + 1]`.

        Row `y` and column `x` are those of the window's first pixel. A window larger than the
        page gives no sums.
        """
        sums = self._sums
        rows, columns = sums.shape[0] - height, sums.shape[1] - width
        if rows <= 0 or columns <= 0:
            return np.zeros((max(rows, 0), max(columns, 0)))
        return (
            sums[height:, width:]
            - sums[:rows, width:]
            - sums[height:, :columns]
            + sums[:rows, :columns]
        )

    def at(self, ys: np.ndarray, xs: np.ndarray, height: int, width: int) -> np.ndarray:
        """Returns the sums of some windows, float64 `[n]`.

        Args:
            ys: First row of each, int64 `[n]`.
            xs: First column of each, int64 `[n]`.
            height: Of the windows in pixels.
            width: Of the windows in pixels.
        """
        sums, row = self._sums.ravel(), self._sums.shape[1]
        upper = ys * row + xs
        lower = upper + height * row
        return sums[lower + width] - sums[upper + width] - sums[lower] + sums[upper]


def windows_with_ink(
    sums: InkSums, height: int, width: int, least_share: float, full: float = 255.0
) -> np.ndarray:
    """Returns which windows hold at least a share of ink; none above it is ever left out.

    The sum over a window is exact (whole numbers below 2^53), so a symbol whose window has the
    share `least_share` or more is always among them.

    Args:
        sums: Of the page.
        height: Of the windows in pixels.
        width: Of the windows in pixels.
        least_share: Ink as a share of a window that is all ink, from 0 to 1.
        full: What a pixel that is all ink counts.

    Returns:
        bool `[H - height + 1, W - width + 1]`, see `InkSums.of_windows`.
    """
    return sums.of_windows(height, width) >= least_share * full * height * width
