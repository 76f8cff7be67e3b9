"""Where on a page the templates fit: every window with ink, compared with every template."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
from PIL import Image
from scipy import ndimage

from simclr_tf.detection.blur import blurred
from simclr_tf.detection.templates import LevelTemplates
from simclr_tf.detection.windows import InkSums, windows_with_ink

_WINDOWS_AT_ONCE = 4096
# Values of the maps of one strip of the page, one for each class and shape of template.
_MAP_VALUES = 1 << 23
# How far the blur reaches, pixels.
_BLUR_REACH = 3
# A window with less than this share of the template's energy cannot be it, whatever the noise.
_LEAST_ENERGY = 0.1


@dataclasses.dataclass(frozen=True, eq=False)
class Places:
    """Windows that look like a template; n of them.

    Args:
        centres: x and y of their centres in pixels of the page, float64 `[n, 2]`.
        levels: Level of each one's template, int64 `[n]`.
        rows: Row of the template in its level, int64 `[n]`.
        labels: Class of the template, int64 `[n]`.
        similarities: Correlation with it, float32 `[n]`.
    """

    centres: np.ndarray
    levels: np.ndarray
    rows: np.ndarray
    labels: np.ndarray
    similarities: np.ndarray

    def of(self, rows: np.ndarray) -> Places:
        """Returns some of them."""
        return Places(*(getattr(self, field.name)[rows] for field in dataclasses.fields(self)))


def search_page(
    ink: np.ndarray,
    levels: list[LevelTemplates],
    *,
    least_similarity: float,
    least_ink: float,
    places_per_class: int,
) -> Places:
    """Returns the windows of a page that look most like each class.

    Every window with at least `least_ink` times the ink of a template is compared with it: the
    embedding of a window is its blurred ink, of mean 0 and norm 1, and the nearest example is
    found by a matrix product. Of neighbouring windows of one size, only the best is returned.

    Args:
        ink: See `ink_map`, uint8 `[H, W]`.
        levels: See `build_templates`.
        least_similarity: Correlation below which a window is left out.
        least_ink: Share of the template's ink below which a window is not looked at.
        places_per_class: So many of each class, those of the highest correlation.
    """
    found = [
        _search_level(ink, number, level, least_similarity, least_ink)
        for number, level in enumerate(levels)
    ]
    places = Places(
        *(
            np.concatenate([getattr(part, field.name) for part in found])
            for field in dataclasses.fields(Places)
        )
    )
    order = np.argsort(-places.similarities, kind="stable")
    kept = [order[places.labels[order] == label][:places_per_class]
            for label in np.unique(places.labels)]  # fmt: skip
    return places.of(np.concatenate([np.zeros(0, np.int64), *kept]))


def _search_level(
    ink: np.ndarray, number: int, level: LevelTemplates, least_similarity: float, least_ink: float
) -> Places:
    height, width = (max(1, round(side * level.factor)) for side in ink.shape)
    reduced = np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BILINEAR))
    window = level.weights.shape[1:]
    # Room for windows whose template is smaller than the largest one, at the edges.
    padded = np.pad(reduced, [(2, window[0]), (2, window[1])])
    matcher = _Matcher(padded, level, least_ink)
    labels = np.array([template.label for template in level.templates])
    starts = np.flatnonzero(np.diff(labels, prepend=-1))
    parts = []
    for top, best, which in matcher.strips(starts):
        peaks = best == ndimage.maximum_filter(best, size=(1, 3, 3), mode="constant", cval=-1)
        peaks &= best >= least_similarity
        # The first and last rows belong to the neighbouring strips.
        peaks[:, 0], peaks[:, -1] = False, False
        classes, ys, xs = np.nonzero(peaks)
        parts.append(
            np.stack([ys + top, xs, which[classes, ys, xs], best[classes, ys, xs]], axis=1)
        )
    found = np.concatenate([np.zeros((0, 4)), *parts])
    rows = found[:, 2].astype(np.int64)
    scale = np.array([ink.shape[1] / width, ink.shape[0] / height])
    corners = found[:, [1, 0]] - 2
    return Places(
        centres=(corners + level.shapes[rows][:, ::-1] / 2) * scale,
        levels=np.full(len(rows), number, np.int64),
        rows=rows,
        labels=labels[rows],
        similarities=found[:, 3].astype(np.float32),
    )


class _Matcher:
    """Correlates the windows of a reduced page with templates.

    Args:
        reduced: Ink, uint8 `[H, W]`.
        level: The templates.
        least_ink: See `search_page`.
    """

    def __init__(self, reduced: np.ndarray, level: LevelTemplates, least_ink: float) -> None:
        self._level, self._least_ink = level, least_ink
        self._reduced = reduced
        self._weights = level.weights.reshape(len(level.weights), -1).T.copy()
        self._shapes, self._shape_of = np.unique(level.shapes, axis=0, return_inverse=True)
        self._shape_of = self._shape_of.reshape(-1)

    def strips(self, starts: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Gives strips of the page that share two rows with the next.

        Args:
            starts: First template of each of the C classes, int64 `[C]`.

        Yields:
            The strip's first row; the best correlation of each class at every window, float32
            `[C, rows, columns]`, -1 where none was computed; and its template, int32 likewise.
        """
        window = self._level.weights.shape[1:]
        height, width = (
            side - part for side, part in zip(self._reduced.shape, window, strict=True)
        )
        maps = len(starts) + len(self._shapes)
        step = max(8, _MAP_VALUES // (maps * max(width, 1)))
        for top in range(0, height - 1, step):
            rows = min(step + 2, height - top)
            best = np.full((len(starts), rows, width), -1, np.float32)
            which = np.zeros(best.shape, np.int32)
            self._fill(top, starts, best, which)
            yield top, best, which

    def _fill(self, top: int, starts: np.ndarray, best: np.ndarray, which: np.ndarray) -> None:
        window = self._level.weights.shape[1:]
        rows, width = best.shape[1:]
        part = slice(top, top + rows + window[0] - 1)
        inked = self._blurred(part)
        wanted, norms = self._norms(self._reduced[part], inked, rows, width)
        ys, xs = np.nonzero(wanted)
        views = np.lib.stride_tricks.sliding_window_view(inked, window)
        bounds = [*starts.tolist(), self._weights.shape[1]]
        for start in range(0, len(ys), _WINDOWS_AT_ONCE):
            y, x = ys[start : start + _WINDOWS_AT_ONCE], xs[start : start + _WINDOWS_AT_ONCE]
            scores = views[y, x].reshape(len(y), -1) @ self._weights
            scores *= norms[:, y, x].T[:, self._shape_of]
            for row, (first, last) in enumerate(zip(bounds, bounds[1:], strict=False)):
                place = scores[:, first:last].argmax(axis=1)
                which[row, y, x] = first + place
                best[row, y, x] = scores[np.arange(len(y)), first + place]

    def _blurred(self, part: slice) -> np.ndarray:
        above = min(part.start, _BLUR_REACH)
        wider = blurred(self._reduced[part.start - above : part.stop + _BLUR_REACH])
        return wider[above : above + part.stop - part.start]

    def _norms(
        self, reduced: np.ndarray, inked: np.ndarray, rows: int, width: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns which windows have ink, and one over the norm for each shape of template."""
        ink, first, second = InkSums(reduced), InkSums(inked), InkSums(inked**2)
        norms = np.zeros((len(self._shapes), rows, width), np.float32)
        for row, (height, across) in enumerate(self._shapes.tolist()):
            mine = self._shape_of == row
            share = self._least_ink * float(self._level.ink_shares[mine].min())
            wanted = windows_with_ink(ink, height, across, share)[:rows, :width]
            energy = second.of_windows(height, across)[:rows, :width]
            energy = energy - first.of_windows(height, across)[:rows, :width] ** 2 / (
                height * across
            )
            least = _LEAST_ENERGY * float(self._level.energies[mine].min())
            norms[row] = np.where(wanted, 1 / np.sqrt(np.maximum(energy, max(least, 1e-6))), 0)
        return np.asarray((norms > 0).any(axis=0)), norms
