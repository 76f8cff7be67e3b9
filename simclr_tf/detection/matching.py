"""The windows of a reduced page compared with the templates of one level."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from simclr_tf.detection.blur import REACH, blurred
from simclr_tf.detection.templates import LevelTemplates, TemplateGroup
from simclr_tf.detection.windows import InkSums, windows_with_ink

# They and their scores stay within a processor's cache.
_WINDOWS_AT_ONCE = 1024
# Values of the maps of one strip of the page, one for each class.
_MAP_VALUES = 1 << 23
# What a strip needs beside the maps, counted as so many of them: sums of ink in float64.
_OTHER_MAPS = 8
# A window with less than this share of the template's energy cannot be it, whatever the noise.
_LEAST_ENERGY = 0.1


class Matches(NamedTuple):
    """Windows that look like a template, n of them.

    Attributes:
        ys: First row of each, int64 `[n]`.
        xs: First column, int64 `[n]`.
        rows: Row of the template in its level, int64 `[n]`.
        similarities: Correlation with it, float32 `[n]`.
    """

    ys: np.ndarray
    xs: np.ndarray
    rows: np.ndarray
    similarities: np.ndarray

    def of(self, rows: np.ndarray) -> Matches:
        """Returns some of them."""
        return Matches(*(values[rows] for values in self))


class _Strip(NamedTuple):
    """Some rows of a page: blurred ink, and sums of ink, of blurred ink and of its squares."""

    inked: np.ndarray
    ink: InkSums
    first: InkSums
    second: InkSums


class LevelMatcher:
    """Correlates the windows of a reduced page with templates.

    Args:
        reduced: Ink, uint8 `[H, W]`, with room for the largest template on the right and below.
        level: The templates.
        least_similarity: Correlation below which a window is left out.
        least_ink: Share of the template's ink below which a window is not looked at.
    """

    def __init__(
        self,
        reduced: np.ndarray,
        level: LevelTemplates,
        least_similarity: float,
        least_ink: float,
    ) -> None:
        self._reduced, self._level = reduced, level
        self._least_similarity, self._least_ink = least_similarity, least_ink
        labels = [template.label for template in level.templates]
        self._class_of = np.unique(labels, return_inverse=True)[1].reshape(-1)
        self._window = level.shapes.max(axis=0)

    def peaks(self) -> Iterator[Matches]:
        """Gives the best template of each class at the windows that no neighbour surpasses."""
        height, width = (np.array(self._reduced.shape) - self._window).tolist()
        maps = int(self._class_of.max()) + 1 + _OTHER_MAPS
        step = max(8, _MAP_VALUES // (maps * max(width, 1)))
        # Strips share two rows, since the neighbours of the first and the last one lie outside.
        for top in range(0, height - 1, step):
            rows = min(step + 2, height - top)
            matches = self._strongest(self._matches(self._strip(top, rows), rows, width), rows)
            yield matches._replace(ys=matches.ys + top)

    def _strip(self, top: int, rows: int) -> _Strip:
        stop, above = top + rows + int(self._window[0]) - 1, min(top, REACH)
        inked = blurred(self._reduced[top - above : stop + REACH])
        inked = np.ascontiguousarray(inked[above : above + stop - top])
        return _Strip(inked, InkSums(self._reduced[top:stop]), InkSums(inked), InkSums(inked**2))

    def _matches(self, strip: _Strip, rows: int, width: int) -> Matches:
        none = np.zeros(0, np.int64)
        found = [Matches(none, none, none, np.zeros(0, np.float32))]
        for group in self._level.groups:
            found += self._of_group(strip, group, rows, width)
        return Matches(*(np.concatenate(values) for values in zip(*found, strict=True)))

    def _of_group(
        self, strip: _Strip, group: TemplateGroup, rows: int, width: int
    ) -> Iterator[Matches]:
        shapes = self._level.shapes[group.rows]
        starts = np.flatnonzero(np.diff(shapes, axis=0, prepend=0).any(axis=1)).tolist()
        runs = [slice(*bounds) for bounds in zip(starts, [*starts[1:], len(shapes)], strict=True)]
        has_ink = [self._has_ink(strip, group.rows[run])[:rows, :width] for run in runs]
        ys, xs = np.nonzero(np.logical_or.reduce(has_ink))
        windows = np.lib.stride_tricks.sliding_window_view(strip.inked, (group.height, group.width))
        for start in range(0, len(ys), _WINDOWS_AT_ONCE):
            y, x = ys[start : start + _WINDOWS_AT_ONCE], xs[start : start + _WINDOWS_AT_ONCE]
            scores = group.weights @ windows[y, x].reshape(len(y), -1).T
            for run, wanted in zip(runs, has_ink, strict=True):
                scores[run] *= np.where(
                    wanted[y, x], self._inverse_norms(strip, group.rows[run], y, x), 0
                )
            of, at = np.nonzero(scores >= self._least_similarity)
            yield Matches(y[at], x[at], group.rows[of], scores[of, at])

    def _has_ink(self, strip: _Strip, rows: np.ndarray) -> np.ndarray:
        """Returns which windows may be one of these templates of one shape, bool."""
        height, width = self._level.shapes[rows[0]].tolist()
        share = self._least_ink * float(self._level.ink_shares[rows].min())
        return windows_with_ink(strip.ink, height, width, share)

    def _inverse_norms(
        self, strip: _Strip, rows: np.ndarray, ys: np.ndarray, xs: np.ndarray
    ) -> np.ndarray:
        """Returns one over the norm of windows for templates of one shape, float32 `[n]`."""
        height, width = self._level.shapes[rows[0]].tolist()
        energy = strip.second.at(ys, xs, height, width)
        energy -= strip.first.at(ys, xs, height, width) ** 2 / (height * width)
        least = _LEAST_ENERGY * float(self._level.energies[rows].min())
        return (1 / np.sqrt(np.maximum(energy, max(least, 1e-6)))).astype(np.float32)

    def _strongest(self, found: Matches, rows: int) -> Matches:
        """Returns the best match of each class and window that has no better neighbour."""
        # A column that no window has keeps the ends of neighbouring rows apart.
        stride = int(self._reduced.shape[1] - self._window[1]) + 1
        best = np.full((int(self._class_of.max()) + 1) * rows * stride, -1, np.float32)
        keys = (self._class_of[found.rows] * rows + found.ys) * stride + found.xs
        np.maximum.at(best, keys, found.similarities)
        kept = np.flatnonzero(
            (found.ys > 0) & (found.ys < rows - 1) & (found.similarities == best[keys])
        )
        for down in (-stride, 0, stride):
            for across in (-1, 0, 1):
                kept = kept[best[keys[kept] + down + across] <= found.similarities[kept]]
        # Of equally good templates, the first one.
        kept = kept[np.argsort(found.rows[kept], kind="stable")]
        return found.of(kept[np.unique(keys[kept], return_index=True)[1]])
