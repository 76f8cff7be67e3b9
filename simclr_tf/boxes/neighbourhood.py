"""Which boxes overlap which, looked up among the boxes that lie near enough."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simclr_tf.boxes.overlap import iou_of_pairs

_PAIRS_AT_ONCE = 1 << 17
_MOST_STRIPS = 256
# Below this threshold the limit on the size of the other box says little.
_LEAST_USEFUL_THRESHOLD = 0.05


class Neighbourhood:
    """Boxes sorted into horizontal strips, and along each strip from left to right.

    Where IoU > t, the shared width exceeds t times the width of either box: the shared height is
    at most either height, and the union at least either area. So beside a box of width w from
    x_min to x_max, the other box is at most w / t wide, and begins between x_min - w (1 / t - t)
    and x_max - t w. The same holds for heights.

    Args:
        boxes: Checked boxes, float64 `[n, 4]`.
        groups: Only boxes of one group are compared, int64 `[n]` from 0.
        iou_threshold: Pairs with a greater intersection over union are looked for, from 0 to 1.
    """

    def __init__(self, boxes: np.ndarray, groups: np.ndarray, iou_threshold: float) -> None:
        self._boxes, self._groups, self._threshold = boxes, groups, iou_threshold
        starts, sides = boxes[:, :2], boxes[:, 2:] - boxes[:, :2]
        widest = sides.max(axis=0, initial=0.0)
        reach = np.broadcast_to(widest, sides.shape)
        if iou_threshold >= _LEAST_USEFUL_THRESHOLD:
            reach = np.minimum(sides * (1 / iou_threshold - iou_threshold), widest)
        rounding = 1e-9 * np.abs(boxes).max(initial=1.0)
        low = starts - reach - rounding
        high = boxes[:, 2:] - iou_threshold * sides + rounding

        self._edges = _strip_edges(starts[:, 1], sides[:, 1])
        self._strips = self._strip_of(low[:, 1]), self._strip_of(high[:, 1])
        from_left = np.sort(starts[:, 0])
        self._ranks = (
            np.searchsorted(from_left, low[:, 0], "left"),
            np.searchsorted(from_left, high[:, 0], "right"),
        )
        keys = self._first_key(groups, self._strip_of(starts[:, 1]))
        keys += np.searchsorted(from_left, starts[:, 0], "left")
        self._order = np.argsort(keys, kind="stable")
        self._keys = keys[self._order]

    def overlapping(
        self, queries: np.ndarray, among: np.ndarray
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Gives the pairs of different boxes that overlap by more than the threshold.

        Args:
            queries: Rows of boxes, int64 `[q]`.
            among: Which boxes may be the other one, bool `[n]`.

        Yields:
            Rows of the query and of the other box of each pair, int64 `[p]` each, in pieces.
        """
        present = among[self._order]
        order, keys = self._order[present], self._keys[present]
        first, last = (strip[queries] for strip in self._strips)
        rows = np.repeat(queries, last - first + 1)
        strips = _runs(first, last - first + 1)
        key = self._first_key(self._groups[rows], strips)
        starts = np.searchsorted(keys, key + self._ranks[0][rows], "left")
        counts = np.searchsorted(keys, key + self._ranks[1][rows], "left") - starts
        rows, starts, counts = (values[counts > 0] for values in (rows, starts, counts))
        ends = np.cumsum(counts)
        place = 0
        while place < len(rows):
            done = ends[place] - counts[place]
            stop = max(place + 1, int(np.searchsorted(ends, done + _PAIRS_AT_ONCE, "right")))
            piece = slice(place, stop)
            mine = np.repeat(rows[piece], counts[piece])
            other = order[_runs(starts[piece], counts[piece])]
            overlap = iou_of_pairs(self._boxes[mine], self._boxes[other]) > self._threshold
            overlap &= mine != other
            yield mine[overlap], other[overlap]
            place = stop

    def _strip_of(self, y: np.ndarray) -> np.ndarray:
        return np.searchsorted(self._edges, y, "right")

    def _first_key(self, groups: np.ndarray, strips: np.ndarray) -> np.ndarray:
        return (groups * (len(self._edges) + 1) + strips) * (len(self._boxes) + 1)


def _strip_edges(tops: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Returns the lines between strips about as high as the boxes."""
    extent = np.ptp(tops) if len(tops) else 0.0
    height = np.median(heights) if len(tops) else 0.0
    # Multiplied, since the quotient of a page's height and almost nothing overflows.
    many = extent >= height * _MOST_STRIPS
    strips = 1 if height == 0 else _MOST_STRIPS if many else int(extent / height)
    return np.linspace(tops.min(), tops.max(), strips + 1)[1:-1] if strips > 1 else np.zeros(0)


def _runs(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Returns `start, start + 1, ...` of every run, one after another."""
    before = np.cumsum(counts) - counts
    return np.arange(counts.sum()) + np.repeat(starts - before, counts)
