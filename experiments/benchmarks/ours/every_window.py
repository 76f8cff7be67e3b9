"""A page searched by encoding every window of its pyramid, as sliding-window detectors do."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from PIL import Image
from scipy import ndimage

from simclr_tf.detection import DetectorSettings, SymbolGallery
from simclr_tf.detection.embedding import MARGIN, CropEncoder
from simclr_tf.detection.search import Places, best_places, joined_places
from simclr_tf.detection.templates import LEVEL_STEP, LevelTemplates
from simclr_tf.evaluation import FeatureExtractor
from simclr_tf.similarity import l2_normalize

_WINDOWS_AT_ONCE = 4096


class EveryWindow:
    """Finds the places of a page whose embeddings are nearest to those of the examples.

    The windows are squares as large as the pyramid's templates with the encoder's margin, at the
    steps of the pyramid, over the whole page. Each is embedded and compared with the examples that
    are about so large at all turns. It takes the place of `search_page`.

    Args:
        encoder: See `SymbolDetector`.
        gallery: The examples.
        settings: Those of the detector.
        image_size: Side of the encoder's pictures in pixels.
        step: Shift between neighbouring windows as a share of their side.
    """

    def __init__(
        self,
        encoder: Any,
        gallery: SymbolGallery,
        settings: DetectorSettings,
        image_size: int,
        step: float,
    ) -> None:
        self._size, self._step = image_size, step
        self._extract = FeatureExtractor(encoder, settings.batch_size, frozen=True)
        angles = [360 * turn / settings.angles for turn in range(settings.angles)]
        turned = [(row, angle) for angle in angles for row in range(len(gallery.examples))]
        self._columns = {key: column for column, key in enumerate(turned)}
        self._references = CropEncoder(encoder, image_size, settings.batch_size).of_examples(
            [gallery.examples[row].turned(angle) for row, angle in turned]
        )

    def __call__(
        self,
        ink: np.ndarray,
        levels: list[LevelTemplates],
        *,
        least_similarity: float,
        least_ink: float,
        places_per_class: int,
    ) -> Places:
        """Returns the windows of the greatest cosines; see `search_page`.

        No window is left out for its ink, nor for its cosine.
        """
        by_size: dict[int, list[tuple[int, int]]] = {}
        for number, level in enumerate(levels):
            for row, template in enumerate(level.templates):
                side = max(template.height, template.width) * (1 + 2 * MARGIN)
                size = round(math.log(side) / math.log(LEVEL_STEP))
                by_size.setdefault(size, []).append((number, row))
        found = [
            self._of_size(ink, LEVEL_STEP**size, levels, keys) for size, keys in by_size.items()
        ]
        return best_places(joined_places(found), places_per_class)

    def _of_size(
        self,
        ink: np.ndarray,
        side: float,
        levels: list[LevelTemplates],
        keys: list[tuple[int, int]],
    ) -> Places:
        templates = [levels[number].templates[row] for number, row in keys]
        columns = [self._columns[one.example, one.angle] for one in templates]
        labels = np.array([one.label for one in templates])
        ys, xs, cosines = self._cosines(ink, side)
        cosines = cosines[..., columns]
        found = []
        for label in np.unique(labels).tolist():
            own = np.flatnonzero(labels == label)
            which = own[cosines[..., own].argmax(axis=-1)]
            best = cosines[..., own].max(axis=-1)
            rows, places = np.nonzero(best == ndimage.maximum_filter(best, 3))
            of = which[rows, places]
            found.append(
                Places(
                    centres=np.stack([xs[places], ys[rows]], axis=1),
                    levels=np.array([keys[one][0] for one in of], np.int64),
                    rows=np.array([keys[one][1] for one in of], np.int64),
                    labels=labels[of],
                    similarities=best[rows, places],
                )
            )
        return joined_places(found)

    def _cosines(self, ink: np.ndarray, side: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns the windows' centres in pixels of the page, and their cosines.

        The page is brought once to the size at which the windows are the encoder's pictures.

        Returns:
            y `[rows]`, x `[columns]` and cosines with all references `[rows, columns, r]`.
        """
        height, width = (max(1, round(length * self._size / side)) for length in ink.shape)
        resized = Image.fromarray(ink).resize((width, height), Image.Resampling.BILINEAR)
        # Windows begin half a window before the page.
        padded = np.pad(255 - np.asarray(resized), self._size // 2, constant_values=255)
        step = max(1, round(self._step * self._size))
        shape = (self._size, self._size)
        windows = np.lib.stride_tricks.sliding_window_view(padded, shape)[::step, ::step]
        rows, columns = windows.shape[:2]
        y, x = np.divmod(np.arange(rows * columns), columns)
        cosines = np.empty((len(y), len(self._references)), np.float32)
        for start in range(0, len(y), _WINDOWS_AT_ONCE):
            part = slice(start, start + _WINDOWS_AT_ONCE)
            pictures = np.repeat(windows[y[part], x[part], ..., None], 3, axis=3)
            cosines[part] = l2_normalize(self._extract(pictures)) @ self._references.T
        centres = (np.arange(count) * step * side / self._size for count in (rows, columns))
        return (*centres, cosines.reshape(rows, columns, -1))
